import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import { PublicKey } from '@solana/web3.js';

/** Owner of price accounts on every network of Solana. */
export const PYTH_RECEIVER = 'rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ';
export const PRICE_ACCOUNT_BYTES = 134;
/** Keeps one account for each feed up to date and lets anybody post to it. */
const PYTH_PUSH_ORACLE = new PublicKey('pythWSnswVUd12oZpeFP8e9CVaEqJg25g1Vtc2biRsT');

/** A `PriceUpdateV2` account. Prices are integers times 10^exponent; times are unix seconds. */
export interface PriceUpdate {
  /** Who may overwrite the account; base58. */
  writeAuthority: string;
  /** How many guardians' signatures were checked; null: as many as there have to be. */
  partialSignatures: number | null;
  /** Hex, 32 bytes. */
  feedId: string;
  price: bigint;
  conf: bigint;
  exponent: number;
  publishTime: number;
  previousPublishTime: number;
  emaPrice: bigint;
  emaConf: bigint;
  postedSlot: number;
}

/** Bytes that are no price account, or a price that no account can hold. */
export class PriceAccountError extends Error {
  override readonly name = 'PriceAccountError';
}

const DISCRIMINATOR = createHash('sha256').update('account:PriceUpdateV2').digest().subarray(0, 8);
const PARTIAL = 0;
const FULL = 1;
/** Discriminator, authority and the shorter form of the level. */
const MESSAGE_AT = 41;

/** Where Pyth keeps the price of a feed (hex) on every network; an embedded chain uses the same address. */
export function priceAccountAddress(feedId: string, shard = 0): PublicKey {
  const shardSeed = Buffer.alloc(2);
  shardSeed.writeUInt16LE(shard);
  const seeds = [shardSeed, feedBytes(feedId)];
  return PublicKey.findProgramAddressSync(seeds, PYTH_PUSH_ORACLE)[0];
}

/**
 * The 134 bytes of an account. Layout (Borsh, little-endian): discriminator 8, write authority 32,
 * level 1 or 2, feed 32, price i64, conf u64, exponent i32, publish time i64, previous publish time i64,
 * EMA price i64, EMA conf u64, posted slot u64; the full level is one byte shorter, and one zero ends it.
 */
export function encodePriceUpdate(update: PriceUpdate): Buffer {
  const bytes = Buffer.alloc(PRICE_ACCOUNT_BYTES);
  bytes.set(DISCRIMINATOR, 0);
  bytes.set(base58.decode(update.writeAuthority), 8);
  const { partialSignatures } = update;
  bytes.writeUInt8(partialSignatures === null ? FULL : PARTIAL, 40);
  if (partialSignatures !== null) bytes.writeUInt8(partialSignatures, 41);
  const at = partialSignatures === null ? MESSAGE_AT : MESSAGE_AT + 1;
  bytes.set(feedBytes(update.feedId), at);
  try {
    bytes.writeBigInt64LE(update.price, at + 32);
    bytes.writeBigUInt64LE(update.conf, at + 40);
    bytes.writeInt32LE(update.exponent, at + 48);
    bytes.writeBigInt64LE(BigInt(update.publishTime), at + 52);
    bytes.writeBigInt64LE(BigInt(update.previousPublishTime), at + 60);
    bytes.writeBigInt64LE(update.emaPrice, at + 68);
    bytes.writeBigUInt64LE(update.emaConf, at + 76);
    bytes.writeBigUInt64LE(BigInt(update.postedSlot), at + 84);
  } catch (error) {
    throw new PriceAccountError(
      `a field of the price is out of range: ${(error as Error).message}`,
    );
  }
  return bytes;
}

/** Throws PriceAccountError. The owner of the account is for the caller to check. */
export function decodePriceUpdate(data: Uint8Array): PriceUpdate {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (bytes.length !== PRICE_ACCOUNT_BYTES) {
    throw new PriceAccountError(
      `a price account has ${PRICE_ACCOUNT_BYTES} bytes, this one has ${bytes.length}`,
    );
  }
  if (!bytes.subarray(0, 8).equals(DISCRIMINATOR)) {
    throw new PriceAccountError('the account does not begin with the mark of PriceUpdateV2');
  }
  const level = bytes.readUInt8(40);
  if (level !== PARTIAL && level !== FULL) {
    throw new PriceAccountError(`the verification level is ${level}; known are 0 and 1`);
  }
  const at = level === FULL ? MESSAGE_AT : MESSAGE_AT + 1;
  return {
    writeAuthority: base58.encode(bytes.subarray(8, 40)),
    partialSignatures: level === FULL ? null : bytes.readUInt8(41),
    feedId: bytes.subarray(at, at + 32).toString('hex'),
    price: bytes.readBigInt64LE(at + 32),
    conf: bytes.readBigUInt64LE(at + 40),
    exponent: bytes.readInt32LE(at + 48),
    publishTime: Number(bytes.readBigInt64LE(at + 52)),
    previousPublishTime: Number(bytes.readBigInt64LE(at + 60)),
    emaPrice: bytes.readBigInt64LE(at + 68),
    emaConf: bytes.readBigUInt64LE(at + 76),
    postedSlot: Number(bytes.readBigUInt64LE(at + 84)),
  };
}

function feedBytes(feedId: string): Buffer {
  if (/^[0-9a-f]{64}$/.test(feedId)) return Buffer.from(feedId, 'hex');
  throw new PriceAccountError(`feedId is ${feedId}; it must be 64 hexadecimal digits`);
}
