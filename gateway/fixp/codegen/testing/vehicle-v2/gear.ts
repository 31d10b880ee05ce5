// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const Gear = {
  Reverse: -1,
  First: 1,
} as const;
export type Gear = (typeof Gear)[keyof typeof Gear];
