import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anyBatch } from './batch.fixture.js';
import type { BatchSection } from './batch.js';
import {
  batchHash,
  decodeBatch,
  encodeBatch,
  entryBytes,
  GENESIS_HASH,
  headerBytes,
} from './batch-codec.js';

const section: BatchSection = {
  slot: 3,
  feesMicroUsd: 12n,
  insuranceMicroUsd: -1n,
  clearingMicroUsd: -5n,
  grossLots: 40n,
  minPriceTicks: 600_000,
  maxPriceTicks: 600_100,
  fills: 2,
  entries: [
    {
      accountId: 1,
      deltaLots: 40n,
      deltaEntryTickLots: 24_000_000n,
      realizedMicroUsd: 0n,
      otherMicroUsd: -6n,
    },
    {
      accountId: 200,
      deltaLots: -40n,
      deltaEntryTickLots: -24_000_000n,
      realizedMicroUsd: 5n,
      otherMicroUsd: -5n,
    },
  ],
};

describe('the bytes of a batch', () => {
  test('are those of the contract, field by field', () => {
    const hex = [
      '01', // version
      '01', // sections
      '03', // slot
      '0c00000000000000', // fees
      'ffffffffffffffff', // insurance
      'fbffffffffffffff', // clearing
      '2800000000000000', // gross lots
      'c0270900', // 600,000
      '24280900', // 600,100
      '02000000', // fills
      '0200', // entries
      '01', // account 0 + 1
      '50', // 40
      '80d8f116', // 24,000,000
      '00',
      '0b', // −6
      'c701', // 1 + 199
      '4f', // −40
      'ffd7f116', // −24,000,000
      '0a', // 5
      '09', // −5
    ].join('');
    expect(Buffer.from(encodeBatch([section])).toString('hex')).toBe(hex);
  });

  test('decode to what was encoded', () => {
    fc.assert(
      fc.property(anyBatch(), (batch) => {
        expect(decodeBatch(encodeBatch(batch))).toEqual(batch);
      }),
    );
  });

  test('are never another batch: any byte more, less or changed is refused or decodes to something else', () => {
    fc.assert(
      fc.property(anyBatch(), fc.nat(), fc.integer({ min: 1, max: 255 }), (batch, at, flip) => {
        const bytes = encodeBatch(batch);
        expect(() => decodeBatch(bytes.slice(0, at % bytes.length))).toThrow();
        expect(() => decodeBatch(Buffer.concat([bytes, Buffer.of(0)]))).toThrow('too many');
        const changed = Uint8Array.from(bytes);
        changed[at % bytes.length]! ^= flip;
        let other: BatchSection[];
        try {
          other = decodeBatch(changed);
        } catch {
          return;
        }
        expect(other).not.toEqual(batch);
        expect(encodeBatch(other)).toEqual(changed);
      }),
    );
  });

  test('have the length that is foretold', () => {
    fc.assert(
      fc.property(anyBatch(), (batch) => {
        let bytes = headerBytes(batch.length);
        for (const { entries } of batch) {
          for (const [index, entry] of entries.entries()) {
            bytes += entryBytes(entry, entries[index - 1]?.accountId ?? 0);
          }
        }
        expect(encodeBatch(batch).length).toBe(bytes);
      }),
    );
  });

  test('of a number that could be shorter are refused', () => {
    const bytes = Buffer.from(encodeBatch([{ ...section, entries: [] }]));
    bytes.writeUInt16LE(1, bytes.length - 2);
    const entry = (account: number[]) =>
      Buffer.concat([bytes, Buffer.from(account), Buffer.of(0, 0, 0, 0)]);
    expect(decodeBatch(entry([1]))[0]?.entries[0]?.accountId).toBe(1);
    expect(() => decodeBatch(entry([0x81, 0]))).toThrow('shortest form');
    expect(() => decodeBatch(entry([0]))).toThrow('accountId must be 1');
    expect(() => decodeBatch(entry(Array(9).fill(0xff).concat(2)))).toThrow('above 2^64');
  });
});

describe('a batch that cannot be written', () => {
  const cases: [string, readonly BatchSection[], string][] = [
    ['no section', [], 'sections must be a whole number 1 to 16, not 0'],
    ['a slot too high', [{ ...section, slot: 16 }], 'slot must be a whole number 0 to 15, not 16'],
    ['slots that do not ascend', [section, section], 'slot must be a whole number 4 to 15, not 3'],
    [
      'accounts that do not ascend',
      [{ ...section, entries: [section.entries[1]!, section.entries[0]!] }],
      'accountId must be a whole number 201 to 4294967295, not 1',
    ],
    ['money too large', [{ ...section, feesMicroUsd: 2n ** 63n }], 'feesMicroUsd must be -'],
    ['lots below zero', [{ ...section, grossLots: -1n }], 'grossLots must be 0 to'],
    ['a price with a fraction', [{ ...section, minPriceTicks: 1.5 }], 'minPriceTicks must be'],
  ];
  test.each(cases)('%s', (_, batch, sentence) => {
    expect(() => encodeBatch(batch)).toThrow(sentence);
  });

  test('an unknown version is named', () => {
    const bytes = encodeBatch([section]);
    bytes[0] = 2;
    expect(() => decodeBatch(bytes)).toThrow('batch version must be 1, not 2');
  });
});

test('the hash chains previous hash, sequence and bytes', () => {
  const bytes = encodeBatch([section]);
  const sequence = Buffer.alloc(8);
  sequence.writeBigUInt64LE(7n);
  const expected = createHash('sha256').update(GENESIS_HASH).update(sequence).update(bytes);
  expect(Buffer.from(batchHash(GENESIS_HASH, 7n, bytes))).toEqual(expected.digest());
  expect(() => batchHash(new Uint8Array(31), 7n, bytes)).toThrow('previous hash bytes');
  expect(() => batchHash(GENESIS_HASH, 0n, bytes)).toThrow('sequence must be 1');
});
