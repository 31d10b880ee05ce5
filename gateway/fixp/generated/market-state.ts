// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const MarketState = {
  Initializing: 0,
  Open: 1,
  PostOnly: 2,
  CancelOnly: 3,
  ReduceOnly: 4,
  Halted: 5,
  Settling: 6,
  Closed: 7,
} as const;
export type MarketState = (typeof MarketState)[keyof typeof MarketState];
