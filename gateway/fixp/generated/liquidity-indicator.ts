// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const LiquidityIndicator = {
  Maker: 1,
  Taker: 2,
} as const;
export type LiquidityIndicator = (typeof LiquidityIndicator)[keyof typeof LiquidityIndicator];
