import type { PriceLadder } from './order-flow.js';

/** What a client process is asked to do; the same for the echo server and for the exchange. */
export interface LoadTask {
  port: number;
  subprotocol: string;
  /** One for each connection; none: the server wants no login. */
  logins: { apiKey: string; apiSecret: string; venue: string }[];
  ladder: PriceLadder;
  connections: number;
  warmupMs: number;
  measureMs: number;
  load: { kind: 'closed'; inFlight: number } | { kind: 'open'; ratePerSecond: number };
}

export interface LoadAnswer {
  /** Answers within the measured time. */
  messages: number;
  messagesPerSecond: number;
  /** Requests that were answered by an error, such as the cancel of an order that has traded. */
  errors: number;
  /** Open loop: requests that still had no answer when the time was over. */
  unanswered: number;
  /** Encoded LatencyHistogram. */
  histogram: string;
  error?: string;
}
