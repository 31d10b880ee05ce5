// Generated from the SBE schema by `npm run codegen`. Do not edit.

/** As tag 54 of FIX */
export const Side = {
  Buy: 49,
  Sell: 50,
} as const;
export type Side = (typeof Side)[keyof typeof Side];
