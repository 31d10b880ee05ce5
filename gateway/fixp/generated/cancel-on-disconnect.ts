// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const CancelOnDisconnect = {
  No: 0,
  /** All orders of the account are canceled, whatever door they came by */
  AllOrders: 1,
} as const;
export type CancelOnDisconnect = (typeof CancelOnDisconnect)[keyof typeof CancelOnDisconnect];
