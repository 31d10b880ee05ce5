/**
 * The schema as numbered steps; `PRAGMA user_version` says how many a file has had. A step that has been released is never changed:
 * what comes later is appended. Tables are STRICT, so a number that is no integer is refused by the database itself.
 *
 * An account's rows are found by (account, number in its feed), which is also the order of time; with a market in between for
 * requests that name one, and fills and changes also by their order. Uniqueness of that pair is what would stop a feeder that told the same event twice.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE position (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  begins_after INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  time_ms INTEGER NOT NULL
) STRICT;
INSERT INTO position VALUES (1, 0, 0, 0, 0);

CREATE TABLE orders (
  market_id INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  account_sequence INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  status INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  price_ticks INTEGER NOT NULL,
  qty_lots INTEGER NOT NULL,
  remaining_lots INTEGER NOT NULL,
  first_price_ticks INTEGER NOT NULL,
  first_qty_lots INTEGER NOT NULL,
  filled_lots INTEGER NOT NULL,
  filled_value_tick_lots INTEGER NOT NULL,
  canceled_lots INTEGER NOT NULL,
  fee_micro_usd INTEGER NOT NULL,
  realized_micro_usd INTEGER NOT NULL,
  client_order_id TEXT,
  expires_at_ms INTEGER NOT NULL,
  trigger_order_id INTEGER NOT NULL,
  parent_order_id INTEGER NOT NULL,
  details TEXT,
  updated_sequence INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (market_id, order_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX orders_of_account ON orders (account_id, account_sequence);
CREATE INDEX orders_of_account_in_market ON orders (account_id, market_id, account_sequence);

CREATE TABLE changes (
  account_id INTEGER NOT NULL,
  account_sequence INTEGER NOT NULL,
  market_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  type INTEGER NOT NULL,
  price_ticks INTEGER NOT NULL,
  qty_lots INTEGER NOT NULL,
  remaining_lots INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  code INTEGER NOT NULL,
  value TEXT NOT NULL,
  limit_value TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX changes_of_account ON changes (account_id, account_sequence);
CREATE INDEX changes_of_account_in_market ON changes (account_id, market_id, account_sequence);
CREATE INDEX changes_of_order ON changes (market_id, order_id, account_sequence);

CREATE TABLE fills (
  account_id INTEGER NOT NULL,
  account_sequence INTEGER NOT NULL,
  market_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  order_id INTEGER NOT NULL,
  trade_id INTEGER NOT NULL,
  side INTEGER NOT NULL,
  is_maker INTEGER NOT NULL,
  is_liquidation INTEGER NOT NULL,
  price_ticks INTEGER NOT NULL,
  qty_lots INTEGER NOT NULL,
  remaining_lots INTEGER NOT NULL,
  fee_micro_usd INTEGER NOT NULL,
  realized_micro_usd INTEGER NOT NULL,
  position_lots INTEGER NOT NULL,
  entry_value_tick_lots INTEGER NOT NULL,
  collateral_micro_usd INTEGER NOT NULL,
  client_order_id TEXT
) STRICT;
CREATE UNIQUE INDEX fills_of_account ON fills (account_id, account_sequence);
CREATE INDEX fills_of_account_in_market ON fills (account_id, market_id, account_sequence);
CREATE INDEX fills_of_order ON fills (market_id, order_id, account_sequence);

CREATE TABLE funding (
  account_id INTEGER NOT NULL,
  account_sequence INTEGER NOT NULL,
  market_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  payment_micro_usd INTEGER NOT NULL,
  rate_ppb INTEGER NOT NULL,
  interval_ms INTEGER NOT NULL,
  index_ticks INTEGER NOT NULL,
  position_lots INTEGER NOT NULL,
  collateral_micro_usd INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX funding_of_account ON funding (account_id, account_sequence);
CREATE INDEX funding_of_account_in_market ON funding (account_id, market_id, account_sequence);

CREATE TABLE transfers (
  account_id INTEGER NOT NULL,
  account_sequence INTEGER NOT NULL,
  market_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  change_micro_usd INTEGER NOT NULL,
  collateral_micro_usd INTEGER NOT NULL,
  position_collateral_micro_usd INTEGER
) STRICT;
CREATE UNIQUE INDEX transfers_of_account ON transfers (account_id, account_sequence);
CREATE INDEX transfers_of_account_in_market ON transfers (account_id, market_id, account_sequence);

CREATE TABLE liquidations (
  account_id INTEGER NOT NULL,
  account_sequence INTEGER NOT NULL,
  market_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  side INTEGER NOT NULL,
  price_ticks INTEGER NOT NULL,
  qty_lots INTEGER NOT NULL,
  auction_id INTEGER NOT NULL,
  amount_micro_usd INTEGER NOT NULL,
  equity_micro_usd INTEGER NOT NULL,
  maintenance_micro_usd INTEGER NOT NULL,
  position_lots INTEGER NOT NULL,
  entry_value_tick_lots INTEGER NOT NULL,
  collateral_micro_usd INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX liquidations_of_account ON liquidations (account_id, account_sequence);
CREATE INDEX liquidations_of_account_in_market ON liquidations (account_id, market_id, account_sequence);

CREATE TABLE trades (
  market_id INTEGER NOT NULL,
  trade_id INTEGER NOT NULL,
  price_ticks INTEGER NOT NULL,
  qty_lots INTEGER NOT NULL,
  taker_side INTEGER NOT NULL,
  is_liquidation INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  PRIMARY KEY (market_id, trade_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE candles (
  market_id INTEGER NOT NULL,
  interval_ms INTEGER NOT NULL,
  start_ms INTEGER NOT NULL,
  open_ticks INTEGER NOT NULL,
  high_ticks INTEGER NOT NULL,
  low_ticks INTEGER NOT NULL,
  close_ticks INTEGER NOT NULL,
  volume_lots INTEGER NOT NULL,
  value_tick_lots INTEGER NOT NULL,
  trades INTEGER NOT NULL,
  last_trade_id INTEGER NOT NULL,
  PRIMARY KEY (market_id, interval_ms, start_ms)
) STRICT, WITHOUT ROWID;
`,
  // What was refused before this step is not in the table: a file that is older says from where on it is.
  `
ALTER TABLE position ADD COLUMN named_after INTEGER NOT NULL DEFAULT 0;
UPDATE position SET named_after = sequence;

CREATE INDEX orders_of_client_id ON orders (account_id, market_id, client_order_id, sequence)
  WHERE client_order_id IS NOT NULL;

CREATE TABLE rejections (
  account_id INTEGER NOT NULL,
  market_id INTEGER NOT NULL,
  client_order_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  code INTEGER NOT NULL,
  value TEXT NOT NULL,
  limit_value TEXT NOT NULL
) STRICT;
CREATE INDEX rejections_of_client_id ON rejections (account_id, market_id, client_order_id, sequence);

CREATE TABLE asked (
  account_id INTEGER NOT NULL,
  market_id INTEGER NOT NULL,
  client_order_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  session INTEGER NOT NULL,
  request INTEGER NOT NULL
) STRICT;
`,
  `
ALTER TABLE transfers ADD COLUMN other_account_id INTEGER;
`,
  // Every trade of a candle is in the table of trades, numbered without gaps.
  `
ALTER TABLE candles ADD COLUMN taker_buy_lots INTEGER NOT NULL DEFAULT 0;
ALTER TABLE candles ADD COLUMN taker_buy_tick_lots INTEGER NOT NULL DEFAULT 0;
UPDATE candles SET (taker_buy_lots, taker_buy_tick_lots) = (
  SELECT coalesce(sum(qty_lots), 0), coalesce(sum(qty_lots * price_ticks), 0) FROM trades
  WHERE trades.market_id = candles.market_id AND taker_side = 0
    AND trade_id BETWEEN last_trade_id - candles.trades + 1 AND last_trade_id
);
`,
  // What was traded and paid before this step has no taker's order, and no rate.
  `
ALTER TABLE trades ADD COLUMN taker_order_id INTEGER NOT NULL DEFAULT 0;

CREATE TABLE funding_rates (
  market_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  rate_ppb INTEGER NOT NULL,
  premium_ppb INTEGER NOT NULL,
  index_ticks INTEGER NOT NULL,
  PRIMARY KEY (market_id, time_ms)
) STRICT, WITHOUT ROWID;
`,
];

/** Everything but the position, which is set back and not emptied. */
export const TABLES = [
  'orders',
  'changes',
  'fills',
  'funding',
  'transfers',
  'liquidations',
  'rejections',
  'asked',
  'trades',
  'funding_rates',
  'candles',
] as const;
