// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const ManyBits = {
  first: 1,
  last: 9223372036854776000,
} as const;
