// Generated from the SBE schema by `npm run codegen`. Do not edit.

/** As tag 40 of FIX */
export const OrdType = {
  Market: 49,
  Limit: 50,
  /** A trigger order that waits for a price; only in reports */
  Waiting: 51,
} as const;
export type OrdType = (typeof OrdType)[keyof typeof OrdType];
