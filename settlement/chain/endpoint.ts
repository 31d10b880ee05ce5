import { type Commitment, Connection } from '@solana/web3.js';
import { EndpointFault } from './endpoint-fault.js';

export interface EndpointOptions {
  /** For people: in the status and in reasons. Never the address, which may hold a key. */
  name: string;
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** Stands in for HTTP; the embedded chain of the same process has one. */
  fetch?: (input: string, init: RequestInit) => Promise<Response>;
  /** Until an answer must be there. */
  timeoutMs?: number;
}

const TIMEOUT_MS = 10_000;
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** Rests after one, two, … faults in a row; doubles up to the longest, which an endpoint may ask to be longer. */
const REST_MS_MIN = 250;
const REST_MS_MAX = 8_000;

/** One node of the chain, and how it has done lately. */
export class Endpoint {
  readonly name: string;
  readonly connection: Connection;
  private readonly nowMs: () => number;
  private faults = 0;
  private restUntilMs = 0;
  lastReason = '';

  constructor(options: EndpointOptions, commitment: Commitment, nowMs: () => number) {
    this.name = options.name;
    this.nowMs = nowMs;
    this.connection = new Connection(options.url, {
      commitment,
      // Waiting for the limit of one endpoint is of no use while another can answer: the pool decides.
      disableRetryOnRateLimit: true,
      fetch: boundedFetch(options) as never,
    });
  }

  get restMs(): number {
    return Math.max(0, this.restUntilMs - this.nowMs());
  }

  get faultsInARow(): number {
    return this.faults;
  }

  noteAnswer(): void {
    this.faults = 0;
    this.restUntilMs = 0;
  }

  noteFault(fault: EndpointFault): void {
    this.lastReason = fault.message;
    this.faults += 1;
    const own = Math.min(REST_MS_MAX, REST_MS_MIN * 2 ** Math.min(20, this.faults - 1));
    this.restUntilMs = this.nowMs() + Math.max(own, fault.restMs);
  }
}

/** `fetch` that ends in time and turns what is no answer into an EndpointFault. */
function boundedFetch(options: EndpointOptions) {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const send = options.fetch ?? ((input: string, init: RequestInit) => fetch(input, init));
  return async (input: string, init: RequestInit): Promise<Response> => {
    // web3.js sets an agent of its own for its `node-fetch`; the platform's `fetch` keeps connections itself.
    const { agent: _agent, ...rest } = init as RequestInit & { agent?: unknown };
    const headers = { ...(rest.headers as Record<string, string>), ...options.headers };
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await untilAborted(send(input, { ...rest, headers, signal }), signal);
      // The body may also never come.
      const text = await untilAborted(response.text(), signal);
      return checked(response, text);
    } catch (error) {
      if (error instanceof EndpointFault) throw error;
      if (signal.aborted) throw new EndpointFault(`no answer within ${timeoutMs} ms`);
      const cause = (error as { cause?: Error }).cause?.message ?? (error as Error).message;
      throw new EndpointFault(`it cannot be reached: ${cause}`);
    }
  };
}

function checked(response: Response, text: string): Response {
  if (response.status === 429) {
    throw new EndpointFault('its limit of requests is reached', retryAfterMs(response));
  }
  if (!response.ok) throw new EndpointFault(`it answers with HTTP status ${response.status}`);
  if (text.length > ANSWER_BYTES_MAX) {
    throw new EndpointFault(`it answers with ${text.length} bytes, more than ${ANSWER_BYTES_MAX}`);
  }
  try {
    JSON.parse(text);
  } catch {
    throw new EndpointFault(`it answers garbage: ${JSON.stringify(text.slice(0, 80))}`);
  }
  return new Response(text, { headers: { 'content-type': 'application/json' } });
}

function retryAfterMs(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(seconds, 300) * 1_000 : 0;
}

/** Some stand-ins for `fetch` do not look at the signal. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}
