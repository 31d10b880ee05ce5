// Generated from the SBE schema by `npm run codegen`. Do not edit.

/** What is in the private feed beside orders and fills */
export const AccountEvent = {
  /** Deposit or withdrawal */
  Balance: 1,
  Funding: 2,
  Leverage: 3,
  Liquidation: 4,
  Transfer: 5,
  Insurance: 6,
  MarginMode: 7,
  PositionMargin: 8,
  TriggerOrder: 9,
  ParentOrder: 10,
  Bracket: 11,
  Other: 12,
} as const;
export type AccountEvent = (typeof AccountEvent)[keyof typeof AccountEvent];
