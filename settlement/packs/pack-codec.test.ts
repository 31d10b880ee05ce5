import { crc32c } from '@node-rs/crc32';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePack, encodePack } from './pack-codec.js';
import { PackError, type PackErrorCode } from './pack-error.js';
import type { AccountPack, MarketItem, MarketPack, Pack } from './pack-types.js';
import { subjectOf } from './subjects.js';
import { anyPack, marketPack } from './testing/arbitrary-packs.js';

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
  it('writes the items of a pack over those of one before, and reads the same', () => {
    const pool: MarketItem[] = [];
    fc.assert(
      fc.property(anyPack, (pack) => {
        expect(decodePack(encodePack(pack), pool)).toEqual(pack);
      }),
    );
  });

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
