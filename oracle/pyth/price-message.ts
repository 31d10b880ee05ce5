import { ByteReader } from './byte-reader.js';
import { UpdateError } from './update-error.js';

/** A price as Pyth's messages and accounts state it: price × 10^exponent, give or take confidence × 10^exponent. */
export interface PythPrice {
  /** 32 bytes in lower-case hexadecimal. */
  feedId: string;
  price: bigint;
  confidence: bigint;
  exponent: number;
  publishTimeMs: number;
  emaPrice: bigint;
  emaConfidence: bigint;
}

const TYPE_PRICE_FEED = 0;
const FEED_ID_BYTES = 32;
const MS_PER_SECOND = 1000n;
/** The year 2286; what lies beyond is no time but damage. */
const PUBLISH_SECONDS_MAX = 10_000_000_000n;

/** Reads a message of the tree; null: not of type price feed (there are others, for averages). Throws an UpdateError. */
export function parsePriceMessage(bytes: Uint8Array): PythPrice | null {
  const reader = new ByteReader(bytes, 'message_is_malformed');
  if (reader.u8('message type') !== TYPE_PRICE_FEED) return null;
  const feedId = Buffer.from(reader.slice('feed id', FEED_ID_BYTES)).toString('hex');
  const price = reader.i64('price');
  const confidence = reader.u64('confidence');
  const exponent = reader.i32('exponent');
  const publishTimeMs = publishTimeMsOf(reader.i64('publish time'));
  reader.i64('publish time before');
  const emaPrice = reader.i64('average price');
  const emaConfidence = reader.u64('average confidence');
  // What newer versions append does not concern a price.
  return { feedId, price, confidence, exponent, publishTimeMs, emaPrice, emaConfidence };
}

/** Seconds of Unix time in milliseconds; throws an UpdateError when they are none of this age. */
export function publishTimeMsOf(seconds: bigint): number {
  if (seconds >= 0n && seconds <= PUBLISH_SECONDS_MAX) return Number(seconds * MS_PER_SECOND);
  const sentence = `it must be from 0 to ${PUBLISH_SECONDS_MAX} seconds, but is ${seconds}`;
  throw new UpdateError('publish_time_is_beyond_limit', sentence);
}
