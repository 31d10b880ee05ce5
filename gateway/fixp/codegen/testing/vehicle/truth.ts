// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const Truth = {
  No: 0,
  Yes: 1,
} as const;
export type Truth = (typeof Truth)[keyof typeof Truth];
