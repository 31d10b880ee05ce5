import {
  CODE_INSUFFICIENT_FREE_COLLATERAL,
  CODE_INSUFFICIENT_MARGIN,
  CODE_ORDER_IS_NOT_OPEN,
  CODE_POSITION_COLLATERAL_MUST_REACH_MINIMUM,
  CODE_POSITION_LOTS_MUST_NOT_EXCEED_LIMIT,
  CODE_POSITION_MUST_BE_OPEN,
  CODE_POST_ONLY_ORDER_WOULD_CROSS,
  CODE_REDUCE_ONLY_ORDER_WOULD_NOT_REDUCE_POSITION,
  CODE_WORST_VALUE_TICK_LOTS_MUST_NOT_EXCEED_LIMIT,
} from '../kernel/reject-codes.js';

/**
 * Why a command was refused. The name is the stable code that clients see, spelled as a sentence; the
 * number travels in EW_CODE and is never reused. Value and limit stand beside it in the event.
 */
export const REJECT = {
  unknown_account: 1,
  unknown_market: 2,
  market_does_not_accept_new_orders: 3,
  market_accepts_only_post_only_orders: 4,
  market_accepts_only_reduce_only_orders: 5,
  market_does_not_accept_cancels: 6,
  price_ticks_must_be_within_1_and_limit: 7,
  qty_lots_must_be_within_1_and_limit: 8,
  notional_micro_usd_must_reach_minimum: 9,
  worst_value_tick_lots_must_not_exceed_limit: CODE_WORST_VALUE_TICK_LOTS_MUST_NOT_EXCEED_LIMIT,
  price_ticks_must_not_exceed_upper_band: 11,
  price_ticks_must_not_be_below_lower_band: 12,
  post_only_order_would_cross: CODE_POST_ONLY_ORDER_WOULD_CROSS,
  reduce_only_order_would_not_reduce_position: CODE_REDUCE_ONLY_ORDER_WOULD_NOT_REDUCE_POSITION,
  order_is_not_open: CODE_ORDER_IS_NOT_OPEN,
  insufficient_margin: CODE_INSUFFICIENT_MARGIN,
  market_has_no_mark_price: 17,
  receive_window_has_passed: 18,
  expiry_time_must_be_in_the_future: 19,
  flags_are_contradictory: 20,
  open_orders_must_not_exceed_limit: 21,
  amount_micro_usd_must_be_within_1_and_limit: 22,
  collateral_micro_usd_must_not_exceed_limit: 23,
  insufficient_free_collateral: CODE_INSUFFICIENT_FREE_COLLATERAL,
  message_type_is_unknown: 25,
  message_is_malformed: 26,
  market_state_transition_is_not_allowed: 27,
  market_parameters_are_invalid: 28,
  market_id_is_already_used: 29,
  account_limit_reached: 30,
  market_limit_reached: 31,
  fee_rate_ppm_must_be_within_limits: 32,
  fee_tier_must_be_within_0_and_15: 33,
  client_order_id_is_malformed: 34,
  public_key_is_already_used: 35,
  epoch_must_increase: 36,
  amend_must_change_something: 37,
  publish_time_must_not_go_back: 38,
  pricing_parameters_are_invalid: 39,
  account_is_being_liquidated: 40,
  account_is_not_a_liquidator: 41,
  auction_is_not_open: 42,
  auction_price_is_beyond_limit: 43,
  auction_is_of_the_same_account: 44,
  liquidations_must_not_exceed_limit_a_minute: 45,
  insurance_micro_usd_must_be_within_0_and_limit: 46,
  settlement_needs_a_trusted_price: 47,
  trigger_kind_or_source_is_unknown: 60,
  trigger_price_ticks_must_be_within_1_and_limit: 61,
  trigger_price_would_trigger_immediately: 62,
  waiting_trigger_orders_must_not_exceed_limit: 63,
  trailing_distance_must_be_given_once: 64,
  trailing_distance_must_be_within_1_and_limit: 65,
  price_source_has_no_price_yet: 66,
  oco_order_is_paired_already: 67,
  qty_must_be_absent_when_position_is_closed: 68,
  margin_tiers_are_invalid: 70,
  position_lots_must_not_exceed_limit: CODE_POSITION_LOTS_MUST_NOT_EXCEED_LIMIT,
  open_interest_lots_must_not_exceed_limit: 72,
  leverage_must_be_within_1_and_limit: 73,
  position_collateral_micro_usd_must_reach_minimum: CODE_POSITION_COLLATERAL_MUST_REACH_MINIMUM,
  margin_mode_is_unknown: 101,
  margin_mode_may_change_only_without_position_and_orders: 102,
  position_margin_is_not_isolated: 103,
  position_must_be_open: CODE_POSITION_MUST_BE_OPEN,
  position_is_being_liquidated: 105,
  position_collateral_must_not_be_negative: 106,
} as const;

export type RejectName = keyof typeof REJECT;
export type RejectCode = (typeof REJECT)[RejectName];

const NAMES = new Map<number, RejectName>(
  (Object.entries(REJECT) as [RejectName, number][]).map(([name, code]) => [code, name]),
);

/** Name of a code; a number that no release issued is shown as it is. */
export function rejectName(code: number): string {
  return NAMES.get(code) ?? `unknown_code_${code}`;
}
