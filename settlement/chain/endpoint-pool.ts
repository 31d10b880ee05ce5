import type { Commitment, Connection } from '@solana/web3.js';
import { Endpoint, type EndpointOptions } from './endpoint.js';
import { asEndpointFault, NoEndpointError } from './endpoint-fault.js';
import { sleep } from './sleep.js';

export interface EndpointPoolOptions {
  endpoints: readonly EndpointOptions[];
  /** From where on what the chain says is believed. */
  commitment?: Commitment;
  /** So many endpoints have to say the same where money depends on it; by default two, or one of one. */
  agreement?: number;
  /** While every endpoint rests, a question waits so long before it gives up. */
  patienceMs?: number;
  nowMs?: () => number;
}

export interface EndpointStatus {
  name: string;
  isResting: boolean;
  faultsInARow: number;
  lastReason: string;
}

export interface EndpointAnswer<T> {
  endpoint: string;
  answer: T;
}

const PATIENCE_MS = 5_000;

/**
 * Several nodes of one chain. `ask` takes the first that answers, in the order of the configuration;
 * one that fails rests longer each time. `askAll` is for what no single node is believed.
 */
export class EndpointPool {
  readonly commitment: Commitment;
  readonly agreement: number;
  private readonly endpoints: readonly Endpoint[];
  private readonly patienceMs: number;

  /** Throws a RangeError when there is no endpoint, or fewer than have to agree. */
  constructor(options: EndpointPoolOptions) {
    const { endpoints, commitment = 'finalized', nowMs = Date.now } = options;
    this.commitment = commitment;
    this.agreement = options.agreement ?? Math.min(2, endpoints.length);
    this.patienceMs = options.patienceMs ?? PATIENCE_MS;
    if (endpoints.length === 0) throw new RangeError('endpoints must have at least one entry');
    if (this.agreement < 1 || this.agreement > endpoints.length) {
      throw new RangeError(`agreement is ${this.agreement}; allowed are 1..${endpoints.length}`);
    }
    this.endpoints = endpoints.map((endpoint) => new Endpoint(endpoint, commitment, nowMs));
  }

  get size(): number {
    return this.endpoints.length;
  }

  /** The first answer. Rejects with the answer "no" of a node, or with NoEndpointError. */
  async ask<T>(question: (connection: Connection) => Promise<T>): Promise<T> {
    const reasons = new Map<string, string>();
    for (let leftMs = this.patienceMs; ; ) {
      for (const endpoint of this.endpoints.filter(({ restMs }) => restMs === 0)) {
        const result = await attempt(endpoint, question);
        if ('answer' in result) return result.answer;
        reasons.set(endpoint.name, result.reason);
      }
      const restMs = Math.min(...this.endpoints.map((endpoint) => endpoint.restMs));
      if (restMs > leftMs) break;
      leftMs -= Math.max(1, restMs);
      await sleep(restMs);
    }
    const all = this.endpoints.map(
      ({ name, lastReason }) => `${name}: ${reasons.get(name) ?? lastReason}`,
    );
    throw new NoEndpointError(all);
  }

  /** The answers of all endpoints that do not rest, in the order of the configuration; those that fail are left out. */
  async askAll<T>(question: (connection: Connection) => Promise<T>): Promise<EndpointAnswer<T>[]> {
    const awake = this.endpoints.filter(({ restMs }) => restMs === 0);
    const results = await Promise.allSettled(
      awake.map(async (endpoint) => ({
        endpoint: endpoint.name,
        result: await attempt(endpoint, question),
      })),
    );
    const answers: EndpointAnswer<T>[] = [];
    for (const settled of results) {
      if (settled.status === 'rejected' || !('answer' in settled.value.result)) continue;
      answers.push({ endpoint: settled.value.endpoint, answer: settled.value.result.answer });
    }
    return answers;
  }

  /** Names the chain. Rejects when endpoints are nodes of different ones. */
  async genesisHash(): Promise<string> {
    const first = await this.ask((connection) => connection.getGenesisHash());
    for (const { endpoint, answer } of await this.askAll((one) => one.getGenesisHash())) {
      if (answer === first) continue;
      throw new RangeError(`${endpoint} is a node of chain ${answer}, others of ${first}`);
    }
    return first;
  }

  status(): EndpointStatus[] {
    return this.endpoints.map(({ name, restMs, faultsInARow, lastReason }) => ({
      name,
      isResting: restMs > 0,
      faultsInARow,
      lastReason,
    }));
  }
}

async function attempt<T>(
  endpoint: Endpoint,
  question: (connection: Connection) => Promise<T>,
): Promise<{ answer: T } | { reason: string }> {
  try {
    const answer = await question(endpoint.connection);
    endpoint.noteAnswer();
    return { answer };
  } catch (error) {
    const fault = asEndpointFault(error);
    if (fault === null) {
      endpoint.noteAnswer();
      throw error;
    }
    endpoint.noteFault(fault);
    return { reason: fault.message };
  }
}
