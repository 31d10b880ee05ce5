import { REJECT } from '../../engine/messages/reject-codes.js';

/**
 * Numbers of refusals by the door itself, which the exchange has never seen; those of the exchange are below 1,000
 * (`engine/messages/reject-codes.ts`). Never used again.
 */
export const DOOR_CODES = {
  busy: 1001,
  rate_limited: 1002,
  template_is_unknown: 1003,
  field_is_missing: 1004,
  value_is_not_allowed: 1005,
  integer_must_be_within_limits: 1006,
  order_must_be_named_once: 1007,
  quote_entries_must_be_within_1_and_limit: 1008,
  quotes_are_held_back_by_protection: 1009,
  not_subscribed: 1010,
  already_subscribed: 1011,
  order_to_trade_ratio_exceeded: 1012,
} as const;

/** The number of a code that door and exchange name alike. */
export function doorCodeOf(name: string): number {
  const own = (DOOR_CODES as Record<string, number>)[name];
  return own ?? (REJECT as Record<string, number>)[name] ?? DOOR_CODES.value_is_not_allowed;
}
