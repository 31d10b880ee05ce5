import type { Problem } from '../commands/problem.js';

/** An error as this dialect answers it: Binance's number and words, and the HTTP status that comes with them. */
export class BinanceError extends Error {
  readonly code: number;
  readonly status: number;

  constructor(code: number, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }

  get body(): { code: number; msg: string } {
    return { code: this.code, msg: this.message };
  }
}

const MANDATORY = -1102;

const OVERLOADED = -1008;

/** Nothing was sent, because there was no room. */
export function isOverloaded(error: unknown): boolean {
  return error instanceof BinanceError && error.code === OVERLOADED;
}

/** A parameter that must be there and be readable. */
export function missing(name: string): BinanceError {
  const message = `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`;
  return new BinanceError(MANDATORY, message);
}

export function illegal(name: string, legal: string): BinanceError {
  const message = `Illegal characters found in parameter '${name}'; legal range is '${legal}'.`;
  return new BinanceError(-1100, message);
}

export function invalidValue(name: string): BinanceError {
  return new BinanceError(-1130, `Data sent for parameter '${name}' is not valid.`);
}

export function notRequired(name: string): BinanceError {
  return new BinanceError(-1106, `Parameter '${name}' sent when not required.`);
}

/** What this door does not have, although the other venue does. */
export function unsupported(what: string): BinanceError {
  return new BinanceError(-1020, `This operation is not supported: ${what}.`);
}

/** Errors that several places give. */
export const ERRORS = {
  badKeyFormat: () => new BinanceError(-2014, 'API-key format invalid.', 401),
  badKey: () => {
    return new BinanceError(-2015, 'Invalid API-key, IP, or permissions for action.', 401);
  },
  badSignature: () => new BinanceError(-1022, 'Signature for this request is not valid.'),
  replayed: () => new BinanceError(-2010, 'Duplicate request: its signature was used before.'),
  outsideWindow: () => {
    return new BinanceError(-1021, 'Timestamp for this request is outside of the recvWindow.');
  },
  aheadOfServer: () => {
    const message = "Timestamp for this request was 1000ms ahead of the server's time.";
    return new BinanceError(-1021, message);
  },
  windowTooLong: () => new BinanceError(-1131, 'recvWindow must be less than 60000.'),
  badSymbol: () => new BinanceError(-1121, 'Invalid symbol.'),
  badInterval: () => new BinanceError(-1120, 'Invalid interval.'),
  badOrderType: () => new BinanceError(-1116, 'Invalid orderType.'),
  badSide: () => new BinanceError(-1117, 'Invalid side.'),
  badTimeInForce: () => new BinanceError(-1115, 'Invalid timeInForce.'),
  badRespType: () => new BinanceError(-1136, 'Invalid newOrderRespType.'),
  badCombination: () => new BinanceError(-1128, 'Combination of optional parameters invalid.'),
  tooPrecise: () => {
    return new BinanceError(-1111, 'Precision is over the maximum defined for this asset.');
  },
  noListenKey: () => new BinanceError(-1125, 'This listenKey does not exist.'),
  unknownOrder: () => new BinanceError(-2011, 'Unknown order sent.'),
  noSuchOrder: () => new BinanceError(-2013, 'Order does not exist.'),
  sameOrder: () => new BinanceError(-5027, 'No need to modify the order.'),
  duplicateClientId: () => new BinanceError(-4116, 'clientOrderId is duplicated.'),
  overloaded: () => {
    const message =
      'Server is currently overloaded with other requests. Please try again in a few minutes.';
    return new BinanceError(OVERLOADED, message, 503);
  },
  tooManySignatures: (most: number) => {
    const message = `Too many new orders; current limit is ${most} signed changes within their recvWindow. Please use a shorter recvWindow.`;
    return new BinanceError(-1015, message, 429);
  },
  timeout: () => {
    const message =
      'Timeout waiting for response from backend server. Send status unknown; execution status unknown.';
    return new BinanceError(-1007, message, 408);
  },
  tooManyRequests: () => {
    const message =
      'Too many requests; please use the websocket for live updates to avoid polling the API.';
    return new BinanceError(-1003, message, 429);
  },
  tooManyOrders: () => new BinanceError(-1015, 'Too many new orders.', 429),
  noSuchPath: () => new BinanceError(-5000, 'Path or method is invalid.', 404),
} as const;

/**
 * Our reasons for a refusal, those of the gateway and those of the exchange, as Binance's number and words. Without words our own
 * sentence stands, where Binance has none that fits.
 */
export const REFUSALS: Readonly<Record<string, readonly [code: number, message?: string]>> = {
  busy: [OVERLOADED],
  rate_limited: [-1015, 'Too many new orders.'],
  unknown_account: [-2015, 'Invalid API-key, IP, or permissions for action.'],
  unknown_market: [-1121, 'Invalid symbol.'],
  field_is_missing: [MANDATORY],
  field_has_wrong_type: [-1130],
  field_is_unknown: [-1104],
  value_is_not_allowed: [-1130],
  integer_must_be_within_limits: [-1130],
  decimal_is_malformed: [-1100],
  order_must_be_named_once: [MANDATORY],
  price_must_be_multiple_of_tick: [-4014, 'Price not increased by tick size.'],
  qty_must_be_multiple_of_lot: [-4023, 'Quantity not increased by step size.'],
  price_ticks_must_be_within_1_and_limit: [-4002, 'Price greater than max price.'],
  qty_lots_must_be_within_1_and_limit: [-4005, 'Quantity greater than max quantity.'],
  notional_micro_usd_must_reach_minimum: [
    -4164,
    "Order's notional must be no smaller than LIMIT (unless you choose reduce only).",
  ],
  price_ticks_must_not_exceed_upper_band: [-4016, "Limit price can't be higher than LIMIT."],
  price_ticks_must_not_be_below_lower_band: [-4024, "Limit price can't be lower than LIMIT."],
  worst_value_tick_lots_must_not_exceed_limit: [
    -2027,
    'Exceeded the maximum allowable position at current leverage.',
  ],
  position_lots_must_not_exceed_limit: [
    -2027,
    'Exceeded the maximum allowable position at current leverage.',
  ],
  open_interest_lots_must_not_exceed_limit: [-2010],
  insufficient_margin: [-2019, 'Margin is insufficient.'],
  insufficient_free_collateral: [-4051, 'Isolated balance insufficient.'],
  position_collateral_micro_usd_must_reach_minimum: [-4051, 'Isolated balance insufficient.'],
  order_is_not_open: [-2011, 'Unknown order sent.'],
  post_only_order_would_cross: [
    -5022,
    'Due to the order could not be executed as maker, the Post Only order will be rejected.',
  ],
  reduce_only_order_would_not_reduce_position: [-2022, 'ReduceOnly Order is rejected.'],
  trigger_price_would_trigger_immediately: [-2021, 'Order would immediately trigger.'],
  trigger_price_ticks_must_be_within_1_and_limit: [-4007, 'Stop price greater than max price.'],
  waiting_trigger_orders_must_not_exceed_limit: [-4045, 'Reach max stop order limit.'],
  open_orders_must_not_exceed_limit: [-2025, 'Reach max open order limit.'],
  trailing_distance_must_be_given_once: [MANDATORY],
  trailing_distance_must_be_within_1_and_limit: [-2007, 'Invalid callBack rate.'],
  price_source_has_no_price_yet: [-2010],
  qty_must_be_absent_when_position_is_closed: [
    -4137,
    'Quantity must be zero with closePosition equals true.',
  ],
  flags_are_contradictory: [-1128],
  expiry_time_must_be_in_the_future: [-1130],
  client_order_id_is_malformed: [
    -1100,
    "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[\\.A-Z\\:/a-z0-9_-]{1,36}$'.",
  ],
  receive_window_has_passed: [-5028, 'Timestamp for this request is outside of the ME recvWindow.'],
  amend_must_change_something: [-5027, 'No need to modify the order.'],
  leverage_must_be_within_1_and_limit: [-4028, 'Leverage VALUE is not valid.'],
  margin_mode_is_unknown: [MANDATORY],
  margin_mode_may_change_only_without_position_and_orders: [-4047],
  position_margin_is_not_isolated: [-4049, 'Add margin only support for isolated position.'],
  position_must_be_open: [-4054, 'Cannot add position margin: position is 0.'],
  position_is_being_liquidated: [-2023, 'User in liquidation mode now.'],
  position_collateral_must_not_be_negative: [-4051, 'Isolated balance insufficient.'],
  amount_micro_usd_must_be_within_1_and_limit: [-4055, 'Amount must be positive.'],
  account_is_being_liquidated: [-2023, 'User in liquidation mode now.'],
  market_does_not_accept_new_orders: [-4140, 'Invalid symbol status for opening position.'],
  market_accepts_only_post_only_orders: [-4140, 'Invalid symbol status for opening position.'],
  market_accepts_only_reduce_only_orders: [-4140, 'Invalid symbol status for opening position.'],
  market_does_not_accept_cancels: [-1016],
  market_has_no_mark_price: [-4140, 'Invalid symbol status for opening position.'],
};

/** Of a request whose code the table does not have; `npm test` holds that this is none that a trader can meet. */
const OTHERWISE = -2010;

/** A refusal of the checks or of the exchange, in Binance's words; `limit` and `value` stand in some of them. */
export function refusalOf({ code, message }: Problem, value = '', limit = ''): BinanceError {
  const [number, words] = REFUSALS[code] ?? [OTHERWISE];
  const text = words?.replace('LIMIT', limit).replace('VALUE', value);
  return new BinanceError(number, text ?? message, number === OVERLOADED ? 503 : 400);
}
