// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const CancelReason = {
  None: 0,
  User: 1,
  IocRemainder: 2,
  FokUnfillable: 3,
  SelfTrade: 4,
  Expired: 5,
  ReduceOnly: 6,
  MassCancel: 7,
  Replaced: 8,
  MarketState: 9,
  NoLiquidity: 10,
  Oco: 11,
  PositionClosed: 12,
  Liquidation: 13,
} as const;
export type CancelReason = (typeof CancelReason)[keyof typeof CancelReason];
