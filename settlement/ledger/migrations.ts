/**
 * The schema as numbered steps; `PRAGMA user_version` says how many a file has had. A step that has been released is never changed:
 * what comes later is appended. Tables are STRICT, so a number that is no integer, or a sum that has left 64 bits, is refused by the
 * database itself. Money is micro-USD, sizes are lots, entry values tick·lots, times milliseconds since 1970.
 */
export const MIGRATIONS: readonly string[] = [
  `
CREATE TABLE identity (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  exchange TEXT NOT NULL,
  bound_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE streams (
  kind TEXT NOT NULL CHECK (kind IN ('market', 'account')),
  stream_id INTEGER NOT NULL,
  shard_id INTEGER NOT NULL,
  ingested_item INTEGER NOT NULL,
  ingested_sequence INTEGER NOT NULL,
  ingested_time_ms INTEGER NOT NULL,
  last_trade INTEGER NOT NULL,
  netted_item INTEGER NOT NULL,
  PRIMARY KEY (kind, stream_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE packs (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('market', 'account')),
  stream_id INTEGER NOT NULL,
  first_item INTEGER NOT NULL,
  last_item INTEGER NOT NULL,
  shard_id INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  first_sequence INTEGER NOT NULL,
  last_sequence INTEGER NOT NULL,
  first_trade INTEGER NOT NULL,
  last_trade INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  stream_sequence INTEGER NOT NULL,
  ingested_at_ms INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX packs_of_stream ON packs (kind, stream_id, last_item);

CREATE TABLE prices (
  market_id INTEGER PRIMARY KEY,
  shard_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  index_ticks INTEGER NOT NULL,
  mark_ticks INTEGER NOT NULL,
  publish_time_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
  account_id INTEGER PRIMARY KEY,
  parent_id INTEGER NOT NULL,
  public_key BLOB,
  shard_id INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  on_chain INTEGER NOT NULL DEFAULT 0 CHECK (on_chain IN (0, 1))
) STRICT;
CREATE INDEX accounts_without_row ON accounts (account_id) WHERE on_chain = 0;

CREATE TABLE markets (
  market_id INTEGER PRIMARY KEY,
  symbol TEXT NOT NULL,
  micro_usd_numerator INTEGER NOT NULL,
  micro_usd_denominator INTEGER NOT NULL,
  listing TEXT NOT NULL,
  slot INTEGER UNIQUE,
  fees_micro_usd INTEGER NOT NULL DEFAULT 0,
  insurance_micro_usd INTEGER NOT NULL DEFAULT 0,
  clearing_micro_usd INTEGER NOT NULL DEFAULT 0,
  entry_tick_lots INTEGER NOT NULL DEFAULT 0,
  insurance_funded_micro_usd INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE balances (
  account_id INTEGER PRIMARY KEY,
  collateral_micro_usd INTEGER NOT NULL
) STRICT;

CREATE TABLE positions (
  account_id INTEGER NOT NULL,
  market_id INTEGER NOT NULL,
  lots INTEGER NOT NULL,
  entry_tick_lots INTEGER NOT NULL,
  PRIMARY KEY (account_id, market_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE balance_items (
  shard_id INTEGER NOT NULL,
  item INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  change_micro_usd INTEGER NOT NULL,
  collateral_micro_usd INTEGER NOT NULL,
  cash_key TEXT,
  linked_to TEXT,
  linked_id INTEGER,
  PRIMARY KEY (shard_id, item)
) STRICT, WITHOUT ROWID;
CREATE INDEX balance_items_unlinked ON balance_items (shard_id, item) WHERE linked_to IS NULL;
CREATE UNIQUE INDEX balance_items_by_key ON balance_items (cash_key) WHERE cash_key IS NOT NULL;

CREATE TABLE cash_keys (
  key TEXT PRIMARY KEY,
  target TEXT NOT NULL CHECK (target IN ('deposit', 'withdrawal', 'return', 'forced', 'forcedReturn')),
  target_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE insurance_fundings (
  id INTEGER PRIMARY KEY,
  shard_id INTEGER NOT NULL,
  item INTEGER NOT NULL,
  market_id INTEGER NOT NULL,
  change_micro_usd INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'seen' CHECK (state IN ('seen', 'paid')),
  UNIQUE (shard_id, item)
) STRICT;

CREATE TABLE batches (
  sequence INTEGER PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('built', 'submitted', 'settled')),
  previous_hash BLOB NOT NULL CHECK (length(previous_hash) = 32),
  hash BLOB NOT NULL CHECK (length(hash) = 32),
  bytes BLOB NOT NULL,
  items INTEGER NOT NULL,
  payments INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  oldest_item_ms INTEGER NOT NULL,
  newest_item_ms INTEGER NOT NULL,
  built_at_ms INTEGER NOT NULL,
  submitted_at_ms INTEGER,
  settled_at_ms INTEGER
) STRICT;
CREATE INDEX batches_unsettled ON batches (sequence) WHERE state <> 'settled';

CREATE TABLE entries (
  batch INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  lots INTEGER NOT NULL,
  entry_tick_lots INTEGER NOT NULL,
  realized_micro_usd INTEGER NOT NULL,
  other_micro_usd INTEGER NOT NULL,
  PRIMARY KEY (batch, slot, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX entries_of_account ON entries (account_id, batch);

CREATE TABLE batch_cuts (
  batch INTEGER NOT NULL,
  kind TEXT NOT NULL,
  stream_id INTEGER NOT NULL,
  netted_item INTEGER NOT NULL,
  PRIMARY KEY (batch, kind, stream_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE watermarks (
  shard_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  account_item INTEGER NOT NULL,
  market_items TEXT,
  PRIMARY KEY (shard_id, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE coverage (
  batch INTEGER NOT NULL,
  shard_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  PRIMARY KEY (shard_id, batch)
) STRICT, WITHOUT ROWID;

CREATE INDEX coverage_by_sequence ON coverage (shard_id, sequence, batch);
CREATE INDEX coverage_by_time ON coverage (shard_id, time_ms, batch);

CREATE TABLE transactions (
  id INTEGER PRIMARY KEY,
  purpose TEXT NOT NULL,
  reference INTEGER NOT NULL,
  part INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'confirmed', 'abandoned')),
  created_at_ms INTEGER NOT NULL,
  finished_at_ms INTEGER,
  UNIQUE (purpose, reference, part)
) STRICT;

CREATE TABLE attempts (
  id INTEGER PRIMARY KEY,
  transaction_id INTEGER NOT NULL REFERENCES transactions (id),
  number INTEGER NOT NULL,
  signature TEXT NOT NULL UNIQUE,
  blockhash TEXT NOT NULL,
  last_valid_height INTEGER NOT NULL,
  priority_fee_micro_lamports INTEGER NOT NULL,
  sent_at_ms INTEGER NOT NULL,
  result TEXT NOT NULL CHECK (result IN ('sent', 'confirmed', 'failed', 'expired')),
  error TEXT,
  chain_slot INTEGER,
  compute_units INTEGER,
  fee_lamports INTEGER,
  finished_at_ms INTEGER,
  UNIQUE (transaction_id, number)
) STRICT;

CREATE TABLE deposits (
  id INTEGER PRIMARY KEY,
  signature TEXT NOT NULL,
  event_index INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  amount_micro_usd INTEGER NOT NULL CHECK (amount_micro_usd > 0),
  deposited_total_micro_usd INTEGER NOT NULL,
  chain_slot INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('seen', 'credited', 'refused')),
  reason TEXT,
  seen_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  shard_id INTEGER,
  item INTEGER,
  is_operators INTEGER NOT NULL DEFAULT 0,
  UNIQUE (signature, event_index)
) STRICT;
CREATE INDEX deposits_open ON deposits (id) WHERE state = 'seen';
CREATE INDEX deposits_of_account ON deposits (account_id, id);

CREATE TABLE deposit_scan (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  cursor TEXT NOT NULL
) STRICT;

CREATE TABLE withdrawals (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL,
  nonce INTEGER NOT NULL,
  amount_micro_usd INTEGER NOT NULL CHECK (amount_micro_usd > 0),
  destination BLOB NOT NULL CHECK (length(destination) = 32),
  expiry_seconds INTEGER NOT NULL,
  authorisation BLOB NOT NULL CHECK (length(authorisation) = 64),
  state TEXT NOT NULL,
  reason TEXT,
  changed_at_ms INTEGER NOT NULL,
  reserved_shard_id INTEGER,
  reserved_item INTEGER,
  returned_shard_id INTEGER,
  returned_item INTEGER,
  UNIQUE (account_id, nonce)
) STRICT;
CREATE INDEX withdrawals_open ON withdrawals (id) WHERE state NOT IN ('completed', 'givenBack', 'refused');

CREATE TABLE forced_requests (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL,
  requested_at INTEGER NOT NULL,
  amount_micro_usd INTEGER NOT NULL CHECK (amount_micro_usd > 0),
  state TEXT NOT NULL CHECK (state IN ('seen', 'reserved', 'served', 'refused', 'canceled', 'givenBack')),
  reserved_shard_id INTEGER,
  reserved_item INTEGER,
  returned_shard_id INTEGER,
  returned_item INTEGER,
  UNIQUE (account_id, requested_at)
) STRICT;

CREATE TABLE withdrawal_history (
  withdrawal_id INTEGER NOT NULL REFERENCES withdrawals (id),
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  time_ms INTEGER NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (withdrawal_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
  id INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  stream_sequence INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'parked', 'ingested', 'discarded')),
  reason TEXT NOT NULL,
  sentence TEXT NOT NULL,
  received_at_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 1,
  bytes BLOB NOT NULL
) STRICT;
CREATE INDEX dead_letters_waiting ON dead_letters (subject, id) WHERE state IN ('open', 'parked');
CREATE INDEX dead_letters_of_message ON dead_letters (subject, stream_sequence);

CREATE TABLE operator_journal (
  id INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  reason TEXT NOT NULL,
  result TEXT
) STRICT;

CREATE TABLE alarms (
  key TEXT PRIMARY KEY,
  severity TEXT NOT NULL CHECK (severity IN ('warning', 'critical', 'halt')),
  sentence TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  last_ms INTEGER NOT NULL,
  count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
  id INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  sentence TEXT NOT NULL
) STRICT;
`,
  `
-- Kept beside the attempts, of which there will be millions, and changed with them.
CREATE TABLE fees (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  paid_lamports INTEGER NOT NULL
) STRICT;
INSERT INTO fees SELECT 1, coalesce(sum(fee_lamports), 0) FROM attempts;

-- Less than was asked for when somebody has cut the request.
ALTER TABLE forced_requests ADD COLUMN paid_micro_usd INTEGER NOT NULL DEFAULT 0;
UPDATE forced_requests SET paid_micro_usd = amount_micro_usd WHERE state = 'served';
`,
  `
CREATE TABLE transfers (
  id INTEGER PRIMARY KEY,
  shard_id INTEGER NOT NULL,
  item INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  from_account_id INTEGER NOT NULL,
  to_account_id INTEGER NOT NULL,
  amount_micro_usd INTEGER NOT NULL CHECK (amount_micro_usd > 0),
  number INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'seen' CHECK (state IN ('seen', 'done')),
  UNIQUE (shard_id, item),
  UNIQUE (from_account_id, number)
) STRICT;
CREATE INDEX transfers_open ON transfers (id) WHERE state = 'seen';
`,
  `
-- A watermark names the ends of its shard's markets by itself now; those that had to ask for them are followed by others.
DELETE FROM watermarks WHERE market_items IS NULL;
`,
  `
-- Owners ask for their accounts: not all that there are have to be looked through for one.
CREATE INDEX accounts_of_key ON accounts (public_key) WHERE public_key IS NOT NULL;
CREATE INDEX accounts_of_parent ON accounts (parent_id);
`,
  `
-- Several requests of one second are told apart by their amounts, so account and time name one no more. The slots: it was there for certain,
-- and was gone.
CREATE TABLE forced_requests_anew (
  id INTEGER PRIMARY KEY,
  account_id INTEGER NOT NULL,
  requested_at INTEGER NOT NULL,
  amount_micro_usd INTEGER NOT NULL CHECK (amount_micro_usd > 0),
  state TEXT NOT NULL CHECK (state IN ('seen', 'reserved', 'served', 'refused', 'canceled', 'givenBack')),
  paid_micro_usd INTEGER NOT NULL DEFAULT 0,
  seen_slot INTEGER NOT NULL DEFAULT 0,
  gone_slot INTEGER,
  reserved_shard_id INTEGER,
  reserved_item INTEGER,
  returned_shard_id INTEGER,
  returned_item INTEGER
) STRICT;
INSERT INTO forced_requests_anew
  (id, account_id, requested_at, amount_micro_usd, state, paid_micro_usd, reserved_shard_id, reserved_item, returned_shard_id, returned_item)
  SELECT id, account_id, requested_at, amount_micro_usd, state, paid_micro_usd, reserved_shard_id, reserved_item, returned_shard_id, returned_item
  FROM forced_requests;
DROP TABLE forced_requests;
ALTER TABLE forced_requests_anew RENAME TO forced_requests;
CREATE INDEX forced_requests_of_account ON forced_requests (account_id, requested_at);

-- Each payment that the chain tells of counts once, and what the engine has not taken off for it is owed.
CREATE TABLE forced_payments (
  id INTEGER PRIMARY KEY,
  signature TEXT NOT NULL,
  event_index INTEGER NOT NULL,
  account_id INTEGER NOT NULL,
  amount_micro_usd INTEGER NOT NULL CHECK (amount_micro_usd > 0),
  chain_slot INTEGER NOT NULL,
  seen_at_ms INTEGER NOT NULL,
  request_id INTEGER,
  owed_micro_usd INTEGER NOT NULL CHECK (owed_micro_usd BETWEEN 0 AND amount_micro_usd),
  state TEXT NOT NULL CHECK (state IN ('booked', 'owed', 'unknown')),
  reserved_shard_id INTEGER,
  reserved_item INTEGER,
  UNIQUE (signature, event_index)
) STRICT;
CREATE INDEX forced_payments_open ON forced_payments (id) WHERE state <> 'booked';

-- A key may be of such a debit as well.
CREATE TABLE cash_keys_anew (
  key TEXT PRIMARY KEY,
  target TEXT NOT NULL CHECK (target IN ('deposit', 'withdrawal', 'return', 'forced', 'forcedReturn', 'forcedDebit')),
  target_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO cash_keys_anew SELECT key, target, target_id FROM cash_keys;
DROP TABLE cash_keys;
ALTER TABLE cash_keys_anew RENAME TO cash_keys;
`,
];
