// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const OrdStatus = {
  Open: 0,
  /** Filled, canceled or expired: reports tell how */
  Closed: 1,
  /** No order of this account has the name, or it was closed long ago */
  Unknown: 2,
  /** The exchange has it under way */
  Pending: 3,
} as const;
export type OrdStatus = (typeof OrdStatus)[keyof typeof OrdStatus];
