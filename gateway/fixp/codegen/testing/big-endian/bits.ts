// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const Bits = {
  first: 1,
  ninth: 256,
  last: 32768,
} as const;
