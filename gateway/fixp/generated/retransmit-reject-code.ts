// Generated from the SBE schema by `npm run codegen`. Do not edit.

/** As in FIXP */
export const RetransmitRejectCode = {
  /** These numbers are not there, or not any more */
  OutOfRange: 0,
  InvalidSession: 1,
  RequestLimitExceeded: 2,
} as const;
export type RetransmitRejectCode = (typeof RetransmitRejectCode)[keyof typeof RetransmitRejectCode];
