// Generated from the SBE schema by `npm run codegen`. Do not edit.

/** 0 to 3 as in FIXP */
export const TerminationCode = {
  Finished: 0,
  UnspecifiedError: 1,
  ReRequestOutOfBounds: 2,
  ReRequestInProgress: 3,
  /** Framing, header or message could not be read */
  DecodingError: 4,
  /** Not in this state, or not from a client */
  UnexpectedMessage: 5,
  InvalidSession: 6,
  SequenceTooLow: 7,
  KeepaliveLapsed: 8,
  /** Not established in time */
  Timeout: 9,
  TooManyViolations: 10,
  SlowConsumer: 11,
  /** The exchange stops: establish again */
  GoingAway: 12,
  MessageTooLarge: 13,
  FloodingConsumer: 14,
} as const;
export type TerminationCode = (typeof TerminationCode)[keyof typeof TerminationCode];
