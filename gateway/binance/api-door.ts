import type { GatewayLog } from '../gateway.js';
import type { Authentication } from './authentication.js';
import { BinanceError, ERRORS } from './errors.js';
import type { Gatekeeper } from './gatekeeper.js';
import { Parameters } from './parameters.js';
import { answerOf, type Route } from './routes.js';
import type { StreamSocket } from './stream-socket.js';

export interface ApiDoorContext {
  readonly routes: ReadonlyMap<string, Route>;
  readonly gatekeeper: Gatekeeper;
  readonly authentication: Authentication;
  readonly exchangeTimeMs: () => number;
  /** What is queued for sockets outside of an event is sent. */
  readonly flush: () => void;
  readonly log: GatewayLog | undefined;
}

/**
 * Whoever goes on so often although he is told that he is over his limit is cut. What is let in takes back a few of them: a flood always has
 * some messages in it for which there is a token again.
 */
const STRIKES_MAX = 1_000;
const STRIKES_TAKEN_BACK = 10;
const TOO_MANY_REQUESTS = -1003;

type RequestId = string | number | null;

/** The WebSocket API: the requests of REST as messages, and sessions, so that not each needs a signature. */
export class ApiDoor {
  private readonly context: ApiDoorContext;
  private flushArmed = false;

  constructor(context: ApiDoorContext) {
    this.context = context;
  }

  receive(socket: StreamSocket, message: string): void {
    let id: RequestId = null;
    try {
      const request = this.read(socket, message);
      id = request.id;
      const parameters = Parameters.ofObject(request.params);
      const session = SESSIONS[request.method];
      if (session !== undefined) {
        this.context.gatekeeper.charge(socket.origin);
        this.answer(socket, id, this[session](socket, parameters));
        return;
      }
      const result = this.handle(socket, request.method, parameters);
      if (!(result instanceof Promise)) this.answer(socket, id, result);
      else {
        result.then(
          (value) => this.answer(socket, id, value),
          (error) => this.fail(socket, id, error),
        );
      }
    } catch (error) {
      this.fail(socket, id, error);
    }
  }

  /** What cannot be read is nobody's: it is paid by the address. */
  private read(socket: StreamSocket, message: string) {
    try {
      return readRequest(message);
    } catch (error) {
      this.context.gatekeeper.charge(socket.origin);
      throw error;
    }
  }

  private handle(socket: StreamSocket, method: string, parameters: Parameters): unknown {
    const route = this.context.routes.get(method);
    if (route === undefined) {
      this.context.gatekeeper.charge(socket.origin);
      throw new BinanceError(-1000, `Unknown method '${method.slice(0, 40)}'.`);
    }
    const given = parameters.text('apiKey');
    const call = this.context.gatekeeper.admit(route, parameters, {
      apiKey: given ?? (socket.account === 0 ? undefined : ''),
      payloads: () => [parameters.signedText(), parameters.signedEncodedText()],
      // A key in the request stands for itself, whoever has logged in.
      sessionKey: given === undefined || given === socket.apiKey ? socket.apiKey : '',
      origin: socket.origin,
    });
    return answerOf(route, call);
  }

  private logon(socket: StreamSocket, parameters: Parameters): object {
    const apiKey = parameters.must('apiKey');
    const payloads = () => [parameters.signedText(), parameters.signedEncodedText()];
    const { authentication } = this.context;
    const use = { permission: 0, address: socket.origin.address };
    const { account } = authentication.signed(apiKey, parameters, payloads, true, use);
    socket.account = account;
    socket.apiKey = apiKey;
    socket.loggedInAtMs = this.context.exchangeTimeMs();
    return this.status(socket);
  }

  private status(socket: StreamSocket): object {
    const { account, apiKey, loggedInAtMs } = socket;
    return {
      apiKey: account === 0 ? null : apiKey,
      authorizedSince: account === 0 ? null : loggedInAtMs,
      connectedSince: socket.connectedAtMs,
      returnRateLimits: false,
      serverTime: this.context.exchangeTimeMs(),
    };
  }

  private logout(socket: StreamSocket): object {
    socket.account = 0;
    socket.apiKey = '';
    return this.status(socket);
  }

  private answer(socket: StreamSocket, id: RequestId, result: unknown): void {
    socket.strikes = Math.max(0, socket.strikes - STRIKES_TAKEN_BACK);
    socket.queue(JSON.stringify({ id, status: 200, result, rateLimits: [] }));
    this.flushSoon();
  }

  /** Answers that come of one drain of events are resolved one after the other: they go out together. */
  private flushSoon(): void {
    if (this.flushArmed) return;
    this.flushArmed = true;
    queueMicrotask(this.flushNow);
  }

  private readonly flushNow = (): void => {
    this.flushArmed = false;
    this.context.flush();
  };

  private fail(socket: StreamSocket, id: RequestId, error: unknown): void {
    if (!(error instanceof BinanceError)) {
      this.context.log?.error({ err: error }, 'a request of the Binance dialect failed');
    }
    const known =
      error instanceof BinanceError
        ? error
        : new BinanceError(-1000, 'An unknown error occurred while processing the request.', 500);
    socket.queue(JSON.stringify({ id, status: known.status, error: known.body, rateLimits: [] }));
    this.flushSoon();
    if (known.code !== TOO_MANY_REQUESTS) return;
    socket.strikes++;
    if (socket.strikes >= STRIKES_MAX) socket.end(1008, 'too many requests over the limit');
  }
}

const SESSIONS: Readonly<Record<string, 'logon' | 'status' | 'logout'>> = Object.assign(
  Object.create(null),
  { 'session.logon': 'logon', 'session.status': 'status', 'session.logout': 'logout' },
);

function readRequest(message: string): { id: RequestId; method: string; params: unknown } {
  let request: unknown;
  try {
    request = JSON.parse(message);
  } catch {
    throw new BinanceError(-1000, 'The message is not valid JSON.');
  }
  if (typeof request !== 'object' || request === null || Array.isArray(request)) {
    throw new BinanceError(-1000, 'A request must be an object.');
  }
  const { id = null, method, params } = request as Record<string, unknown>;
  const isKnown = id === null || typeof id === 'string' || Number.isSafeInteger(id);
  if (!isKnown || (typeof id === 'string' && id.length > 64)) {
    throw new BinanceError(
      -1102,
      'id must be an integer, a string of at most 64 characters or null.',
    );
  }
  if (typeof method !== 'string') throw ERRORS.noSuchPath();
  return { id: id as RequestId, method, params };
}
