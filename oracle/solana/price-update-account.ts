import { PublicKey } from '@solana/web3.js';
import { publishTimeMsOf } from '../pyth/price-message.js';
import { UpdateError } from '../pyth/update-error.js';
import type { AccountKind, AccountPrice, AccountState } from './account-kind.js';

/** Pyth's receiver, which checks guardians' signatures on chain and owns what it has checked. */
export const RECEIVER_PROGRAM = new PublicKey('rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ');
/** Keeps one account a feed up to date, and only with newer prices. */
export const PUSH_ORACLE_PROGRAM = new PublicKey('pythWSnswVUd12oZpeFP8e9CVaEqJg25g1Vtc2biRsT');
/** sha256("account:PriceUpdateV2"), first 8 bytes. */
const DISCRIMINATOR = '22f123639d7ef4cd';
export const PRICE_UPDATE_BYTES = 134;
const LEVEL_OFFSET = 40;
/** Partial has a count of signatures behind it and then is one byte longer; an account always has room for that. */
const LEVEL_FULL = 1;
const MESSAGE_OFFSET = 41;

/** Accounts of type `PriceUpdateV2` on Solana, those of the push oracle with this shard number. */
export function priceUpdateAccounts(shard: number): AccountKind {
  const seed = Buffer.alloc(2);
  seed.writeUInt16LE(shard);
  return {
    addressOf: (feedId) => {
      const seeds = [seed, Buffer.from(feedId, 'hex')];
      return PublicKey.findProgramAddressSync(seeds, PUSH_ORACLE_PROGRAM)[0];
    },
    read: readPriceUpdate,
  };
}

/**
 * Believes an account or not: owner, length, discriminator, verification by all guardians of the quorum, feed. Layout: little-endian Borsh of
 * write authority, level, price message, slot. Throws an UpdateError.
 */
export function readPriceUpdate({ owner, data }: AccountState, feedId: string): AccountPrice {
  if (!owner.equals(RECEIVER_PROGRAM)) {
    const sentence = `owner must be ${RECEIVER_PROGRAM.toBase58()}, but is ${owner.toBase58()}`;
    throw new UpdateError('account_owner_is_foreign', sentence);
  }
  if (data.length !== PRICE_UPDATE_BYTES) {
    const sentence = `it must have ${PRICE_UPDATE_BYTES} bytes, but has ${data.length}`;
    throw new UpdateError('account_is_malformed', sentence);
  }
  const discriminator = data.toString('hex', 0, 8);
  if (discriminator !== DISCRIMINATOR) {
    const sentence = `discriminator must be ${DISCRIMINATOR}, but is ${discriminator}`;
    throw new UpdateError('account_is_malformed', sentence);
  }
  const level = data.readUInt8(LEVEL_OFFSET);
  if (level !== LEVEL_FULL) {
    const sentence = `verification level must be ${LEVEL_FULL} (Full), but is ${level}`;
    throw new UpdateError('account_is_not_fully_verified', sentence);
  }
  return readMessage(data, MESSAGE_OFFSET, feedId);
}

function readMessage(data: Buffer, at: number, wanted: string): AccountPrice {
  const feedId = data.toString('hex', at, at + 32);
  if (feedId !== wanted) {
    throw new UpdateError('account_feed_is_foreign', `it must be ${wanted}, but is ${feedId}`);
  }
  return {
    feedId,
    price: data.readBigInt64LE(at + 32),
    confidence: data.readBigUInt64LE(at + 40),
    exponent: data.readInt32LE(at + 48),
    publishTimeMs: publishTimeMsOf(data.readBigInt64LE(at + 52)),
    // Publish time before: at + 60.
    emaPrice: data.readBigInt64LE(at + 68),
    emaConfidence: data.readBigUInt64LE(at + 76),
    slot: data.readBigUInt64LE(at + 84),
  };
}
