// Generated from the SBE schema by `npm run codegen`. Do not edit.

/** As in FIXP */
export const FlowType = {
  Recoverable: 0,
  Idempotent: 1,
  Unsequenced: 2,
  None: 3,
} as const;
export type FlowType = (typeof FlowType)[keyof typeof FlowType];
