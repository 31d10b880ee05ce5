// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const WideExtras = {
  low: 4,
  high: 2147483648,
} as const;
