/** Values of fields that are names: text in JSON, their index in msgpack. Indices are never reused, new names are appended. */

export const SIDES = ['buy', 'sell'] as const;
export const ORDER_TYPES = [
  'limit',
  'market',
  'stop_market',
  'stop_limit',
  'take_profit_market',
  'take_profit_limit',
  'trailing_stop_market',
] as const;
/** Prices that trigger orders wait for; the index is the engine's number of the source. */
export const TRIGGER_SOURCES = ['mark', 'last', 'index'] as const;
export const TIMES_IN_FORCE = ['gtc', 'ioc', 'fok', 'gtd'] as const;
export const POST_ONLY_MODES = ['none', 'reject', 'slide'] as const;
export const SELF_TRADE_MODES = [
  'none',
  'cancel_taker',
  'cancel_maker',
  'cancel_both',
  'decrement',
] as const;
export const ACK_RESULTS = [
  'accepted',
  'amended',
  'canceled',
  'massCanceled',
  'duplicate',
  'done',
  'takenOver',
] as const;
export const ORDER_EVENTS = [
  'accepted',
  'amended',
  'canceled',
  'triggered',
  'rejected',
  'ended',
] as const;
/** Index = number of the distribution in the engine's commands. */
export const DISTRIBUTIONS = ['equal', 'rising', 'falling'] as const;
export const PARENT_KINDS = ['scaled', 'twap'] as const;
/** Index = number of the reason in the engine's events. */
export const REASONS = [
  'none',
  'user',
  'ioc_remainder',
  'fok_unfillable',
  'self_trade',
  'expired',
  'reduce_only',
  'mass_cancel',
  'replaced',
  'market_state',
  'no_liquidity',
  'oco',
  'position_closed',
  'liquidation',
  'countdown',
] as const;
export const MARKET_STATES = [
  'initializing',
  'open',
  'post_only',
  'cancel_only',
  'reduce_only',
  'halted',
  'settling',
  'closed',
] as const;

/** In the protocol's own order; liquidation-stages.ts says which of the engine's stages each is. */
export const LIQUIDATION_STAGES = [
  'none',
  'begun',
  'ended',
  'slices',
  'auction',
  'fund',
  'deleveraging',
  'debt',
] as const;
/** Index = number in the engine's events. */
export const TRANSFER_REASONS = ['none', 'take_over', 'deleveraging', 'settlement'] as const;
export const INSURANCE_REASONS = ['none', 'fee', 'shortfall', 'dust', 'debt'] as const;
export const AUCTION_EVENTS = ['none', 'opened', 'taken', 'ended'] as const;

/** Why prices are not trusted; bit n of the engine's guards is the n-th name. */
export const PRICE_GUARDS = ['age', 'confidence', 'jump', 'divergence'] as const;

/** Index = margin mode in the engine's commands and events. */
export const MARGIN_MODES = ['cross', 'isolated'] as const;

/** Fields of requests whose values are names: the table of names each. */
export const ENUM_FIELDS: Readonly<Record<string, readonly string[]>> = {
  side: SIDES,
  orderType: ORDER_TYPES,
  timeInForce: TIMES_IN_FORCE,
  postOnly: POST_ONLY_MODES,
  selfTradePrevention: SELF_TRADE_MODES,
  triggerBy: TRIGGER_SOURCES,
  marginMode: MARGIN_MODES,
  distribution: DISTRIBUTIONS,
  takeProfitBy: TRIGGER_SOURCES,
  stopLossBy: TRIGGER_SOURCES,
};

// ---- History over HTTP; index = number in the rows of the history ----
/** An order of the book, one that waits for a price, and orders that make others. */
export const ORDER_KINDS = ['order', 'trigger', 'scaled', 'twap'] as const;
export const ORDER_STATUSES = [
  'open',
  'waiting',
  'filled',
  'canceled',
  'triggered',
  'rejected',
  'done',
] as const;
export const CASH_TRANSFER_KINDS = ['deposit', 'withdrawal', 'margin', 'transfer'] as const;
export const LIQUIDATION_EVENTS = ['stage', 'transfer', 'insurance'] as const;
export const CANDLE_INTERVALS = ['1s', '1m', '5m', '15m', '1h', '4h', '1d'] as const;
