/**
 * Rows as they lie in the database. All numbers are integers: ticks, lots, micro-USD, milliseconds, ppm, ppb; the engine keeps each
 * below 2^53, so a JavaScript number holds it exactly. Sums that may pass 2^53 (values of many trades) are bigint, and 64 bits there.
 */

/** What every row of an account has. */
export interface AccountRow {
  accountId: number;
  /** Number of the event in the account's private feed: unique, and in the order of time. */
  accountSequence: number;
  /** 0: of no market. */
  marketId: number;
  /** Of the command in the home's journal that caused it. */
  sequence: number;
  timeMs: number;
}

export const KIND_ORDER = 0;
export const KIND_TRIGGER = 1;
export const KIND_SCALED = 2;
export const KIND_TWAP = 3;

export const STATUS_OPEN = 0;
/** A trigger order that waits for its price. */
export const STATUS_WAITING = 1;
export const STATUS_FILLED = 2;
export const STATUS_CANCELED = 3;
/** A trigger order that has fired; the order that it became has a row of its own. */
export const STATUS_TRIGGERED = 4;
/** A trigger order that fired in vain. */
export const STATUS_REJECTED = 5;
/** A scaled order, whose orders have rows of their own; or a TWAP that is over. */
export const STATUS_DONE = 6;

/** One row for each order, with its last state; `accountSequence`, `sequence` and `timeMs` are of its acceptance. */
export interface OrderRow extends AccountRow {
  orderId: number;
  kind: number;
  status: number;
  /** Engine's flags of the order. */
  flags: number;
  /** REASON_… of its end, 0 while there is none. */
  reason: number;
  priceTicks: number;
  qtyLots: number;
  remainingLots: number;
  /** As it was accepted: what has been amended since is in the changes. */
  firstPriceTicks: number;
  firstQtyLots: number;
  filledLots: number;
  filledValueTickLots: bigint;
  canceledLots: number;
  feeMicroUsd: number;
  realizedMicroUsd: number;
  clientOrderId: string | null;
  expiresAtMs: number;
  /** The trigger order that it comes from, and the order that it belongs to; 0: none. */
  triggerOrderId: number;
  parentOrderId: number;
  /** What only some orders have, see `OrderDetails`; null: nothing. */
  details: string | null;
  updatedSequence: number;
  updatedAtMs: number;
}

/** As JSON, integers only; what is absent is not there. */
export interface OrderDetails {
  triggerTerms?: number;
  triggerPriceTicks?: number;
  trailTicks?: number;
  trailPpm?: number;
  ocoOrderId?: number;
  children?: number;
  lastPriceTicks?: number;
  durationMs?: number;
  bracket?: BracketDetails;
}

export interface BracketDetails {
  profitPriceTicks: number;
  profitLimitTicks: number;
  stopPriceTicks: number;
  stopLimitTicks: number;
  sources: number;
}

/** What happened to an order between its acceptance and its end and is no fill: with order and fills, its whole story. */
export interface ChangeRow extends AccountRow {
  orderId: number;
  /** The event's type (EVT_…). */
  type: number;
  priceTicks: number;
  qtyLots: number;
  remainingLots: number;
  reason: number;
  /** Of a rejection: code, and as digits value and limit. What was refused may be larger than anything that is let in. */
  code: number;
  value: string;
  limitValue: string;
}

/** An order that a client has named, sent and not yet heard of: its market's shard has it. */
export interface AskedRow {
  accountId: number;
  marketId: number;
  clientOrderId: string;
  /** Of the command in the home's journal. */
  sequence: number;
  timeMs: number;
  /** By which its answer is known. */
  session: number;
  request: number;
}

/** An order with a client id that was refused: it has no id of the exchange, and is in no private feed. */
export interface RejectionRow {
  accountId: number;
  marketId: number;
  clientOrderId: string;
  /** Of the command in the home's journal. */
  sequence: number;
  timeMs: number;
  code: number;
  /** As digits: what was refused may be larger than anything that is let in. */
  value: string;
  limitValue: string;
}

export interface FillRow extends AccountRow {
  orderId: number;
  tradeId: number;
  side: number;
  isMaker: number;
  isLiquidation: number;
  priceTicks: number;
  qtyLots: number;
  remainingLots: number;
  feeMicroUsd: number;
  realizedMicroUsd: number;
  positionLots: number;
  entryValueTickLots: number;
  collateralMicroUsd: number;
  clientOrderId: string | null;
}

export interface FundingRow extends AccountRow {
  /** What the account has paid, negative: received. */
  paymentMicroUsd: number;
  ratePpb: number;
  intervalMs: number;
  indexTicks: number;
  positionLots: number;
  collateralMicroUsd: number;
}

export const TRANSFER_DEPOSIT = 0;
export const TRANSFER_WITHDRAWAL = 1;
/** Between the account and its isolated position in the market. */
export const TRANSFER_MARGIN = 2;
/** Between accounts of one family. */
export const TRANSFER_FAMILY = 3;

export interface TransferRow extends AccountRow {
  kind: number;
  /** Of the account's collateral, signed. */
  changeMicroUsd: number;
  collateralMicroUsd: number;
  /** Of the isolated position afterwards; null for all other kinds. */
  positionCollateralMicroUsd: number | null;
  /** Of a transfer within a family: who paid or was paid; null for all other kinds. */
  otherAccountId: number | null;
}

export const LIQUIDATION_STAGE = 0;
/** A part of a position has gone to or come from another account. */
export const LIQUIDATION_TRANSFER = 1;
/** Between the account and an insurance fund. */
export const LIQUIDATION_INSURANCE = 2;

export interface LiquidationRow extends AccountRow {
  kind: number;
  /** Stage: LIQUIDATION_…; transfer: TRANSFER_…; insurance: INSURANCE_…. */
  reason: number;
  side: number;
  priceTicks: number;
  qtyLots: number;
  auctionId: number;
  /** Transfer: realised profit; insurance: what the account has paid. */
  amountMicroUsd: number;
  equityMicroUsd: number;
  maintenanceMicroUsd: number;
  positionLots: number;
  entryValueTickLots: number;
  collateralMicroUsd: number;
}

export interface TradeRow {
  marketId: number;
  tradeId: number;
  priceTicks: number;
  qtyLots: number;
  takerSide: number;
  isLiquidation: number;
  sequence: number;
  timeMs: number;
  /** 0: it was written by a release that did not keep it. */
  takerOrderId: number;
}

/** A rate of a market, as it was paid. A market has one at a time, so the time is its key. */
export interface FundingRateRow {
  marketId: number;
  /** Of the command in the host's journal. */
  sequence: number;
  timeMs: number;
  /** For eight hours. 0 also where the index was in doubt or the market closed: nothing was paid. */
  ratePpb: number;
  premiumPpb: number;
  /** What it was paid on. */
  indexTicks: number;
}

export interface CandleRow {
  marketId: number;
  intervalMs: number;
  /** A multiple of the interval since 1970. */
  startMs: number;
  openTicks: number;
  highTicks: number;
  lowTicks: number;
  closeTicks: number;
  volumeLots: bigint;
  /** Σ price × quantity. */
  valueTickLots: bigint;
  trades: number;
  /** Trades of a market are numbered without gaps, so the first one is lastTradeId − trades + 1. */
  lastTradeId: number;
  /** Of volume and value: what takers have bought. */
  takerBuyLots: bigint;
  takerBuyTickLots: bigint;
}
