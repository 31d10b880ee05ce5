import { rejectName } from '../../engine/messages/reject-codes.js';
import { formatScaled } from '../codec/decimal-text.js';
import { type Market, priceText, qtyText } from '../markets.js';

/** What kind of number value and limit of a rejection are. */
type Unit = 'price' | 'qty' | 'money' | 'value' | 'number' | 'none';

interface Wording {
  readonly unit: Unit;
  /** VALUE and LIMIT stand for the numbers, MARKET for the symbol. */
  readonly sentence: string;
}

const WORDINGS: Readonly<Record<string, Wording>> = {
  unknown_account: { unit: 'none', sentence: 'the account does not exist' },
  unknown_market: { unit: 'none', sentence: 'the market does not exist' },
  market_does_not_accept_new_orders: {
    unit: 'none',
    sentence: 'MARKET accepts no new orders in its present state',
  },
  market_accepts_only_post_only_orders: {
    unit: 'none',
    sentence: 'MARKET accepts only orders with postOnly in its present state',
  },
  market_accepts_only_reduce_only_orders: {
    unit: 'none',
    sentence: 'MARKET accepts only orders with reduceOnly in its present state',
  },
  market_does_not_accept_cancels: {
    unit: 'none',
    sentence: 'MARKET accepts no cancels in its present state',
  },
  price_ticks_must_be_within_1_and_limit: {
    unit: 'price',
    sentence: 'price must be at most LIMIT, but is VALUE',
  },
  qty_lots_must_be_within_1_and_limit: {
    unit: 'qty',
    sentence: 'qty must be at most LIMIT, but is VALUE',
  },
  notional_micro_usd_must_reach_minimum: {
    unit: 'money',
    sentence: 'price × qty must be at least LIMIT, but is VALUE',
  },
  worst_value_tick_lots_must_not_exceed_limit: {
    unit: 'value',
    sentence: 'position and open orders must be worth at most LIMIT, but would be VALUE',
  },
  price_ticks_must_not_exceed_upper_band: {
    unit: 'price',
    sentence: 'price of a buy must be at most LIMIT, the upper price band, but is VALUE',
  },
  price_ticks_must_not_be_below_lower_band: {
    unit: 'price',
    sentence: 'price of a sell must be at least LIMIT, the lower price band, but is VALUE',
  },
  post_only_order_would_cross: {
    unit: 'price',
    sentence: 'a post-only order at VALUE would trade with the best opposite price LIMIT',
  },
  reduce_only_order_would_not_reduce_position: {
    unit: 'qty',
    sentence: 'qty VALUE of a reduce-only order would not reduce the position; LIMIT can be closed',
  },
  order_is_not_open: {
    unit: 'number',
    sentence: 'the named order is not open, or belongs to another account',
  },
  insufficient_margin: {
    unit: 'money',
    sentence: 'VALUE of free collateral is needed, but the account has LIMIT',
  },
  market_has_no_mark_price: {
    unit: 'none',
    sentence: 'MARKET has no mark price yet, so no margin can be computed',
  },
  receive_window_has_passed: {
    unit: 'number',
    sentence: 'the deadline VALUE has passed: the exchange time is LIMIT',
  },
  expiry_time_must_be_in_the_future: {
    unit: 'number',
    sentence: 'expiresAt must be later than the exchange time LIMIT, but is VALUE',
  },
  flags_are_contradictory: { unit: 'none', sentence: 'flags of the order contradict each other' },
  open_orders_must_not_exceed_limit: {
    unit: 'number',
    sentence: 'open orders in this market must be at most LIMIT, but would be VALUE',
  },
  position_lots_must_not_exceed_limit: {
    unit: 'qty',
    sentence: 'position with open orders must be at most LIMIT in MARKET, but would be VALUE',
  },
  open_interest_lots_must_not_exceed_limit: {
    unit: 'qty',
    sentence: 'open interest of MARKET must be at most LIMIT, but could become VALUE',
  },
  market_id_must_be_within_1_and_limit: {
    unit: 'number',
    sentence: 'marketId must be from 1 to LIMIT, but is VALUE',
  },
  countdown_ms_must_be_within_0_and_limit: {
    unit: 'number',
    sentence: 'timeout must be a whole number of milliseconds from 0 to LIMIT, but is VALUE',
  },
  leverage_must_be_within_1_and_limit: {
    unit: 'number',
    sentence: 'leverage must be a whole number from 1 to LIMIT, but is VALUE',
  },
  position_collateral_micro_usd_must_reach_minimum: {
    unit: 'money',
    sentence: 'equity of the isolated position in MARKET must be at least LIMIT, but is VALUE',
  },
  margin_mode_is_unknown: { unit: 'none', sentence: 'marginMode must be cross or isolated' },
  margin_mode_may_change_only_without_position_and_orders: {
    unit: 'qty',
    sentence:
      'the margin mode may change only without position and open orders in MARKET; the position is VALUE',
  },
  insufficient_free_collateral: {
    unit: 'money',
    sentence:
      'VALUE is more than may leave: LIMIT, above initial margin and a tenth of the notional',
  },
  accounts_must_be_of_one_family: {
    unit: 'none',
    sentence:
      'to must be an account of the same owner: the account itself or one of its sub-accounts',
  },
  accounts_must_be_different: {
    unit: 'none',
    sentence: 'from and to must be two different accounts',
  },
  sub_account_must_not_have_sub_accounts: {
    unit: 'none',
    sentence: 'a sub-account has no sub-accounts of its own',
  },
  sub_account_number_must_be_within_0_and_limit: {
    unit: 'number',
    sentence: 'number must be at most LIMIT, the next one, but is VALUE',
  },
  sub_accounts_must_not_exceed_limit: {
    unit: 'number',
    sentence: 'an account must have at most LIMIT sub-accounts, but would have VALUE',
  },
  amount_micro_usd_must_be_within_1_and_limit: {
    unit: 'money',
    sentence:
      'amount must be a number of millionths of a USD within LIMIT and not zero, but is VALUE',
  },
  position_margin_is_not_isolated: {
    unit: 'none',
    sentence: 'margin in MARKET is not isolated, so no collateral can be moved there',
  },
  position_must_be_open: {
    unit: 'none',
    sentence: 'collateral can be added only to an open position, and there is none in MARKET',
  },
  position_is_being_liquidated: {
    unit: 'none',
    sentence:
      'the isolated position in MARKET is being liquidated: only cancels and added collateral are let in',
  },
  position_collateral_must_not_be_negative: {
    unit: 'money',
    sentence:
      'the closed position in MARKET has left VALUE, which must be added before its margin can be cross',
  },
  trigger_kind_or_source_is_unknown: {
    unit: 'number',
    sentence: 'a trigger order cannot be of kind VALUE by price LIMIT',
  },
  trigger_price_ticks_must_be_within_1_and_limit: {
    unit: 'price',
    sentence: 'triggerPrice must be at most LIMIT, but is VALUE',
  },
  trigger_price_would_trigger_immediately: {
    unit: 'price',
    sentence: 'triggerPrice VALUE would trigger at once: the price is LIMIT',
  },
  waiting_trigger_orders_must_not_exceed_limit: {
    unit: 'number',
    sentence: 'waiting trigger orders in this market must be at most LIMIT, but would be VALUE',
  },
  trailing_distance_must_be_given_once: {
    unit: 'none',
    sentence:
      'a trailing stop has either trailingAmount or trailingRate, other orders have neither',
  },
  trailing_distance_must_be_within_1_and_limit: {
    unit: 'number',
    sentence: 'the trailing distance must be from 1 to LIMIT, but is VALUE',
  },
  price_source_has_no_price_yet: {
    unit: 'none',
    sentence: 'MARKET has no price of that source yet, so nothing can be trailed',
  },
  oco_order_is_paired_already: {
    unit: 'number',
    sentence: 'order VALUE is paired with order LIMIT already',
  },
  qty_must_be_absent_when_position_is_closed: {
    unit: 'qty',
    sentence: 'qty must be absent when closePosition is true, but is VALUE',
  },
  scaled_count_must_be_within_2_and_limit: {
    unit: 'number',
    sentence: 'count of a scaled order must be from 2 to LIMIT, but is VALUE',
  },
  scaled_range_ticks_must_reach_limit: {
    unit: 'number',
    sentence: 'price and lastPrice must be at least LIMIT ticks apart, but are VALUE',
  },
  scaled_distribution_is_unknown: {
    unit: 'number',
    sentence: 'distribution must be one of equal, rising and falling, but is VALUE',
  },
  qty_lots_must_give_each_child_order_a_lot: {
    unit: 'qty',
    sentence: 'qty must be at least LIMIT, a lot for each of its orders, but is VALUE',
  },
  parent_orders_must_not_exceed_limit: {
    unit: 'number',
    sentence: 'scaled orders and TWAPs in this market must be at most LIMIT, but would be VALUE',
  },
  twap_slices_must_be_within_2_and_limit: {
    unit: 'number',
    sentence: 'slices of a TWAP must be from 2 to LIMIT, but are VALUE',
  },
  twap_duration_ms_must_be_at_least_limit: {
    unit: 'number',
    sentence: 'duration of a TWAP must be at least LIMIT ms, a second for each slice, but is VALUE',
  },
  twap_duration_ms_must_not_exceed_limit: {
    unit: 'number',
    sentence: 'duration of a TWAP must be at most LIMIT ms, but is VALUE',
  },
  twap_value_tick_lots_must_not_exceed_limit: {
    unit: 'value',
    sentence:
      'qty of a TWAP at the highest price of MARKET must be worth at most LIMIT, but is VALUE',
  },
  bracket_must_have_a_leg: {
    unit: 'none',
    sentence: 'takeProfitPrice or stopLossPrice must be present',
  },
  bracket_price_ticks_must_be_within_1_and_limit: {
    unit: 'price',
    sentence: 'prices of takeProfit and stopLoss must be at most LIMIT, but one is VALUE',
  },
  take_profit_must_be_on_the_winning_side_of_limit: {
    unit: 'price',
    sentence: 'takeProfitPrice VALUE would be no profit for an order at LIMIT',
  },
  stop_loss_must_be_on_the_losing_side_of_limit: {
    unit: 'price',
    sentence: 'stopLossPrice VALUE would be no loss for an order at LIMIT',
  },
  brackets_must_not_exceed_limit: {
    unit: 'number',
    sentence:
      'orders with takeProfit or stopLoss in this market must be at most LIMIT, but would be VALUE',
  },
  account_is_being_liquidated: {
    unit: 'none',
    sentence: 'the account is being liquidated: until it has ended it may only cancel',
  },
  account_is_not_a_liquidator: {
    unit: 'number',
    sentence: 'account VALUE is not registered as a liquidator, so it may not take positions over',
  },
  auction_is_not_open: {
    unit: 'number',
    sentence: 'auction VALUE with this side is not open in MARKET',
  },
  auction_price_is_beyond_limit: {
    unit: 'price',
    sentence: 'the auction is at LIMIT, which is beyond the price VALUE of the take-over',
  },
  auction_is_of_the_same_account: {
    unit: 'number',
    sentence: 'auction VALUE is of this account, which may not take over from itself',
  },
  liquidations_must_not_exceed_limit_a_minute: {
    unit: 'qty',
    sentence: 'liquidations of MARKET may close LIMIT more in this minute, but VALUE was asked for',
  },
  message_type_is_unknown: { unit: 'none', sentence: 'the type of the message is unknown' },
  message_is_malformed: { unit: 'none', sentence: 'the message is malformed' },
  client_order_id_is_malformed: { unit: 'none', sentence: 'clientOrderId is malformed' },
  amend_must_change_something: {
    unit: 'none',
    sentence: 'amend must change the price, the quantity or both',
  },
};

/** A rejection as clients see it. */
export interface Rejection {
  readonly code: string;
  readonly message: string;
}

/** A wording made ready: orders that are not open any more are refused by the thousand a second. */
interface ReadyWording {
  readonly code: string;
  readonly wording: Wording | undefined;
  /** Where the sentence is always the same; null: it has to be made. */
  readonly always: Rejection | null;
}

const PLACEHOLDER = /MARKET|VALUE|LIMIT/g;
const readyByNumber: ReadyWording[] = [];

/** A rejection by the shard as code and sentence. */
export function rejectionOf(
  codeNumber: number,
  value: number,
  limit: number,
  market: Market | undefined,
): Rejection {
  const { code, wording, always } = readyByNumber[codeNumber] ?? ready(codeNumber);
  if (always !== null) return always;
  if (wording === undefined) return { code, message: plainSentence(code, value, limit) };
  const message = wording.sentence.replace(PLACEHOLDER, (name) => {
    if (name === 'MARKET') return market?.params.symbol ?? 'the market';
    return numberText(name === 'VALUE' ? value : limit, wording.unit, market);
  });
  return { code, message };
}

function ready(codeNumber: number): ReadyWording {
  const code = rejectName(codeNumber);
  const wording = WORDINGS[code];
  const isFixed = wording !== undefined && wording.sentence.search(PLACEHOLDER) < 0;
  const always = isFixed ? Object.freeze({ code, message: wording.sentence }) : null;
  const found = { code, wording, always };
  if (wording !== undefined) readyByNumber[codeNumber] = found;
  return found;
}

/** The same for operators, who are answered by shards and not by markets: prices and quantities are in ticks and lots. */
export function operatorRejectionOf(codeNumber: number, value: number, limit: number): Rejection {
  const code = rejectName(codeNumber);
  const unit = WORDINGS[code]?.unit;
  const needsMarket = unit === 'price' || unit === 'qty' || unit === 'value';
  if (needsMarket) return { code, message: plainSentence(code, value, limit) };
  return rejectionOf(codeNumber, value, limit, undefined);
}

function plainSentence(code: string, value: number, limit: number): string {
  return `${code.replaceAll('_', ' ')} (value ${value}, limit ${limit})`;
}

function numberText(value: number, unit: Unit, market: Market | undefined): string {
  if (unit === 'money') return formatScaled(value, 1, 6);
  if (market !== undefined && unit === 'value') {
    const p = market.params;
    return formatScaled(value, p.tickMantissa * p.lotMantissa, p.tickDecimals + p.lotDecimals);
  }
  if (market !== undefined && unit === 'price') return priceText(market, value);
  if (market !== undefined && unit === 'qty') return qtyText(market, value);
  return String(value);
}
