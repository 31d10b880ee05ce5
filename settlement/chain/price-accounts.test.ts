import { base58 } from '@scure/base';
import { Keypair, PublicKey } from '@solana/web3.js';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { EmbeddedOperator } from './embedded-operator.js';
import {
  decodePriceUpdate,
  encodePriceUpdate,
  PYTH_RECEIVER,
  priceAccountAddress,
} from './price-accounts.js';
import { ChainUnderTest, OPERATOR_TOKEN } from './testing/chain-under-test.js';
import { recordedPriceAccounts } from './testing/price-accounts.js';
import { removeScratch } from './testing/scratch.js';

afterAll(removeScratch);

describe('a price account', () => {
  it.each(recordedPriceAccounts)(
    'of the main network is read and written byte by byte: $source',
    (recorded) => {
      const bytes = Buffer.from(recorded.base64, 'base64');
      const update = decodePriceUpdate(bytes);
      expect(update).toEqual({
        writeAuthority: base58.encode(Buffer.from(recorded.writeAuthority, 'hex')),
        partialSignatures: null,
        feedId: recorded.feedId,
        price: recorded.price,
        conf: recorded.conf,
        exponent: recorded.exponent,
        publishTime: recorded.publishTime,
        previousPublishTime: recorded.prevPublishTime,
        emaPrice: recorded.emaPrice,
        emaConf: recorded.emaConf,
        postedSlot: recorded.postedSlot,
      });
      expect(encodePriceUpdate(update).equals(bytes)).toBe(true);
    },
  );

  it('is what was written, whatever it is', () => {
    const hex = fc.uint8Array({ minLength: 32, maxLength: 32 });
    const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
    const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const time = fc.integer({ min: 0, max: 2 ** 40 });
    const update = fc.record({
      writeAuthority: hex.map((bytes) => base58.encode(bytes)),
      partialSignatures: fc.option(fc.integer({ min: 0, max: 255 })),
      feedId: hex.map((bytes) => Buffer.from(bytes).toString('hex')),
      price: i64,
      conf: u64,
      exponent: fc.integer({ min: -18, max: 18 }),
      publishTime: time,
      previousPublishTime: time,
      emaPrice: i64,
      emaConf: u64,
      postedSlot: time,
    });
    fc.assert(
      fc.property(update, (one) => {
        expect(decodePriceUpdate(encodePriceUpdate(one))).toEqual(one);
      }),
    );
  });

  it.each([
    [(bytes: Buffer) => bytes.subarray(1), /has 134 bytes, this one has 133/],
    [(bytes: Buffer) => Buffer.from(bytes).fill(1, 3, 4), /mark of PriceUpdateV2/],
    [(bytes: Buffer) => Buffer.from(bytes).fill(2, 40, 41), /verification level is 2/],
  ])('that is none is refused (%#)', (change, sentence) => {
    const bytes = Buffer.from(recordedPriceAccounts[0]?.base64 ?? '', 'base64');
    expect(() => decodePriceUpdate(change(bytes))).toThrow(sentence);
  });

  it('of the main network lies where the address of its feed is worked out', () => {
    const solana = 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d';
    const address = priceAccountAddress(solana).toBase58();
    expect(address).toBe('7UVimffxr9ow1uXYxsr4LHAcV58mLzhmwaeKvJ1pjLiE');
    expect(() => priceAccountAddress('0x12')).toThrow(/feedId is 0x12; it must be 64 hexa/);
  });

  it('can be posted on an embedded chain, under the owner of real ones', async () => {
    const test = new ChainUnderTest();
    const operator = new EmbeddedOperator({
      url: 'http://chain',
      token: OPERATOR_TOKEN,
      fetch: test.front.fetch,
    });
    const update = decodePriceUpdate(Buffer.from(recordedPriceAccounts[0]?.base64 ?? '', 'base64'));
    const address = Keypair.generate().publicKey.toBase58();
    await operator.postPrice(address, { ...update, price: 7n });
    const found = await test.connection.getAccountInfo(new PublicKey(address));
    expect(found?.owner.toBase58()).toBe(PYTH_RECEIVER);
    expect(decodePriceUpdate(found?.data as Buffer)).toEqual({ ...update, price: 7n });
    const stranger = new EmbeddedOperator({
      url: 'http://chain',
      token: 'x',
      fetch: test.front.fetch,
    });
    await expect(stranger.postPrice(address, update)).rejects.toThrow(/needs the token/);
    expect((await operator.describe()).genesisHash).toBe(test.chain.genesis.hash);
    await test.chain.close();
  });
});
