import { describe, expect, it } from 'vitest';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { REFUSALS, refusalOf } from './errors.js';

/** What no request of this door can be answered with: it has no such field, or it is the operator's. */
const NEVER = [
  'collateral_micro_usd_must_not_exceed_limit',
  'message_type_is_unknown',
  'message_is_malformed',
  'market_state_transition_is_not_allowed',
  'market_parameters_are_invalid',
  'market_id_is_already_used',
  'market_id_must_be_within_1_and_limit',
  'accounts_must_be_of_one_family',
  'accounts_must_be_different',
  'sub_account_must_not_have_sub_accounts',
  'sub_account_number_must_be_within_0_and_limit',
  'sub_accounts_must_not_exceed_limit',
  'countdown_ms_must_be_within_0_and_limit',
  'account_limit_reached',
  'market_limit_reached',
  'fee_rate_ppm_must_be_within_limits',
  'fee_tier_must_be_within_0_and_15',
  'public_key_is_already_used',
  'epoch_must_increase',
  'publish_time_must_not_go_back',
  'pricing_parameters_are_invalid',
  'account_is_not_a_liquidator',
  'auction_is_not_open',
  'auction_price_is_beyond_limit',
  'auction_is_of_the_same_account',
  'liquidations_must_not_exceed_limit_a_minute',
  'insurance_micro_usd_must_be_within_0_and_limit',
  'settlement_needs_a_trusted_price',
  'trigger_kind_or_source_is_unknown',
  'oco_order_is_paired_already',
  'margin_tiers_are_invalid',
  'scaled_count_must_be_within_2_and_limit',
  'scaled_range_ticks_must_reach_limit',
  'scaled_distribution_is_unknown',
  'qty_lots_must_give_each_child_order_a_lot',
  'parent_orders_must_not_exceed_limit',
  'twap_slices_must_be_within_2_and_limit',
  'twap_duration_ms_must_be_at_least_limit',
  'twap_duration_ms_must_not_exceed_limit',
  'twap_value_tick_lots_must_not_exceed_limit',
  'bracket_must_have_a_leg',
  'bracket_price_ticks_must_be_within_1_and_limit',
  'take_profit_must_be_on_the_winning_side_of_limit',
  'stop_loss_must_be_on_the_losing_side_of_limit',
  'brackets_must_not_exceed_limit',
];

describe('the table of refusals', () => {
  it('has each reason for which the exchange may refuse a request of this door', () => {
    const missing = Object.keys(REJECT).filter((name) => {
      return REFUSALS[name] === undefined && !NEVER.includes(name);
    });
    expect(missing).toEqual([]);
    expect(NEVER.filter((name) => REFUSALS[name] !== undefined)).toEqual([]);
  });

  it.each([
    ['insufficient_margin', -2019, 'Margin is insufficient.'],
    ['order_is_not_open', -2011, 'Unknown order sent.'],
    ['trigger_price_would_trigger_immediately', -2021, 'Order would immediately trigger.'],
    ['reduce_only_order_would_not_reduce_position', -2022, 'ReduceOnly Order is rejected.'],
    ['price_must_be_multiple_of_tick', -4014, 'Price not increased by tick size.'],
    ['qty_must_be_multiple_of_lot', -4023, 'Quantity not increased by step size.'],
    ['unknown_market', -1121, 'Invalid symbol.'],
    ['open_orders_must_not_exceed_limit', -2025, 'Reach max open order limit.'],
    ['what_nobody_knows', -2010, 'a sentence'],
  ])('says %s as %i', (code, number, message) => {
    const refusal = refusalOf({ code, message: 'a sentence' });
    expect([refusal.code, refusal.message, refusal.status]).toEqual([number, message, 400]);
  });

  it('puts values and limits where Binance has them', () => {
    const problem = (code: string) => ({ code, message: '' });
    const upper = refusalOf(problem('price_ticks_must_not_exceed_upper_band'), '', '55000.0');
    expect(upper.message).toBe("Limit price can't be higher than 55000.0.");
    const leverage = refusalOf(problem('leverage_must_be_within_1_and_limit'), '60', '50');
    expect(leverage.message).toBe('Leverage 60 is not valid.');
    expect(refusalOf(problem('busy')).status).toBe(503);
  });
});
