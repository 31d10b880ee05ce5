import { describe, expect, it } from 'vitest';
import { CANDIDATES_MAX, candidatesMessage } from '../../engine/messages/candidates.js';
import {
  EVT_DONE,
  EVT_LIQUIDATION,
  LIQUIDATION_BEGUN,
  TIF_IOC,
} from '../../engine/messages/types.js';
import { MARK, TriggerShard } from '../margin/trigger-shard.fixture.js';

const WILD = [0, -1, 5, 1_000_000, 2 ** 26, 2 ** 31 - 1, -(2 ** 31)];

/** Who begins to be liquidated by these candidates, and how many the answer says. */
function propose(shard: TriggerShard, accounts: readonly number[]) {
  shard.ask(candidatesMessage(accounts));
  const begun = shard.events.filter((event) => {
    return event.type === EVT_LIQUIDATION && event.flags === LIQUIDATION_BEGUN;
  });
  const answers = shard.events.filter(({ type, request }) => type === EVT_DONE && request !== 0);
  expect(answers).toHaveLength(1);
  return { begun: begun.map(({ account }) => account), answer: answers[0]?.lots };
}

/** Accounts 1 and 3 are long with all they have, account 2 is short; 1 tick·lot is a cent, and maintenance margin 5 %. */
function leveraged(flavour: 'product' | 'naive'): TriggerShard {
  const shard = new TriggerShard(flavour);
  for (const account of [1, 3]) {
    shard.place(account, 'buy', 9000, { price: MARK });
    shard.place(account === 1 ? 2 : 4, 'sell', 9000, { price: MARK, tif: TIF_IOC });
  }
  return shard;
}

describe.each(['product', 'naive'] as const)('candidates in the %s shard', (flavour) => {
  it('change nothing when they are sound, unknown, wild, or without any position', () => {
    const shard = leveraged(flavour);
    const before = shard.hash;
    expect(propose(shard, [1, 2, 3, 4, ...WILD])).toEqual({ begun: [], answer: 0 });
    expect(shard.hash).toBe(before);
  });

  it('are liquidated when they are below their margin, once, in the order of the message', () => {
    const shard = leveraged(flavour);
    // 10,000 − 9,000 × 62 cents = 4,420 USD; 5 % of 84,420 are 4,221.
    shard.mark(938);
    expect(propose(shard, [1, 3])).toEqual({ begun: [], answer: 0 });
    // 4,150 USD; 5 % of 84,150 are 4,207.50.
    expect(shard.mark(935).join()).not.toMatch(/liquidation/);
    expect(propose(shard, [3, 2, 1, 3, 1, ...WILD])).toEqual({ begun: [3, 1], answer: 2 });
    expect(propose(shard, [1, 3])).toEqual({ begun: [], answer: 0 });
  });

  it('are left alone when the price that a sweep saw is over', () => {
    const shard = leveraged(flavour);
    shard.mark(935);
    shard.mark(938);
    expect(propose(shard, [1, 3])).toEqual({ begun: [], answer: 0 });
  });

  it('fill a message to its last place', () => {
    const shard = leveraged(flavour);
    shard.mark(935);
    const many = new Array(CANDIDATES_MAX - 1).fill(2);
    expect(propose(shard, [...many, 1])).toEqual({ begun: [1], answer: 1 });
  });
});
