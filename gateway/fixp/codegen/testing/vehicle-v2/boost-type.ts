// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const BoostType = {
  Turbo: 84,
  Nitrous: 78,
} as const;
export type BoostType = (typeof BoostType)[keyof typeof BoostType];
