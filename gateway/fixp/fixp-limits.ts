/** Bounds of what a client of the binary door can make it keep or do; rates and times that both doors have are in `limits.ts`. */
export interface FixpLimits {
  sessionsMax: number;
  /** A further one takes the place of the account's session that has been without a connection for longest. */
  sessionsOfAccountMax: number;
  /** What a session keeps of its flow, and all sessions together; beyond that each gives up its own oldest messages. */
  flowBytesMax: number;
  allFlowsBytesMax: number;
  /** A session that had no connection for so long is forgotten. */
  unboundMsMax: number;
  keepaliveMsMin: number;
  keepaliveMsMax: number;
  /** Messages that one request may ask for again. */
  retransmitMax: number;
  frameBytesMax: number;
  /** Levels of one MassQuote. */
  quoteEntriesMax: number;
}

export const DEFAULT_FIXP_LIMITS: FixpLimits = {
  sessionsMax: 1_000,
  sessionsOfAccountMax: 8,
  flowBytesMax: 8 * 1024 * 1024,
  allFlowsBytesMax: 1024 * 1024 * 1024,
  unboundMsMax: 86_400_000,
  keepaliveMsMin: 100,
  keepaliveMsMax: 60_000,
  retransmitMax: 5_000,
  frameBytesMax: 16 * 1024,
  quoteEntriesMax: 20,
};
