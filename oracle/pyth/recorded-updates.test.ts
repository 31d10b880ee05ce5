import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bytesOf, recordedUpdates, sharedIsMissing } from '../testing/recorded-updates.js';
import { parseAccumulatorUpdate } from './accumulator-update.js';
import { recoverAddress } from './guardian-set.js';
import { type GuardianHistory, GuardianSets } from './guardian-sets.js';
import { UpdateError } from './update-error.js';
import { UpdateVerifier } from './update-verifier.js';
import { parseVaa } from './vaa.js';

const missing = sharedIsMissing();
const text = fs.readFileSync(new URL('./guardian-sets.json', import.meta.url), 'utf8');
const sets = new GuardianSets(JSON.parse(text) as GuardianHistory);

describe.skipIf(missing !== null)(
  `recorded updates of mainnet (${missing ?? 'they are there'})`,
  () => {
    it('are believed at their time, with the prices that others have decoded; the one with a wrong proof is not', () => {
      const verifier = new UpdateVerifier(sets);
      let believed = 0;
      let refused = 0;
      for (const recorded of recordedUpdates()) {
        const { updates, vaaTimestamp, pythnetSlot } = recorded;
        const verify = () => verifier.verify(bytesOf(recorded), vaaTimestamp * 1000);
        if (!recorded.allMerkleProofsValid) {
          expect(verify).toThrow(/proof is wrong: message 1 of 2/);
          refused++;
          continue;
        }
        const found = verify().map((price) => ({ ...price }));
        // One has messages of another kind, averages over time, which are no prices of a moment.
        const priced = updates.filter(({ price }) => price !== undefined);
        const expected = priced.map((update) => ({
          feedId: update.feedId,
          price: BigInt(update.price),
          confidence: BigInt(update.conf),
          exponent: update.expo,
          publishTimeMs: update.publishTime * 1000,
          emaPrice: BigInt(update.emaPrice),
          emaConfidence: BigInt(update.emaConf),
          slot: BigInt(pythnetSlot),
        }));
        expect(found).toEqual(expected);
        believed++;
      }
      expect([believed, refused]).toEqual([27, 1]);
    });

    it('are not believed with bytes behind their end', () => {
      const [cut, ...others] = recordedUpdates().filter(({ trailing }) => trailing > 0);
      expect(others).toEqual([]);
      const bytes = Buffer.from(cut?.base64 ?? '', 'base64');
      expect(() => new UpdateVerifier(sets).verify(bytes, 0)).toThrow(/3 bytes are left over/);
    });

    it('recover the guardians of sets 3 and 4 as the file has them', () => {
      const seen = new Map<string, Set<number>>();
      for (const recorded of recordedUpdates()) {
        const { vaa } = parseAccumulatorUpdate(bytesOf(recorded));
        const { digest, guardianSet, signatures } = parseVaa(vaa);
        for (const signature of signatures) {
          const address = sets.addressesOf(guardianSet)?.[signature.guardian];
          expect(recoverAddress(digest, signature)).toBe(address);
          const key = String(guardianSet);
          seen.set(key, (seen.get(key) ?? new Set()).add(signature.guardian));
        }
      }
      // One of the nineteen has signed none of the recorded ones.
      expect([...seen].map(([set, { size }]) => [set, size])).toEqual([
        ['3', 18],
        ['4', 18],
      ]);
    });

    it('are not believed today: their guardian sets have been replaced', () => {
      const verifier = new UpdateVerifier(sets);
      for (const recorded of recordedUpdates()) {
        const verify = () => verifier.verify(bytesOf(recorded), Date.UTC(2026, 10, 1));
        expect(verify).toThrow(UpdateError);
        expect(verify).toThrow(/guardian set has expired: set [34] has signed/);
      }
    });
  },
);
