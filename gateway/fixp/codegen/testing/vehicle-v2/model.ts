// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const Model = {
  Small: 83,
  /** More than one fits in */
  Large: 76,
} as const;
export type Model = (typeof Model)[keyof typeof Model];
