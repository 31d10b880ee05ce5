import { putInteger, takeInteger } from './integer-fields.js';
import { within } from './pack-error.js';
import { bytesLeft, UINT32_MAX } from './pack-header.js';
import type { MarketEnd } from './pack-types.js';

const COUNT_BYTES = 4;
/** u32 market, i64 last item. */
const END_BYTES = 12;

export function marketEndsBytes(ends: readonly MarketEnd[]): number {
  return COUNT_BYTES + ends.length * END_BYTES;
}

/** u32 how many, then each; the markets go up. Throws PackError. */
export function putMarketEnds(view: DataView, from: number, ends: readonly MarketEnd[]): number {
  view.setUint32(from, ends.length, true);
  let at = from + COUNT_BYTES;
  for (const [i, { marketId, lastItem }] of ends.entries()) {
    view.setUint32(at, checkedMarket(marketId, ends[i - 1]?.marketId), true);
    putInteger(view, at + 4, 'lastItem', checkedItem(lastItem));
    at += END_BYTES;
  }
  return at;
}

/** Throws PackError. */
export function takeMarketEnds(view: DataView, from: number): { ends: MarketEnd[]; next: number } {
  within('length of the ends', bytesLeft(view, from), COUNT_BYTES, Number.MAX_SAFE_INTEGER);
  const count = view.getUint32(from, true);
  const at = from + COUNT_BYTES;
  within('number of ends', count, 0, Math.floor(bytesLeft(view, at) / END_BYTES));
  const ends: MarketEnd[] = [];
  for (let i = 0; i < count; i++) {
    const place = at + i * END_BYTES;
    const marketId = checkedMarket(view.getUint32(place, true), ends[i - 1]?.marketId);
    const lastItem = takeInteger(view, place + 4, 'lastItem');
    ends.push({ marketId, lastItem: checkedItem(lastItem) });
  }
  return { ends, next: at + count * END_BYTES };
}

/** One spelling of the same ends only. */
function checkedMarket(marketId: number, before = 0): number {
  return within('marketId', marketId, before + 1, UINT32_MAX);
}

function checkedItem(lastItem: number): number {
  return within('lastItem', lastItem, 1, Number.MAX_SAFE_INTEGER);
}
