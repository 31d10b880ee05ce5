import { type PublicKey, SystemProgram } from '@solana/web3.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UpdateError } from '../pyth/update-error.js';
import { buildPriceUpdate, buildPythnetPrice } from '../testing/account-builder.js';
import { recordedAccounts, sharedIsMissing } from '../testing/recorded-updates.js';
import type { AccountKind } from './account-kind.js';
import { priceUpdateAccounts, RECEIVER_PROGRAM } from './price-update-account.js';
import { PYTHNET_PROGRAM, pythnetAccounts } from './pythnet-account.js';

const SOL = 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d';
const SPEC = {
  feedId: SOL,
  price: 18_012_345_678n,
  confidence: 9n,
  publishTimeMs: 1_790_000_000_000,
};
const EXPECTED = {
  feedId: SOL,
  price: SPEC.price,
  confidence: 9n,
  exponent: -8,
  publishTimeMs: SPEC.publishTimeMs,
  emaPrice: SPEC.price,
  emaConfidence: 9n,
  slot: 42n,
};
const pushed = priceUpdateAccounts(0);
const missing = sharedIsMissing();

function withBytes(data: Buffer, at: number, hex: string): Buffer {
  const copy = Buffer.from(data);
  copy.write(hex, at, 'hex');
  return copy;
}

function faultOf(kind: AccountKind, owner: PublicKey, data: Buffer): string {
  try {
    kind.read({ owner, data }, SOL);
  } catch (error) {
    if (error instanceof UpdateError) return error.fault;
    throw error;
  }
  return 'believed';
}

describe('PriceUpdateV2 accounts', () => {
  const good = buildPriceUpdate(SPEC, 42n);

  it('are read when they are what they should be', () => {
    expect(pushed.read({ owner: RECEIVER_PROGRAM, data: good }, SOL)).toEqual(EXPECTED);
  });

  it('lie where the push oracle keeps the feed, by its shard', () => {
    const address = pushed.addressOf(SOL).toBase58();
    expect(address).toBe('7UVimffxr9ow1uXYxsr4LHAcV58mLzhmwaeKvJ1pjLiE');
    expect(priceUpdateAccounts(1).addressOf(SOL).toBase58()).not.toBe(address);
  });

  it.each([
    ['a foreign owner', SystemProgram.programId, good, 'account_owner_is_foreign'],
    ['another length', RECEIVER_PROGRAM, good.subarray(0, 133), 'account_is_malformed'],
    ['another type', RECEIVER_PROGRAM, withBytes(good, 0, '00'), 'account_is_malformed'],
    [
      'some signatures',
      RECEIVER_PROGRAM,
      withBytes(good, 40, '0005'),
      'account_is_not_fully_verified',
    ],
    [
      'an unknown level',
      RECEIVER_PROGRAM,
      withBytes(good, 40, '02'),
      'account_is_not_fully_verified',
    ],
    ['another feed', RECEIVER_PROGRAM, withBytes(good, 41, '00'), 'account_feed_is_foreign'],
    [
      'a negative time',
      RECEIVER_PROGRAM,
      withBytes(good, 100, 'ff'),
      'publish_time_is_beyond_limit',
    ],
  ])('are not believed with %s', (_name, owner, data, fault) => {
    expect(faultOf(pushed, owner, data)).toBe(fault);
  });

  it.skipIf(missing !== null)(
    `of mainnet are read as others read them (${missing ?? 'all 5'})`,
    () => {
      const accounts = recordedAccounts();
      expect(accounts).toHaveLength(5);
      for (const { base64, feedId, price, conf, exponent, publishTime, postedSlot } of accounts) {
        const data = Buffer.from(base64, 'base64');
        expect(pushed.read({ owner: RECEIVER_PROGRAM, data }, feedId)).toMatchObject({
          price: BigInt(price),
          confidence: BigInt(conf),
          exponent,
          publishTimeMs: publishTime * 1000,
          slot: BigInt(postedSlot),
        });
      }
    },
  );
});

describe('price accounts of Pythnet', () => {
  const good = buildPythnetPrice(SPEC, 42n);

  it('are read when they are what they should be', () => {
    expect(pythnetAccounts.read({ owner: PYTHNET_PROGRAM, data: good }, SOL)).toEqual(EXPECTED);
  });

  it('lie at the address that a feed id is', () => {
    const btc = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43';
    const address = pythnetAccounts.addressOf(btc).toBase58();
    expect(address).toBe('GVXRSBjFk6e6J3NbVPXohDJetcTjaeeuykUpbQF8UoMU');
  });

  it.each([
    ['a foreign owner', RECEIVER_PROGRAM, good, 'account_owner_is_foreign'],
    ['an end too soon', PYTHNET_PROGRAM, good.subarray(0, 239), 'account_is_malformed'],
    ['another magic', PYTHNET_PROGRAM, withBytes(good, 0, '00'), 'account_is_malformed'],
    ['another version', PYTHNET_PROGRAM, withBytes(good, 4, '01'), 'account_is_malformed'],
    ['another type', PYTHNET_PROGRAM, withBytes(good, 8, '02'), 'account_is_malformed'],
    [
      'more publishers than bytes',
      PYTHNET_PROGRAM,
      withBytes(good, 24, 'ffffffff'),
      'account_is_malformed',
    ],
    ['trading halted', PYTHNET_PROGRAM, buildPythnetPrice(SPEC, 1n, 2), 'account_is_not_trading'],
    [
      'an unknown status',
      PYTHNET_PROGRAM,
      buildPythnetPrice(SPEC, 1n, 77),
      'account_is_not_trading',
    ],
  ])('are not believed with %s', (_name, owner, data, fault) => {
    expect(faultOf(pythnetAccounts, owner, data)).toBe(fault);
  });
});

it('whatever bytes an account has, it is read or refused with a fault of its own', () => {
  const bytes = fc.uint8Array({ maxLength: 400 }).map((garbage) => Buffer.from(garbage));
  const heads = fc.constantFrom(buildPriceUpdate(SPEC), buildPythnetPrice(SPEC));
  const damaged = fc
    .tuple(heads, fc.nat(133), fc.uint8Array({ minLength: 1, maxLength: 16 }))
    .map(([head, at, garbage]) => withBytes(head, at, Buffer.from(garbage).toString('hex')));
  fc.assert(
    fc.property(fc.oneof(bytes, damaged), (data) => {
      faultOf(pushed, RECEIVER_PROGRAM, data);
      faultOf(pythnetAccounts, PYTHNET_PROGRAM, data);
    }),
    { numRuns: 500 },
  );
});
