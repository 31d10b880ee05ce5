import { crc32c } from '@node-rs/crc32';
import { putInteger, takeInteger } from './integer-fields.js';
import { PackError, within } from './pack-error.js';

/** "PLPK" as bytes in this order. */
const MAGIC = 0x4b504c50;
const VERSION = 1;
export const HEADER_BYTES = 72;
/** CRC32C of all bytes before it. */
const TRAILER_BYTES = 4;
/** What the bus takes. */
export const PACK_BYTES_MAX = 1_000_000;

export const KIND_MARKET = 1;
export const KIND_ACCOUNT = 2;
export const KIND_PRICE = 3;

export const UINT32_MAX = 2 ** 32 - 1;
const UINT16_MAX = 2 ** 16 - 1;

/**
 * Little-endian. 0 magic, 4 u8 version, 5 u8 kind, 6 u16 market, 8 u32 bytes of the whole pack, 12 u32 shard, 16 u32 items, 20 u32 zero, then
 * i64 each: 24 epoch, 32 first item, 40 last item, 48 first sequence, 56 last sequence, 64 time in ms. Behind the body u32 CRC32C of everything before.
 */
export interface PackHeader {
  kind: number;
  marketId: number;
  shardId: number;
  items: number;
  epoch: number;
  firstItem: number;
  lastItem: number;
  firstSequence: number;
  lastSequence: number;
  timeMs: number;
}

export interface NewPack {
  bytes: Uint8Array;
  view: DataView;
}

/** A pack with its header; the body is to be written behind it, then `seal` be called. */
export function openPack(header: PackHeader, bodyBytes: number): NewPack {
  checkHeader(header);
  const length = HEADER_BYTES + bodyBytes + TRAILER_BYTES;
  within('length of the pack', length, 0, PACK_BYTES_MAX);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  bytes[4] = VERSION;
  bytes[5] = header.kind;
  view.setUint16(6, header.marketId, true);
  view.setUint32(8, length, true);
  view.setUint32(12, header.shardId, true);
  view.setUint32(16, header.items, true);
  for (const [i, field] of WIDE_FIELDS.entries())
    putInteger(view, 24 + i * 8, field, header[field]);
  return { bytes, view };
}

export function sealPack({ bytes, view }: NewPack): Uint8Array {
  const end = bytes.length - TRAILER_BYTES;
  view.setUint32(end, crc32c(bytes.subarray(0, end)), true);
  return bytes;
}

/** Checks everything that does not need the body: magic, version, length, CRC, ranges. */
export function readHeader(bytes: Uint8Array): { header: PackHeader; view: DataView } {
  if (bytes.length < 5) throw truncated(bytes.length, HEADER_BYTES + TRAILER_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const magic = view.getUint32(0, true);
  if (magic !== MAGIC) {
    throw new PackError('bad_magic', `a pack begins with PLPK, these bytes with ${hex(magic)}`);
  }
  if (bytes[4] !== VERSION) {
    throw new PackError(
      'unknown_version',
      `version ${bytes[4]} of a pack is not ${VERSION}, which this release reads`,
    );
  }
  if (bytes.length < HEADER_BYTES + TRAILER_BYTES) {
    throw truncated(bytes.length, HEADER_BYTES + TRAILER_BYTES);
  }
  const length = view.getUint32(8, true);
  if (bytes.length < length) throw truncated(bytes.length, length);
  within('length of the pack', length, bytes.length, bytes.length);
  const end = length - TRAILER_BYTES;
  const [stored, computed] = [view.getUint32(end, true), crc32c(bytes.subarray(0, end))];
  if (stored !== computed) {
    throw new PackError('bad_crc', `the pack has CRC ${hex(computed)}, it says ${hex(stored)}`);
  }
  return { header: takeHeader(bytes, view), view };
}

/** `what` has to be exactly so many bytes as the pack has for its body. */
export function checkBody(view: DataView, bodyBytes: number): void {
  const actual = view.byteLength - HEADER_BYTES - TRAILER_BYTES;
  within('length of the items', bodyBytes, actual, actual);
}

/** Bytes of the body that are left behind `at`. */
export function bytesLeft(view: DataView, at: number): number {
  return view.byteLength - TRAILER_BYTES - at;
}

type WideField = 'epoch' | 'firstItem' | 'lastItem' | 'firstSequence' | 'lastSequence' | 'timeMs';
const WIDE_FIELDS: readonly WideField[] = [
  'epoch',
  'firstItem',
  'lastItem',
  'firstSequence',
  'lastSequence',
  'timeMs',
];

function takeHeader(bytes: Uint8Array, view: DataView): PackHeader {
  within('the reserved word', view.getUint32(20, true), 0, 0);
  const header: PackHeader = {
    kind: bytes[5] as number,
    marketId: view.getUint16(6, true),
    shardId: view.getUint32(12, true),
    items: view.getUint32(16, true),
    epoch: 0,
    firstItem: 0,
    lastItem: 0,
    firstSequence: 0,
    lastSequence: 0,
    timeMs: 0,
  };
  for (const [i, field] of WIDE_FIELDS.entries()) {
    header[field] = takeInteger(view, 24 + i * 8, field);
  }
  checkHeader(header);
  return header;
}

function checkHeader(header: PackHeader): void {
  const { kind, items, firstItem, firstSequence } = header;
  if (kind !== KIND_MARKET && kind !== KIND_ACCOUNT && kind !== KIND_PRICE) {
    throw new PackError('unknown_kind', `a pack of kind ${kind} is not known`);
  }
  const isOfMarket = kind !== KIND_ACCOUNT;
  within('marketId', header.marketId, isOfMarket ? 1 : 0, isOfMarket ? UINT16_MAX - 1 : 0);
  within('shardId', header.shardId, 0, UINT32_MAX);
  within('number of items', items, kind === KIND_MARKET ? 1 : 0, UINT32_MAX);
  within('epoch', header.epoch, 0, Number.MAX_SAFE_INTEGER);
  const isNumbered = kind !== KIND_PRICE;
  within('firstItem', firstItem, isNumbered ? 1 : 0, isNumbered ? Number.MAX_SAFE_INTEGER : 0);
  const lastItem = isNumbered ? firstItem + items - 1 : 0;
  within('lastItem', header.lastItem, lastItem, lastItem);
  within('firstSequence', firstSequence, 0, Number.MAX_SAFE_INTEGER);
  within('lastSequence', header.lastSequence, firstSequence, Number.MAX_SAFE_INTEGER);
  within('timeMs', header.timeMs, 0, Number.MAX_SAFE_INTEGER);
}

function truncated(actual: number, needed: number): PackError {
  return new PackError('truncated', `a pack of ${needed} bytes is needed, but there are ${actual}`);
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
