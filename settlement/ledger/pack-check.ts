import type { AccountPack, ItemSide, MarketItem, MarketPack } from '../packs/pack-types.js';
import { RefusedPackError } from './errors.js';

/** What a tick·lot of a market is worth: micro-USD as a fraction in lowest terms. */
export interface TickLotWorth {
  readonly numerator: number;
  readonly denominator: number;
}

/** The two sides of an item round once each. */
const ROUNDINGS = 2;

/**
 * Throws RefusedPackError unless the money of every item adds up: sizes cancel out, and the realised profits are those of the entry
 * values, rounded down at most once a side. (That every field is in its range the codec has seen to.)
 */
export function checkDoubleEntry(pack: MarketPack, worth: TickLotWorth): void {
  for (const [index, item] of pack.items.entries()) {
    const fault = faultOf(item, worth);
    if (fault === null) continue;
    const name = `item ${pack.firstItem + index} of market ${pack.marketId}`;
    throw new RefusedPackError('doubleEntry', `${name}: ${fault}`);
  }
}

/**
 * The trades of the items from `firstItem` on, which have to follow `lastTrade` one by one. Zeros: no trade among them.
 *
 * @throws RefusedPackError when one is left out or told again.
 */
export function tradesOf(
  pack: MarketPack,
  firstItem: number,
  lastTrade: number,
): { first: number; last: number } {
  let [first, last] = [0, lastTrade];
  for (let index = firstItem - pack.firstItem; index < pack.items.length; index++) {
    const { kind, tradeSequence } = pack.items[index] as MarketItem;
    if (kind !== 'fill') continue;
    if (tradeSequence !== last + 1) {
      throw new RefusedPackError(
        'tradeSequence',
        `item ${pack.firstItem + index} of market ${pack.marketId} is trade ${tradeSequence}, and trade ${last + 1} has to follow`,
      );
    }
    if (first === 0) first = tradeSequence;
    last = tradeSequence;
  }
  return first === 0 ? { first: 0, last: 0 } : { first, last };
}

/** Throws RefusedPackError unless the items are in the order of the journal, within the sequences that the pack names. */
export function checkOrder(pack: AccountPack): void {
  let least = pack.firstSequence;
  for (const [index, { sequence }] of pack.items.entries()) {
    if (sequence < least || sequence > pack.lastSequence) {
      throw new RefusedPackError(
        'order',
        `item ${pack.firstItem + index} of shard ${pack.shardId} is of sequence ${sequence}, and must be from ${least} to ${pack.lastSequence}`,
      );
    }
    least = sequence;
  }
}

function faultOf({ maker, taker }: MarketItem, worth: TickLotWorth): string | null {
  if (maker.deltaLots + taker.deltaLots !== 0) {
    return `lots of maker and taker are ${maker.deltaLots} and ${taker.deltaLots}, and must cancel out`;
  }
  const dust = dustOf(maker, taker, worth);
  if (dust >= 0 && dust < ROUNDINGS * worth.denominator) return null;
  return (
    `changes of ${maker.deltaEntryTickLots} and ${taker.deltaEntryTickLots} tick·lots at ${worth.numerator}/${worth.denominator} micro-USD ` +
    `do not give the profits ${maker.realizedMicroUsd} and ${taker.realizedMicroUsd}`
  );
}

/** What rounding down has left, in 1/denominator micro-USD; exact wherever it is small enough to be allowed. */
function dustOf(maker: ItemSide, taker: ItemSide, worth: TickLotWorth): number {
  const entry = maker.deltaEntryTickLots + taker.deltaEntryTickLots;
  const realized = maker.realizedMicroUsd + taker.realizedMicroUsd;
  const value = entry * worth.numerator;
  const paid = realized * worth.denominator;
  if (isExact(entry) && isExact(realized) && isExact(value) && isExact(paid)) return value - paid;
  const exactEntry = BigInt(maker.deltaEntryTickLots) + BigInt(taker.deltaEntryTickLots);
  const exactRealized = BigInt(maker.realizedMicroUsd) + BigInt(taker.realizedMicroUsd);
  return Number(exactEntry * BigInt(worth.numerator) - exactRealized * BigInt(worth.denominator));
}

function isExact(value: number): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER;
}
