import type { PriceLadder } from './order-mix.js';

/** Who the client is, at all doors. Keys in hexadecimal. */
export interface Login {
  apiKey: string;
  apiSecret: string;
  venue: string;
  publicKey: string;
  seed: string;
}

export type WireName = 'msgpack' | 'sbe' | 'binance';

/** What a client process is asked to do; the same for the echo server and for the exchange. */
export interface LoadTask {
  wire: WireName;
  port: number;
  /** Process of the server, whose processor time is taken. */
  serverPid: number;
  /** One for each connection, in turn; none: the server is an echo and wants no login. */
  logins: Login[];
  /** One for each connection, in turn. */
  ladders: PriceLadder[];
  connections: number;
  warmupMs: number;
  measureMs: number;
  load: { kind: 'closed'; inFlight: number } | OpenLoad;
}

export interface OpenLoad {
  kind: 'open';
  ratePerSecond: number;
  /** What is due goes out in bursts, so many ms apart; absent: at its time, for which the client spins and has a core to itself. */
  burstMs?: number;
}

export interface LoadAnswer {
  /** Answers within the measured time. */
  messages: number;
  messagesPerSecond: number;
  /** Requests that were answered by an error, such as the cancel of an order that has traded. */
  errors: number;
  /** Open loop: requests that still had no answer when the time was over. */
  unanswered: number;
  /** Processor time of the server's threads in the measured time, in µs, the main one first; empty where the system does not tell. */
  serverCpuUs: number[];
  /** The client's own, in µs. */
  clientCpuUs: number;
  /** Encoded LatencyHistogram. */
  histogram: string;
  error?: string;
}
