// Generated from the SBE schema by `npm run codegen`. Do not edit.

/** As tag 59 of FIX */
export const TimeInForce = {
  GoodTillCancel: 49,
  ImmediateOrCancel: 51,
  FillOrKill: 52,
  GoodTillDate: 54,
} as const;
export type TimeInForce = (typeof TimeInForce)[keyof typeof TimeInForce];
