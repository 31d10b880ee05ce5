// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const ProtectionReason = {
  None: 0,
  Volume: 1,
  Delta: 2,
  Count: 3,
} as const;
export type ProtectionReason = (typeof ProtectionReason)[keyof typeof ProtectionReason];
