// Generated from the SBE schema by `npm run codegen`. Do not edit.

export const SubscriptionAction = {
  Subscribe: 1,
  Unsubscribe: 2,
} as const;
export type SubscriptionAction = (typeof SubscriptionAction)[keyof typeof SubscriptionAction];
