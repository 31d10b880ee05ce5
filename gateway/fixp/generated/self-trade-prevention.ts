// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const SelfTradePrevention = {
  None: 0,
  CancelTaker: 1,
  CancelMaker: 2,
  CancelBoth: 3,
  Decrement: 4,
} as const;
export type SelfTradePrevention = (typeof SelfTradePrevention)[keyof typeof SelfTradePrevention];
