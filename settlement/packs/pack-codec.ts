import { PRICE_TICKS_MAX } from '../../engine/units/units.js';
import { accountItemBytes, putAccountItem, takeAccountItem } from './account-items.js';
import { putInteger, takeInteger } from './integer-fields.js';
import { marketEndsBytes, putMarketEnds, takeMarketEnds } from './market-ends.js';
import { MARKET_ITEM_BYTES, putMarketItem, takeMarketItem } from './market-items.js';
import { within } from './pack-error.js';
import {
  bytesLeft,
  checkBody,
  HEADER_BYTES,
  KIND_ACCOUNT,
  KIND_MARKET,
  KIND_PRICE,
  openPack,
  type PackHeader,
  readHeader,
  sealPack,
} from './pack-header.js';
import type {
  AccountItem,
  AccountPack,
  MarketItem,
  MarketPack,
  Pack,
  PricePack,
} from './pack-types.js';

/** Behind the header of a price: u32 index, u32 mark, i64 time of publication. */
const PRICE_BYTES = 16;

/** How the items of a kind of pack are written, for whoever keeps them as bytes. */
export interface ItemWriter<Item> {
  readonly packKind: number;
  bytesOf(item: Item): number;
  /** Into bytes that are zero. Throws PackError `out_of_range`. */
  put(view: DataView, at: number, item: Item): void;
}

export const MARKET_ITEMS: ItemWriter<MarketItem> = {
  packKind: KIND_MARKET,
  bytesOf: () => MARKET_ITEM_BYTES,
  put: putMarketItem,
};

export const ACCOUNT_ITEMS: ItemWriter<AccountItem> = {
  packKind: KIND_ACCOUNT,
  bytesOf: accountItemBytes,
  put: putAccountItem,
};

/** A pack of items that are bytes already; the same bytes as `encodePack` makes of them. Throws PackError `out_of_range`. */
export function packItems(header: PackHeader, body: Uint8Array): Uint8Array {
  const made = openPack(header, body.length);
  made.bytes.set(body, HEADER_BYTES);
  return sealPack(made);
}

/** Bytes of a pack of version 1 (pack-header.ts). Equal packs are equal bytes. Throws PackError `out_of_range`. */
export function encodePack(pack: Pack): Uint8Array {
  if (pack.kind === 'market') return encodeMarket(pack);
  return pack.kind === 'account' ? encodeAccount(pack) : encodePrice(pack);
}

/**
 * Throws PackError, and nothing else, when the bytes are not a whole and sound pack of a version that this release reads. `pool`: items that
 * nobody needs any more, which those of a market's pack are written over; it grows to the largest pack. *Reason:* who looks at many packs
 * and keeps none would spend half of the time on fresh memory.
 */
export function decodePack(bytes: Uint8Array, pool: MarketItem[] = []): Pack {
  const { header, view } = readHeader(bytes);
  if (header.kind === KIND_MARKET) return decodeMarket(header, view, pool);
  return header.kind === KIND_ACCOUNT ? decodeAccount(header, view) : decodePrice(header, view);
}

function encodeMarket(pack: MarketPack): Uint8Array {
  const { items } = pack;
  const header = { ...numbersOf(pack), kind: KIND_MARKET, marketId: pack.marketId };
  const made = openPack({ ...header, items: items.length }, items.length * MARKET_ITEM_BYTES);
  let at = HEADER_BYTES;
  for (const item of items) {
    putMarketItem(made.view, at, item);
    at += MARKET_ITEM_BYTES;
  }
  return sealPack(made);
}

function decodeMarket(header: PackHeader, view: DataView, pool: MarketItem[]): MarketPack {
  checkBody(view, header.items * MARKET_ITEM_BYTES);
  for (let i = 0; i < header.items; i++) {
    pool[i] = takeMarketItem(view, HEADER_BYTES + i * MARKET_ITEM_BYTES, pool[i]);
  }
  const items = pool.slice(0, header.items);
  return { kind: 'market', marketId: header.marketId, ...numbersOf(header), items };
}

function encodeAccount(pack: AccountPack): Uint8Array {
  const { items, marketEnds } = pack;
  if (marketEnds !== undefined) within('number of items of a watermark', items.length, 0, 0);
  const endsBytes = marketEnds === undefined ? 0 : marketEndsBytes(marketEnds);
  const bodyBytes = items.reduce((sum, item) => sum + accountItemBytes(item), endsBytes);
  const header = { ...numbersOf(pack), kind: KIND_ACCOUNT, marketId: 0, items: items.length };
  const made = openPack(header, bodyBytes);
  let at = HEADER_BYTES;
  for (const item of items) at = putAccountItem(made.view, at, item);
  if (marketEnds !== undefined) putMarketEnds(made.view, at, marketEnds);
  return sealPack(made);
}

function decodeAccount(header: PackHeader, view: DataView): AccountPack {
  const items: AccountItem[] = [];
  let at = HEADER_BYTES;
  for (let left = header.items; left > 0; left--) {
    const { item, next } = takeAccountItem(view, at);
    items.push(item);
    at = next;
  }
  const pack: AccountPack = { kind: 'account', ...numbersOf(header), items };
  // One of an earlier release ends here.
  if (header.items === 0 && bytesLeft(view, at) > 0) {
    const { ends, next } = takeMarketEnds(view, at);
    pack.marketEnds = ends;
    at = next;
  }
  checkBody(view, at - HEADER_BYTES);
  return pack;
}

function encodePrice(pack: PricePack): Uint8Array {
  const { marketId, shardId, sequence, timeMs } = pack;
  const header: PackHeader = {
    kind: KIND_PRICE,
    marketId,
    shardId,
    items: 0,
    epoch: 0,
    firstItem: 0,
    lastItem: 0,
    firstSequence: sequence,
    lastSequence: sequence,
    timeMs,
  };
  const made = openPack(header, PRICE_BYTES);
  made.view.setUint32(HEADER_BYTES, ticks('indexTicks', pack.indexTicks), true);
  made.view.setUint32(HEADER_BYTES + 4, ticks('markTicks', pack.markTicks), true);
  putInteger(made.view, HEADER_BYTES + 8, 'publishTimeMs', pack.publishTimeMs);
  return sealPack(made);
}

function decodePrice(header: PackHeader, view: DataView): PricePack {
  const { marketId, shardId, firstSequence, timeMs } = header;
  checkBody(view, PRICE_BYTES);
  within('number of items', header.items, 0, 0);
  within('lastSequence', header.lastSequence, firstSequence, firstSequence);
  within('epoch', header.epoch, 0, 0);
  return {
    kind: 'price',
    marketId,
    shardId,
    sequence: firstSequence,
    timeMs,
    indexTicks: ticks('indexTicks', view.getUint32(HEADER_BYTES, true)),
    markTicks: ticks('markTicks', view.getUint32(HEADER_BYTES + 4, true)),
    publishTimeMs: takeInteger(view, HEADER_BYTES + 8, 'publishTimeMs'),
  };
}

function numbersOf(pack: Omit<PackHeader, 'kind' | 'marketId' | 'items'>) {
  const { shardId, epoch, firstItem, lastItem, firstSequence, lastSequence, timeMs } = pack;
  return { shardId, epoch, firstItem, lastItem, firstSequence, lastSequence, timeMs };
}

function ticks(field: string, value: number): number {
  return within(field, value, 0, PRICE_TICKS_MAX);
}
