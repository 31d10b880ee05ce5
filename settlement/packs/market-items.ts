import { ACCOUNT_ID_MAX, PRICE_TICKS_MAX, QTY_LOTS_MAX } from '../../engine/units/units.js';
import { putInteger, takeInteger } from './integer-fields.js';
import { within } from './pack-error.js';
import type { ItemSide, MarketItem, MarketItemKind } from './pack-types.js';

export const MARKET_ITEM_BYTES = 88;

/** By the number on the wire. */
const KINDS: readonly MarketItemKind[] = ['fill', 'takeOver', 'deleveraging', 'settlement'];

/**
 * 0 u8 kind, 1 u8 taker's side, 2 u8 liquidation, 3 zero, 4 u32 price, 8 i64 trade, 16 i64 time, 24 i64 lots, 32 u32 maker, 36 u32 taker, then of
 * maker and taker i64 each: Δentry, realized, fee. Δlots follow from lots and side.
 */
export function putMarketItem(view: DataView, at: number, item: MarketItem): void {
  const { kind, takerSide, qtyLots, maker, taker } = item;
  checkItem(item);
  const bought = signed(qtyLots, takerSide);
  if (taker.deltaLots !== bought || maker.deltaLots !== -bought) {
    within('deltaLots of the taker', taker.deltaLots, bought, bought);
    within('deltaLots of the maker', maker.deltaLots, -bought, -bought);
  }
  view.setUint8(at, KINDS.indexOf(kind));
  view.setUint8(at + 1, takerSide);
  view.setUint8(at + 2, item.isLiquidation ? 1 : 0);
  view.setUint32(at + 4, item.priceTicks, true);
  putInteger(view, at + 8, 'tradeSequence', item.tradeSequence);
  putInteger(view, at + 16, 'timeMs', item.timeMs);
  putInteger(view, at + 24, 'qtyLots', qtyLots);
  view.setUint32(at + 32, maker.accountId, true);
  view.setUint32(at + 36, taker.accountId, true);
  putSide(view, at + 40, maker);
  putSide(view, at + 64, taker);
}

/** Throws PackError `out_of_range`; then `item`, which it is written into, holds some of it. */
export function takeMarketItem(
  view: DataView,
  at: number,
  item: MarketItem = emptyMarketItem(),
): MarketItem {
  const kind = KINDS[within('kind of the item', view.getUint8(at), 0, KINDS.length - 1)];
  item.kind = kind as MarketItemKind;
  item.takerSide = within('takerSide', view.getUint8(at + 1), 0, 1) as 0 | 1;
  item.isLiquidation = within('isLiquidation', view.getUint8(at + 2), 0, 1) === 1;
  within('the reserved byte', view.getUint8(at + 3), 0, 0);
  item.priceTicks = view.getUint32(at + 4, true);
  item.tradeSequence = takeInteger(view, at + 8, 'tradeSequence');
  item.timeMs = takeInteger(view, at + 16, 'timeMs');
  item.qtyLots = takeInteger(view, at + 24, 'qtyLots');
  const bought = signed(item.qtyLots, item.takerSide);
  takeSide(view, at + 40, item.maker, view.getUint32(at + 32, true), -bought);
  takeSide(view, at + 64, item.taker, view.getUint32(at + 36, true), bought);
  checkItem(item);
  return item;
}

/** To be written over. */
export function emptyMarketItem(): MarketItem {
  return {
    kind: 'fill',
    tradeSequence: 0,
    timeMs: 0,
    priceTicks: 0,
    qtyLots: 0,
    takerSide: 0,
    isLiquidation: false,
    maker: emptySide(),
    taker: emptySide(),
  };
}

export function emptySide(): ItemSide {
  return {
    accountId: 0,
    deltaLots: 0,
    deltaEntryTickLots: 0,
    realizedMicroUsd: 0,
    feeMicroUsd: 0,
  };
}

function checkItem(item: MarketItem): void {
  if (isSound(item)) return;
  const isFill = item.kind === 'fill';
  within('priceTicks', item.priceTicks, 1, PRICE_TICKS_MAX);
  within('qtyLots', item.qtyLots, 1, QTY_LOTS_MAX);
  within('tradeSequence', item.tradeSequence, isFill ? 1 : 0, isFill ? Number.MAX_SAFE_INTEGER : 0);
  within('timeMs', item.timeMs, 0, Number.MAX_SAFE_INTEGER);
  within('accountId of the maker', item.maker.accountId, 1, ACCOUNT_ID_MAX);
  within('accountId of the taker', item.taker.accountId, 1, ACCOUNT_ID_MAX);
}

/** The same without names: a call for each field of a million items takes half a second. */
function isSound({ kind, maker, priceTicks, qtyLots, taker, timeMs, tradeSequence }: MarketItem) {
  return (
    priceTicks >= 1 &&
    priceTicks <= PRICE_TICKS_MAX &&
    Math.floor(priceTicks) === priceTicks &&
    qtyLots >= 1 &&
    qtyLots <= QTY_LOTS_MAX &&
    Math.floor(qtyLots) === qtyLots &&
    (kind === 'fill' ? tradeSequence >= 1 : tradeSequence === 0) &&
    tradeSequence <= Number.MAX_SAFE_INTEGER &&
    Math.floor(tradeSequence) === tradeSequence &&
    timeMs >= 0 &&
    timeMs <= Number.MAX_SAFE_INTEGER &&
    Math.floor(timeMs) === timeMs &&
    isAccount(maker.accountId) &&
    isAccount(taker.accountId)
  );
}

function isAccount(accountId: number): boolean {
  return accountId >= 1 && accountId <= ACCOUNT_ID_MAX && Math.floor(accountId) === accountId;
}

function putSide(view: DataView, at: number, side: ItemSide): void {
  putInteger(view, at, 'deltaEntryTickLots', side.deltaEntryTickLots);
  putInteger(view, at + 8, 'realizedMicroUsd', side.realizedMicroUsd);
  putInteger(view, at + 16, 'feeMicroUsd', side.feeMicroUsd);
}

function takeSide(
  view: DataView,
  at: number,
  side: ItemSide,
  accountId: number,
  deltaLots: number,
): void {
  side.accountId = accountId;
  side.deltaLots = deltaLots;
  side.deltaEntryTickLots = takeInteger(view, at, 'deltaEntryTickLots');
  side.realizedMicroUsd = takeInteger(view, at + 8, 'realizedMicroUsd');
  side.feeMicroUsd = takeInteger(view, at + 16, 'feeMicroUsd');
}

function signed(lots: number, side: 0 | 1): number {
  return side === 0 ? lots : -lots;
}
