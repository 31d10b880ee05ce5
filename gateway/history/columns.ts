import type {
  AskedRow,
  CandleRow,
  ChangeRow,
  FillRow,
  FundingRateRow,
  FundingRow,
  LiquidationRow,
  OrderRow,
  RejectionRow,
  TradeRow,
  TransferRow,
} from './rows.js';

/** Sums of 64 bits: they are read as text and become bigint. */
const WIDE: ReadonlySet<string> = new Set([
  'filledValueTickLots',
  'volumeLots',
  'valueTickLots',
  'takerBuyLots',
  'takerBuyTickLots',
]);

/** A table and its columns, named like the fields of its rows. */
export interface TableColumns<Row> {
  readonly table: string;
  readonly fields: readonly (keyof Row & string)[];
}

const ACCOUNT_FIELDS = ['accountId', 'accountSequence', 'marketId', 'sequence', 'timeMs'] as const;

export const ORDERS: TableColumns<OrderRow> = {
  table: 'orders',
  fields: [
    ...ACCOUNT_FIELDS,
    'orderId',
    'kind',
    'status',
    'flags',
    'reason',
    'priceTicks',
    'qtyLots',
    'remainingLots',
    'firstPriceTicks',
    'firstQtyLots',
    'filledLots',
    'filledValueTickLots',
    'canceledLots',
    'feeMicroUsd',
    'realizedMicroUsd',
    'clientOrderId',
    'expiresAtMs',
    'triggerOrderId',
    'parentOrderId',
    'details',
    'updatedSequence',
    'updatedAtMs',
  ],
};
export const CHANGES: TableColumns<ChangeRow> = {
  table: 'changes',
  fields: [
    ...ACCOUNT_FIELDS,
    'orderId',
    'type',
    'priceTicks',
    'qtyLots',
    'remainingLots',
    'reason',
    'code',
    'value',
    'limitValue',
  ],
};
export const FILLS: TableColumns<FillRow> = {
  table: 'fills',
  fields: [
    ...ACCOUNT_FIELDS,
    'orderId',
    'tradeId',
    'side',
    'isMaker',
    'isLiquidation',
    'priceTicks',
    'qtyLots',
    'remainingLots',
    'feeMicroUsd',
    'realizedMicroUsd',
    'positionLots',
    'entryValueTickLots',
    'collateralMicroUsd',
    'clientOrderId',
  ],
};
export const FUNDING: TableColumns<FundingRow> = {
  table: 'funding',
  fields: [
    ...ACCOUNT_FIELDS,
    'paymentMicroUsd',
    'ratePpb',
    'intervalMs',
    'indexTicks',
    'positionLots',
    'collateralMicroUsd',
  ],
};
export const TRANSFERS: TableColumns<TransferRow> = {
  table: 'transfers',
  fields: [
    ...ACCOUNT_FIELDS,
    'kind',
    'changeMicroUsd',
    'collateralMicroUsd',
    'positionCollateralMicroUsd',
    'otherAccountId',
  ],
};
export const LIQUIDATIONS: TableColumns<LiquidationRow> = {
  table: 'liquidations',
  fields: [
    ...ACCOUNT_FIELDS,
    'kind',
    'reason',
    'side',
    'priceTicks',
    'qtyLots',
    'auctionId',
    'amountMicroUsd',
    'equityMicroUsd',
    'maintenanceMicroUsd',
    'positionLots',
    'entryValueTickLots',
    'collateralMicroUsd',
  ],
};
export const REJECTIONS: TableColumns<RejectionRow> = {
  table: 'rejections',
  fields: [
    'accountId',
    'marketId',
    'clientOrderId',
    'sequence',
    'timeMs',
    'code',
    'value',
    'limitValue',
  ],
};
export const ASKED: TableColumns<AskedRow> = {
  table: 'asked',
  fields: ['accountId', 'marketId', 'clientOrderId', 'sequence', 'timeMs', 'session', 'request'],
};
export const TRADES: TableColumns<TradeRow> = {
  table: 'trades',
  fields: [
    'marketId',
    'tradeId',
    'priceTicks',
    'qtyLots',
    'takerSide',
    'isLiquidation',
    'sequence',
    'timeMs',
    'takerOrderId',
  ],
};
export const FUNDING_RATES: TableColumns<FundingRateRow> = {
  table: 'funding_rates',
  fields: ['marketId', 'sequence', 'timeMs', 'ratePpb', 'premiumPpb', 'indexTicks'],
};
export const CANDLES: TableColumns<CandleRow> = {
  table: 'candles',
  fields: [
    'marketId',
    'intervalMs',
    'startMs',
    'openTicks',
    'highTicks',
    'lowTicks',
    'closeTicks',
    'volumeLots',
    'valueTickLots',
    'trades',
    'lastTradeId',
    'takerBuyLots',
    'takerBuyTickLots',
  ],
};

/** `accountSequence` is the column account_sequence. */
export function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** What to select so that `rowOf` makes rows of it. */
export function selectList<Row>({ fields }: TableColumns<Row>): string {
  return fields
    .map((field) => {
      const column = columnOf(field);
      const read = WIDE.has(field) ? `CAST(${column} AS TEXT)` : column;
      return `${read} AS ${field}`;
    })
    .join(', ');
}

/** A selected record as a row. */
export function rowOf<Row>({ fields }: TableColumns<Row>, record: object): Row {
  const row = record as Record<string, unknown>;
  for (const field of fields) if (WIDE.has(field)) row[field] = BigInt(row[field] as string);
  return row as Row;
}

/** Adds a row; one that is there already under the same key is an error. */
export function insertText<Row>({ table, fields }: TableColumns<Row>): string {
  const columns = fields.map(columnOf).join(', ');
  const values = fields.map((field) => `@${field}`).join(', ');
  return `INSERT INTO ${table} (${columns}) VALUES (${values})`;
}

/** Adds a row, or changes the given fields of the one with the same key. Any other key that it shares with a row is an error. */
export function upsertText<Row>(
  columns: TableColumns<Row>,
  key: readonly (keyof Row & string)[],
  fixed: readonly (keyof Row & string)[],
): string {
  const changing = columns.fields.filter((field) => !key.includes(field) && !fixed.includes(field));
  const changes = changing.map(columnOf).map((column) => `${column} = excluded.${column}`);
  const target = key.map(columnOf).join(', ');
  return `${insertText(columns)} ON CONFLICT (${target}) DO UPDATE SET ${changes.join(', ')}`;
}
