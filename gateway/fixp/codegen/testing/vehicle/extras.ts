// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const Extras = {
  roof: 1,
  hook: 2,
  radio: 128,
} as const;
