// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const ProtectionAction = {
  /** Sets the limits, and lets quotes in again */
  Set: 1,
  /** Lets quotes in again */
  Reset: 2,
  Remove: 3,
} as const;
export type ProtectionAction = (typeof ProtectionAction)[keyof typeof ProtectionAction];
