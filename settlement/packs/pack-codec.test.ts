import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACCOUNT_ID_MAX,
  PPM_ONE,
  PRICE_TICKS_MAX,
  QTY_LOTS_MAX,
} from '../../engine/units/units.js';
import { decodePack, encodePack } from './pack-codec.js';
import { PackError, type PackErrorCode } from './pack-error.js';
import type { AccountItem, AccountPack, MarketItem, MarketPack, Pack } from './pack-types.js';
import { subjectOf } from './subjects.js';

const wide = fc.maxSafeInteger().map((value) => value + 0);
const natural = fc.maxSafeNat();
const account = fc.integer({ min: 1, max: ACCOUNT_ID_MAX });
const market = fc.integer({ min: 1, max: 0xfffe });
const positive = (max: number) => fc.integer({ min: 1, max });

const marketItem: fc.Arbitrary<MarketItem> = fc
  .record({
    kind: fc.constantFrom('fill', 'takeOver', 'deleveraging', 'settlement'),
    trade: positive(Number.MAX_SAFE_INTEGER),
    timeMs: natural,
    priceTicks: positive(PRICE_TICKS_MAX),
    qtyLots: positive(QTY_LOTS_MAX),
    takerSide: fc.constantFrom(0, 1),
    isLiquidation: fc.boolean(),
    accounts: fc.tuple(account, account),
    money: fc.tuple(wide, wide, wide, wide, wide, wide),
  })
  .map(({ kind, trade, accounts, money, ...rest }) => {
    const bought = rest.takerSide === 0 ? rest.qtyLots : -rest.qtyLots;
    const sides = [0, 1].map((i) => ({
      accountId: accounts[i] as number,
      deltaLots: i === 0 ? -bought : bought,
      deltaEntryTickLots: money[i * 3] as number,
      realizedMicroUsd: money[i * 3 + 1] as number,
      feeMicroUsd: money[i * 3 + 2] as number,
    }));
    const [maker, taker] = sides;
    return {
      kind,
      tradeSequence: kind === 'fill' ? trade : 0,
      ...rest,
      maker,
      taker,
    } as MarketItem;
  });

const origin = { timeMs: natural, sequence: positive(Number.MAX_SAFE_INTEGER) };
const ofKind = <K extends AccountItem['kind']>(kind: K) => ({ kind: fc.constant(kind), ...origin });
const cashKey = fc.option(fc.stringMatching(/^[0-9a-f]{32}$/).filter((key) => /[^0]/.test(key)));
const accountItem = fc.oneof(
  fc.record({
    ...ofKind('accountCreated'),
    accountId: account,
    parentId: fc.integer({ min: 0, max: ACCOUNT_ID_MAX }),
    publicKey: fc.option(fc.uint8Array({ minLength: 32, maxLength: 32 })),
  }),
  fc.record({
    ...ofKind('marketListed'),
    marketId: market,
    symbol: fc.stringMatching(/^[A-Z0-9-]{1,16}$/),
    tickMantissa: positive(PRICE_TICKS_MAX),
    tickDecimals: fc.integer({ min: 0, max: 12 }),
    lotMantissa: positive(PRICE_TICKS_MAX),
    lotDecimals: fc.integer({ min: 0, max: 12 }),
    microUsdNumerator: positive(2 ** 31),
    microUsdDenominator: positive(2 ** 31),
    priceTicksMax: positive(PRICE_TICKS_MAX),
    priceBandPpm: positive(PPM_ONE),
    initialMarginPpm: positive(PPM_ONE),
    maintenanceMarginPpm: positive(PPM_ONE),
  }),
  fc.record({
    ...ofKind('balance'),
    accountId: account,
    changeMicroUsd: wide,
    collateralMicroUsd: wide,
    cashKey,
  }),
  fc.record({
    ...ofKind('transfer'),
    accountId: account,
    toAccountId: account,
    amountMicroUsd: positive(Number.MAX_SAFE_INTEGER),
  }),
  fc.record({ ...ofKind('funding'), accountId: account, marketId: market, paymentMicroUsd: wide }),
  fc.record({
    ...ofKind('insurance'),
    accountId: account,
    marketId: market,
    paymentMicroUsd: wide,
  }),
  fc.record({ ...ofKind('insuranceFunded'), marketId: market, changeMicroUsd: wide, cashKey }),
) as fc.Arbitrary<AccountItem>;

const numbers = fc
  .record({
    shardId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    epoch: natural,
    firstItem: positive(2 ** 50),
    sequences: fc.tuple(natural, natural),
    timeMs: natural,
  })
  .map(({ sequences: [a, b], ...rest }) => {
    return { ...rest, firstSequence: Math.min(a, b), lastSequence: Math.max(a, b) };
  });

const marketPack: fc.Arbitrary<MarketPack> = fc
  .record({ numbers, marketId: market, items: fc.array(marketItem, { minLength: 1 }) })
  .map(({ numbers, marketId, items }) => {
    const lastItem = numbers.firstItem + items.length - 1;
    return { kind: 'market', marketId, ...numbers, lastItem, items };
  });
const accountPack: fc.Arbitrary<AccountPack> = fc
  .record({ numbers, items: fc.array(accountItem) })
  .map(({ numbers, items }) => {
    return { kind: 'account', ...numbers, lastItem: numbers.firstItem + items.length - 1, items };
  });
const ticks = fc.integer({ min: 0, max: PRICE_TICKS_MAX });
const pricePack = fc.record({
  kind: fc.constant('price' as const),
  marketId: market,
  shardId: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  sequence: natural,
  timeMs: natural,
  indexTicks: ticks,
  markTicks: ticks,
  publishTimeMs: wide,
});
const anyPack: fc.Arbitrary<Pack> = fc.oneof(marketPack, accountPack, pricePack);

function codeOf(decode: () => unknown): PackErrorCode | null {
  try {
    decode();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(PackError);
    return (error as PackError).code;
  }
}

/** As if somebody had written this on purpose. */
function reseal(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  view.setUint32(bytes.length - 4, crc32c(bytes.subarray(0, bytes.length - 4)), true);
  return bytes;
}

const price: Pack = {
  kind: 'price',
  marketId: 7,
  shardId: 2,
  sequence: 1_000,
  timeMs: 1_767_225_600_000,
  indexTicks: 5,
  markTicks: 6,
  publishTimeMs: 1_767_225_599_000,
};

describe('the codec of packs', () => {
  it('gives back what it was given, and equal packs are equal bytes', () => {
    const check = (pack: Pack) => {
      const bytes = encodePack(pack);
      expect(decodePack(bytes)).toEqual(pack);
      // Also from the middle of another buffer, as a network client hands it out.
      const inside = new Uint8Array(bytes.length + 7);
      inside.set(bytes, 3);
      expect(decodePack(inside.subarray(3, 3 + bytes.length))).toEqual(pack);
      expect(encodePack(decodePack(bytes))).toEqual(bytes);
    };
    fc.assert(fc.property(anyPack, check), { numRuns: 300 });
  });

  it('says nothing but PackError about bytes that are none', () => {
    const check = (bytes: Uint8Array) => {
      expect(codeOf(() => decodePack(bytes))).not.toBeNull();
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 500 });
  });

  it('refuses every pack with a changed byte, and every one that is cut off', () => {
    const change = fc.tuple(anyPack, fc.nat(), fc.integer({ min: 1, max: 255 }));
    const check = ([pack, where, by]: [Pack, number, number]) => {
      const bytes = encodePack(pack);
      const at = where % bytes.length;
      expect(codeOf(() => decodePack(bytes.subarray(0, at)))).toBe('truncated');
      bytes[at] = (bytes[at] as number) ^ by;
      expect(codeOf(() => decodePack(bytes))).not.toBeNull();
    };
    fc.assert(fc.property(change, check), { numRuns: 500 });
  });

  it('says nothing but PackError about a pack that was changed and sealed again', () => {
    const change = fc.tuple(anyPack, fc.nat(), fc.integer({ min: 1, max: 255 }));
    let refused = 0;
    const check = ([pack, where, by]: [Pack, number, number]) => {
      const bytes = encodePack(pack);
      const at = where % (bytes.length - 4);
      bytes[at] = (bytes[at] as number) ^ by;
      if (codeOf(() => decodePack(reseal(bytes))) !== null) refused++;
      else expect(encodePack(decodePack(bytes))).toEqual(bytes);
    };
    fc.assert(fc.property(change, check), { numRuns: 1_000 });
    expect(refused).toBeGreaterThan(100);
  });

  it('names what is wrong', () => {
    const changed = (at: number, value: number) => {
      const bytes = encodePack(price);
      bytes[at] = value;
      return bytes;
    };
    expect(codeOf(() => decodePack(new Uint8Array(0)))).toBe('truncated');
    expect(codeOf(() => decodePack(changed(0, 0)))).toBe('bad_magic');
    expect(codeOf(() => decodePack(changed(4, 2)))).toBe('unknown_version');
    expect(codeOf(() => decodePack(changed(70, 1)))).toBe('bad_crc');
    expect(codeOf(() => decodePack(reseal(changed(5, 9))))).toBe('unknown_kind');
    expect(codeOf(() => decodePack(reseal(changed(6, 0))))).toBe('out_of_range');
    const [longer, bytes] = [new Uint8Array(200), encodePack(price)];
    longer.set(bytes);
    expect(codeOf(() => decodePack(longer))).toBe('out_of_range');
    expect(() => decodePack(changed(4, 2))).toThrow(/version 2 of a pack is not 1/);
    expect(() => encodePack({ ...price, markTicks: -1 })).toThrow(
      'markTicks must be an integer from 0 to 2147483647, but is -1',
    );
  });

  it('refuses to write what nobody could read', () => {
    const [sample] = fc.sample(marketPack, { numRuns: 1, seed: 1 });
    const pack = sample as MarketPack;
    const item = pack.items[0] as MarketItem;
    const bad: Partial<MarketItem>[] = [
      { qtyLots: 0.5 },
      { kind: 'fill', tradeSequence: 0 },
      { maker: { ...item.maker, deltaLots: item.maker.deltaLots + 1 } },
      { taker: { ...item.taker, feeMicroUsd: 2 ** 53 } },
      { taker: { ...item.taker, accountId: 0 } },
    ];
    for (const change of bad) {
      const broken = { ...pack, items: [{ ...item, ...change }], lastItem: pack.firstItem };
      expect(codeOf(() => encodePack(broken))).toBe('out_of_range');
    }
    expect(codeOf(() => encodePack({ ...pack, lastItem: pack.lastItem + 1 }))).toBe('out_of_range');
    expect(codeOf(() => encodePack({ ...pack, items: [] }))).toBe('out_of_range');
    const many = Array.from({ length: 12_000 }, () => item);
    const large = { ...pack, items: many, lastItem: pack.firstItem + many.length - 1 };
    expect(codeOf(() => encodePack(large))).toBe('out_of_range');
  });

  it('knows a watermark and the subject of each pack', () => {
    const watermark: AccountPack = {
      kind: 'account',
      shardId: 2,
      epoch: 3,
      firstItem: 11,
      lastItem: 10,
      firstSequence: 99,
      lastSequence: 99,
      timeMs: 5,
      items: [],
      marketEnds: [
        { marketId: 1, lastItem: 7 },
        { marketId: 63, lastItem: Number.MAX_SAFE_INTEGER },
      ],
    };
    expect(decodePack(encodePack(watermark))).toEqual(watermark);
    const { marketEnds, ...ofAnEarlierRelease } = watermark;
    expect(decodePack(encodePack(ofAnEarlierRelease))).toEqual(ofAnEarlierRelease);
    expect(decodePack(encodePack({ ...watermark, marketEnds: [] }))).toMatchObject({
      marketEnds: [],
    });
    const wrong = [
      [...(marketEnds ?? [])].reverse(),
      [{ marketId: 0, lastItem: 1 }],
      [{ marketId: 1, lastItem: 0 }],
    ];
    for (const ends of wrong) {
      expect(codeOf(() => encodePack({ ...watermark, marketEnds: ends }))).toBe('out_of_range');
    }
    expect(subjectOf(watermark)).toBe('account-events.2');
    expect(subjectOf(price)).toBe('prices.7');
    const [sample] = fc.sample(marketPack, { numRuns: 1, seed: 2 });
    expect(subjectOf(sample as MarketPack)).toBe(`fills.${sample?.marketId}`);
  });
});
