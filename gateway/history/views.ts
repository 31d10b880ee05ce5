import { stageIndex } from '../protocol/liquidation-stages.js';
import {
  CASH_TRANSFER_KINDS,
  INSURANCE_REASONS,
  LIQUIDATION_EVENTS,
  LIQUIDATION_STAGES,
  SIDES,
  TRANSFER_REASONS,
} from '../protocol/names.js';
import { changeView, fillView, orderView } from './order-views.js';
import type { MarketUnits, Question } from './question.js';
import {
  type CandleRow,
  type FundingRateRow,
  type FundingRow,
  LIQUIDATION_INSURANCE,
  LIQUIDATION_STAGE,
  LIQUIDATION_TRANSFER,
  type LiquidationRow,
  type TradeRow,
  type TransferRow,
} from './rows.js';
import { idOrNull, money, price, qty, rate, wide } from './text.js';

const HOUR_MS = 3_600_000;
const PPB_DECIMALS = 9;

/** Rows without a market have none of these. */
type View = (row: never, units: MarketUnits) => object;

/** How the rows of each table are shown. */
export const VIEWS: Readonly<Record<Question['table'], View>> = {
  orders: orderView,
  changes: changeView,
  fills: fillView,
  funding: fundingView,
  transfers: transferView,
  liquidations: liquidationView,
  trades: tradeView,
  candles: candleView,
  fundingRates: fundingRateView,
};

function fundingView(row: FundingRow, units: MarketUnits): object {
  return {
    market: units.symbol,
    payment: money(row.paymentMicroUsd),
    fundingRate: rate(row.ratePpb, PPB_DECIMALS),
    intervalHours: String(row.intervalMs / HOUR_MS),
    indexPrice: price(units, row.indexTicks),
    position: qty(units, row.positionLots),
    collateral: money(row.collateralMicroUsd),
    accountSequence: row.accountSequence,
    sequence: row.sequence,
    time: row.timeMs,
  };
}

function fundingRateView(row: FundingRateRow, units: MarketUnits): object {
  return {
    market: units.symbol,
    fundingRate: rate(row.ratePpb, PPB_DECIMALS),
    premium: rate(row.premiumPpb, PPB_DECIMALS),
    indexPrice: price(units, row.indexTicks),
    sequence: row.sequence,
    time: row.timeMs,
  };
}

function transferView(row: TransferRow, units: MarketUnits | undefined): object {
  const { positionCollateralMicroUsd } = row;
  return {
    kind: CASH_TRANSFER_KINDS[row.kind],
    market: units?.symbol ?? null,
    change: money(row.changeMicroUsd),
    collateral: money(row.collateralMicroUsd),
    positionCollateral:
      positionCollateralMicroUsd === null ? null : money(positionCollateralMicroUsd),
    otherAccountId: row.otherAccountId,
    accountSequence: row.accountSequence,
    sequence: row.sequence,
    time: row.timeMs,
  };
}

function liquidationView(row: LiquidationRow, units: MarketUnits | undefined): object {
  const isStage = row.kind === LIQUIDATION_STAGE;
  const isTransfer = row.kind === LIQUIDATION_TRANSFER && units !== undefined;
  const entryMantissa = isTransfer ? units.tickMantissa * units.lotMantissa : 1;
  const entryDecimals = isTransfer ? units.tickDecimals + units.lotDecimals : 0;
  return {
    event: LIQUIDATION_EVENTS[row.kind],
    market: units?.symbol ?? null,
    stage: isStage ? LIQUIDATION_STAGES[stageIndex(row.reason)] : null,
    reason: isStage ? null : reasonOf(row),
    side: isTransfer ? SIDES[row.side] : null,
    price: isTransfer ? price(units, row.priceTicks) : null,
    qty: isTransfer ? qty(units, row.qtyLots) : null,
    auctionId: idOrNull(row.auctionId),
    realizedPnl: isTransfer ? money(row.amountMicroUsd) : null,
    payment: row.kind === LIQUIDATION_INSURANCE ? money(row.amountMicroUsd) : null,
    equity: isStage ? money(row.equityMicroUsd) : null,
    maintenanceMargin: isStage ? money(row.maintenanceMicroUsd) : null,
    position: isTransfer ? qty(units, row.positionLots) : null,
    entryValue: isTransfer ? rate(row.entryValueTickLots, entryDecimals, entryMantissa) : null,
    collateral: money(row.collateralMicroUsd),
    accountSequence: row.accountSequence,
    sequence: row.sequence,
    time: row.timeMs,
  };
}

function reasonOf({ kind, reason }: LiquidationRow): string | null {
  const names = kind === LIQUIDATION_TRANSFER ? TRANSFER_REASONS : INSURANCE_REASONS;
  return names[reason] ?? null;
}

function tradeView(row: TradeRow, units: MarketUnits): object {
  return {
    tradeId: row.tradeId,
    price: price(units, row.priceTicks),
    qty: qty(units, row.qtyLots),
    takerSide: SIDES[row.takerSide],
    liquidation: row.isLiquidation === 1,
    sequence: row.sequence,
    time: row.timeMs,
  };
}

/** The same values as in the rows of the channel. */
export function candleView(row: CandleRow, units: MarketUnits): object {
  const { tickMantissa, tickDecimals, lotMantissa, lotDecimals } = units;
  return {
    start: row.startMs,
    open: price(units, row.openTicks),
    high: price(units, row.highTicks),
    low: price(units, row.lowTicks),
    close: price(units, row.closeTicks),
    volume: wide(row.volumeLots, lotMantissa, lotDecimals),
    value: wide(row.valueTickLots, tickMantissa * lotMantissa, tickDecimals + lotDecimals),
    trades: row.trades,
  };
}
