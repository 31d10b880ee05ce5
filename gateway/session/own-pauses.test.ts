import { expect, it } from 'vitest';
import { OwnPauses } from './own-pauses.js';

it('tells of a round that came late, and of no other', () => {
  const pauses = new OwnPauses(50, 1_000);
  expect([1_050, 1_130, 1_280, 1_431, 1_480].map((now) => pauses.wasAway(now))).toEqual([
    false,
    false,
    false,
    true,
    false,
  ]);
});

it('does not tell of it for ever where every round is late', () => {
  const pauses = new OwnPauses(50, 0);
  expect([200, 400, 600, 800].map((now) => pauses.wasAway(now))).toEqual([
    true,
    false,
    true,
    false,
  ]);
});
