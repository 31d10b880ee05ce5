import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestGuardians } from '../testing/test-guardians.js';
import {
  buildUpdate,
  type PriceSpec,
  priceMessage,
  type UpdateChange,
} from '../testing/update-builder.js';
import { GuardianSets } from './guardian-sets.js';
import { UpdateError, type UpdateFault } from './update-error.js';
import { UpdateVerifier } from './update-verifier.js';

const BTC = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43';
const ETH = 'ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace';
const NOW_MS = 1_790_000_000_000;
const guardians = new TestGuardians(7, 7);
const sets = new GuardianSets(guardians.history);

const PRICES: PriceSpec[] = [
  { feedId: BTC, price: 6_700_012_345_678n, confidence: 2_000_000_000n, publishTimeMs: NOW_MS },
  { feedId: ETH, price: 250_012_345_678n, confidence: 100_000_000n, publishTimeMs: NOW_MS },
  { feedId: 'ab'.repeat(32), price: 5n, exponent: -2, publishTimeMs: NOW_MS },
];

function faultOf(update: Uint8Array, verifier = new UpdateVerifier(sets)): UpdateFault {
  try {
    verifier.verify(update, NOW_MS);
  } catch (error) {
    if (error instanceof UpdateError) return error.fault;
    throw error;
  }
  throw new Error('the update was believed');
}

describe('the verifier of updates', () => {
  it('reads every price of an update that is signed and proven', () => {
    const update = buildUpdate(guardians, PRICES, { slot: 77n });
    const prices = new UpdateVerifier(sets).verify(update, NOW_MS);
    expect(prices).toHaveLength(3);
    expect(prices[0]).toEqual({
      feedId: BTC,
      price: 6_700_012_345_678n,
      confidence: 2_000_000_000n,
      exponent: -8,
      publishTimeMs: NOW_MS,
      emaPrice: 6_700_012_345_678n,
      emaConfidence: 2_000_000_000n,
      slot: 77n,
    });
    expect(prices[2]).toMatchObject({ price: 5n, exponent: -2 });
  });

  const stranger = new TestGuardians(7, 7, 'stranger');
  const changes: [string, UpdateChange, UpdateFault][] = [
    ['too few signatures', { signers: [0, 1, 2, 3] }, 'too_few_signatures'],
    ['no signatures', { signers: [] }, 'too_few_signatures'],
    ['one guardian twice', { signers: [0, 1, 2, 3, 3] }, 'signatures_are_not_ascending'],
    ['guardians out of order', { signers: [0, 1, 2, 4, 3] }, 'signatures_are_not_ascending'],
    ['a guardian beyond the set', { signers: [0, 1, 2, 3, 7] }, 'guardian_index_is_beyond_set'],
    ['an unknown guardian set', { guardianSet: 8 }, 'guardian_set_is_unknown'],
    ['another chain’s emitter', { emitterChain: 1 }, 'emitter_chain_is_foreign'],
    ['another emitter', { emitter: 'e1'.repeat(32) }, 'emitter_is_foreign'],
    ['another payload', { payloadMagic: '41555757' }, 'payload_is_malformed'],
    ['another price than proven', { forge: withByte(40, 1) }, 'proof_is_wrong'],
    ['a message of another length', { forge: (m) => m.subarray(0, 60) }, 'proof_is_wrong'],
    ['a foreign magic', { damage: withByte(0, 1) }, 'update_is_malformed'],
    ['a foreign major version', { damage: withByte(4, 3) }, 'update_version_is_unknown'],
    ['another type', { damage: withByte(7, 1) }, 'update_type_is_unknown'],
    ['another version of the VAA', { damage: withByte(10, 3) }, 'vaa_version_is_unknown'],
    ['a forged signature', { damage: withByte(20, 1) }, 'signature_is_wrong'],
    ['a recovery id beyond 3', { damage: withByte(16 + 65, 40) }, 'signature_is_wrong'],
    ['bytes behind the end', { damage: (u) => Buffer.concat([u, u]) }, 'update_is_malformed'],
    ['an end too soon', { damage: (u) => u.subarray(0, -1) }, 'update_is_malformed'],
  ];

  it.each(changes)('does not believe %s', (_name, change, fault) => {
    expect(faultOf(buildUpdate(guardians, PRICES, change))).toBe(fault);
  });

  it('does not believe the signatures of others in the place of guardians', () => {
    expect(faultOf(buildUpdate(stranger, PRICES))).toBe('signature_is_wrong');
  });

  it('does not believe a real message in the place of another one', () => {
    const [, second] = PRICES as [PriceSpec, PriceSpec];
    const update = buildUpdate(guardians, PRICES, { forge: () => priceMessage(second) });
    expect(faultOf(update)).toBe('proof_is_wrong');
  });

  it('checks a root’s signatures once, and its proofs always', () => {
    const verifier = new UpdateVerifier(sets);
    verifier.verify(buildUpdate(guardians, PRICES), NOW_MS);
    const forged = buildUpdate(guardians, PRICES, { forge: withByte(40, 1) });
    expect(faultOf(forged, verifier)).toBe('proof_is_wrong');
  });

  it('a publish time of another age is damage, negative ones too', () => {
    for (const publishTimeMs of [-1000, 1e14]) {
      const update = buildUpdate(guardians, [{ ...(PRICES[0] as PriceSpec), publishTimeMs }]);
      expect(faultOf(update)).toBe('publish_time_is_beyond_limit');
    }
  });

  it('whatever bytes come, it refuses them with a fault of its own', () => {
    const good = buildUpdate(guardians, PRICES);
    const verifier = new UpdateVerifier(sets);
    const fails = (bytes: Uint8Array) => {
      try {
        verifier.verify(bytes, NOW_MS);
        return Buffer.compare(bytes, good) === 0;
      } catch (error) {
        return error instanceof UpdateError;
      }
    };
    const garbage = fc.uint8Array({ maxLength: 2000 });
    fc.assert(fc.property(garbage, fails), { numRuns: 500 });
    const place = fc.nat(good.length - 1);
    const flipped = fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([at, bits]) => {
      return withByte(at, bits)(good);
    });
    // A minor version may be any; only it and the lengths around it are not signed or proven.
    const matters = flipped.filter((bytes) => bytes[5] === good[5]);
    fc.assert(fc.property(matters, fails), { numRuns: 60 });
    fc.assert(
      fc.property(place, (at) => fails(good.subarray(0, at))),
      { numRuns: 60 },
    );
  });
});

/** Flips bits of one byte. */
function withByte(at: number, bits: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] as number) ^ bits;
    return copy;
  };
}
