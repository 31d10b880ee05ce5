// Generated from the SBE schema by `npm run codegen`. Do not edit.

/** As in FIXP */
export const NegotiationRejectCode = {
  Unspecified: 0,
  /** Key unknown, signature wrong, or time out of range */
  Credentials: 1,
  FlowTypeNotSupported: 2,
  /** The session id is taken */
  DuplicateId: 3,
} as const;
export type NegotiationRejectCode = (typeof NegotiationRejectCode)[keyof typeof NegotiationRejectCode];
