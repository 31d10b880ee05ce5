import fs from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TestGuardians } from '../testing/test-guardians.js';
import { type GuardianHistory, GuardianSets } from './guardian-sets.js';
import { parseVaa } from './vaa.js';

const HOUR_MS = 3_600_000;
const VOTE_MS = 1_780_000_000_000;
const first = new TestGuardians(4, 4, 'first');
const second = new TestGuardians(5, 4, 'second');
const third = new TestGuardians(6, 4, 'third');

const EMPTY = {
  payload: new Uint8Array(),
  timestampMs: 0,
  emitterChain: 26,
  emitter: '00'.repeat(32),
};

function historyWith(...upgrades: string[]): GuardianHistory {
  return { ...first.history, upgrades };
}

describe('guardian sets', () => {
  it('follow from each other by votes, and a replaced one counts until its grace is over', () => {
    const sets = new GuardianSets(historyWith(first.upgradeTo(second, VOTE_MS)));
    expect(sets.current).toBe(5);
    const old = parseVaa(first.vaa(EMPTY));
    const present = parseVaa(second.vaa(EMPTY));
    sets.check(old, VOTE_MS + 24 * HOUR_MS - 1);
    expect(() => sets.check(old, VOTE_MS + 24 * HOUR_MS)).toThrow(/guardian set has expired/);
    sets.check(present, VOTE_MS + 1000 * 24 * HOUR_MS);
    expect(() => sets.check(parseVaa(third.vaa(EMPTY)), VOTE_MS)).toThrow(
      'guardian set is unknown: set 6 has signed, known are 4, 5',
    );
  });

  it.each([
    ['skips a set', () => first.upgradeTo(third, VOTE_MS), /names set 6/],
    ['is not signed by the set before', () => second.upgradeTo(third, VOTE_MS), /set 5 has signed/],
    [
      'is signed by others',
      () => new TestGuardians(4, 4, 'stranger').upgradeTo(second, VOTE_MS),
      /signature is wrong/,
    ],
    [
      'is signed by too few',
      () => first.upgradeTo(second, VOTE_MS, { signers: [0, 1] }),
      /2 of 4 guardians have signed, 3 must/,
    ],
    [
      'does not come from the governance',
      () => first.upgradeTo(second, VOTE_MS, { emitterChain: 26 }),
      /emitted by .* of chain 26/,
    ],
    ['is no VAA', () => 'guardians', /must be a VAA in hexadecimal/],
    ['names a guardian twice', () => first.upgradeTo(twice(), VOTE_MS), /must not be named twice/],
  ])('refuse a vote that %s', (_name, vote, sentence) => {
    const wrong = () => new GuardianSets(historyWith(vote()));
    expect(wrong).toThrow(/^upgrades\[0\] does not follow set 4: /);
    expect(wrong).toThrow(sentence);
  });

  it.each([
    [null, /root.index must be/],
    [{ root: { index: -1, addresses: [] } }, /root.index must be/],
    [{ root: { index: 1, addresses: [5] } }, /root.addresses must be/],
    [{ ...first.history, upgrades: 'none' }, /upgrades must be/],
    [{ ...first.history, replacedSetGraceHours: '24' }, /replacedSetGraceHours must be/],
    [{ ...first.history, root: { index: 1, addresses: [] } }, /must have 1 to 255 guardians/],
    [{ ...first.history, root: { index: 1, addresses: ['0x12'] } }, /but is '12'/],
  ])('refuse a file that holds %j', (history, sentence) => {
    expect(() => new GuardianSets(history as unknown as GuardianHistory)).toThrow(sentence);
  });

  it('of mainnet: each follows from the one before, from set 3 to set 7', () => {
    const text = fs.readFileSync(new URL('./guardian-sets.json', import.meta.url), 'utf8');
    const sets = new GuardianSets(JSON.parse(text) as GuardianHistory);
    expect(sets.current).toBe(7);
    for (const index of [3, 4, 5, 6, 7]) expect(sets.addressesOf(index)).toHaveLength(19);
    // One guardian was replaced between 3 and 4.
    const [before = [], after = []] = [sets.addressesOf(3) ?? [], sets.addressesOf(4) ?? []];
    expect(after.filter((address) => !before.includes(address))).toHaveLength(1);
  });
});

function twice(): TestGuardians {
  const guardians = new TestGuardians(5, 4, 'second');
  guardians.addresses[1] = guardians.addresses[0] as string;
  return guardians;
}
