import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as layout from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { type RejectName, rejectName } from '../../engine/messages/reject-codes.js';
import * as type from '../../engine/messages/types.js';
import { SUB_ACCOUNTS_MAX } from '../../engine/shard/sub-account-rules.js';
import { MICRO_USD_MAX } from '../../engine/units/units.js';
import { MARKETS } from '../testing/small-exchange.js';
import { MarginShard, type Outcome } from './margin-shard.fixture.js';
import { TRANSFER_KEYS_REMEMBERED } from './transfer-keys.js';

function transfer(
  shard: MarginShard,
  from: number,
  to: number,
  qty: number,
  key = 0,
  deadlineMs = 0,
): Outcome {
  const message = new MessageBuffer(2);
  message.push(2);
  message.words[layout.W_HEAD] = layout.headOf(type.CMD_TRANSFER, 2, 0);
  message.words[layout.W_ACCOUNT] = from;
  message.words[layout.W_SESSION] = 7;
  message.words[layout.W_REQUEST] = 99;
  message.words[layout.W_TRANSFER_TO] = to;
  message.words[layout.W_TRANSFER_KEY] = key;
  message.floats[layout.F_QTY] = qty;
  message.floats[layout.F_DEADLINE] = deadlineMs;
  return shard.send(message);
}

function createSub(shard: MarginShard, parent: number, number = 0): Outcome {
  return shard.command(type.CMD_CREATE_SUB_ACCOUNT, 0, parent, { price: number });
}

/** Accounts 7 and 8 are sub-accounts of 1, and 9 of 2. */
function withFamilies(seed = 1): MarginShard {
  const shard = new MarginShard(seed);
  for (const parent of [1, 1, 2]) createSub(shard, parent);
  return shard;
}

function collateralOf(shard: MarginShard, account: number): number {
  return shard.home.state.accounts.collateral(account);
}

function nameOf({ code }: Outcome): string {
  return code === 0 ? 'done' : rejectName(code);
}

describe('making sub-accounts', () => {
  it('gives out numbers from 1 on, and tells a number that exists again', () => {
    const shard = withFamilies();
    const told = createSub(shard, 1, 2).events.find(({ type: kind }) => {
      return kind === type.EVT_SUB_ACCOUNT;
    });
    expect(told?.float(layout.EF_ORDER_ID)).toBe(8);
    expect(told?.float(layout.EF_LOTS)).toBe(2);
    expect(told?.word(layout.EW_FLAGS)).toBe(0);
    expect(shard.home.lastAccount).toBe(9);
    expect(shard.home.state.accounts.subsOf(1)).toEqual([7, 8]);
    const [product, naive] = shard.hashes();
    expect(product).toBe(naive);
  });

  it.each([
    ['a number beyond the next one', 1, 4, 'sub_account_number_must_be_within_0_and_limit'],
    ['a negative number', 1, -1, 'sub_account_number_must_be_within_0_and_limit'],
    ['a sub-account as parent', 7, 0, 'sub_account_must_not_have_sub_accounts'],
    ['an unknown parent', 77, 0, 'unknown_account'],
  ] as const)('refuses %s, and changes nothing', (_, parent, number, expected) => {
    const shard = withFamilies();
    const before = shard.hashes();
    expect(nameOf(createSub(shard, parent, number))).toBe(expected);
    expect(shard.hashes()).toEqual(before);
  });

  it('ends at the limit', () => {
    const shard = new MarginShard(1);
    for (let n = 1; n <= SUB_ACCOUNTS_MAX; n++) expect(createSub(shard, 1).code).toBe(0);
    expect(nameOf(createSub(shard, 1))).toBe('sub_accounts_must_not_exceed_limit');
    expect(nameOf(createSub(shard, 1, SUB_ACCOUNTS_MAX))).toBe('done');
    expect(createSub(shard, 2).code).toBe(0);
  });
});

describe('transfers within a family', () => {
  it('tells both sides, each in its own feed, who gives first and as the answer', () => {
    const shard = withFamilies();
    shard.deposit(1, 5_000_000);
    const before = collateralOf(shard, 1);
    const { events } = transfer(shard, 1, 7, 2_000_000, 5);
    const [gives, gets] = events.filter(({ type: kind }) => kind === type.EVT_BALANCE);
    const fields = [layout.EF_LOTS, layout.EF_COLLATERAL];
    expect(fields.map((at) => gives?.float(at))).toEqual([-2_000_000, before - 2_000_000]);
    expect(fields.map((at) => gets?.float(at))).toEqual([2_000_000, 2_000_000]);
    const words = [layout.W_ACCOUNT, layout.EW_OTHER_ACCOUNT, layout.EW_FLAGS, layout.EW_REQUEST];
    expect(words.map((at) => gives?.word(at))).toEqual([1, 7, type.BALANCE_TRANSFER, 99]);
    expect(words.map((at) => gets?.word(at))).toEqual([7, 1, type.BALANCE_TRANSFER, 0]);
    expect(gets?.float(layout.EF_ACCOUNT_SEQUENCE)).toBe(1);
    expect(shard.home.sumOfDeposits()).toBe(shard.naive?.home.sumOfDeposits());
    shard.core.check();
  });

  it.each<[string, number, number, number, RejectName]>([
    ['zero', 1, 7, 0, 'amount_micro_usd_must_be_within_1_and_limit'],
    ['a negative amount', 1, 7, -1, 'amount_micro_usd_must_be_within_1_and_limit'],
    ['half a micro-USD', 1, 7, 0.5, 'amount_micro_usd_must_be_within_1_and_limit'],
    ['2^52 + 1', 1, 7, MICRO_USD_MAX + 1, 'amount_micro_usd_must_be_within_1_and_limit'],
    ['2^53 + 2', 1, 7, 2 ** 53 + 2, 'amount_micro_usd_must_be_within_1_and_limit'],
    ['itself', 1, 1, 1, 'accounts_must_be_different'],
    ['nobody', 1, 77, 1, 'accounts_must_be_of_one_family'],
    ['account 0', 1, 0, 1, 'accounts_must_be_of_one_family'],
    ['a negative id', 1, -7, 1, 'accounts_must_be_of_one_family'],
    ['a stranger', 1, 2, 1, 'accounts_must_be_of_one_family'],
    ["a stranger's sub-account", 7, 9, 1, 'accounts_must_be_of_one_family'],
    ['nobody as giver', 77, 1, 1, 'unknown_account'],
    ['more than there is', 7, 1, 1, 'insufficient_free_collateral'],
  ])('refuses %s, and changes nothing', (_, from, to, amount, expected) => {
    const shard = withFamilies();
    shard.deposit(1, 5_000_000);
    const before = [...shard.hashes(), collateralOf(shard, 1)];
    expect(nameOf(transfer(shard, from, to, amount))).toBe(expected);
    expect([...shard.hashes(), collateralOf(shard, 1)]).toEqual(before);
  });

  it('refuses one that would leave the limit of a balance', () => {
    const shard = withFamilies();
    shard.deposit(7, MICRO_USD_MAX - 10);
    shard.deposit(1, 1_000_000);
    expect(nameOf(transfer(shard, 1, 7, 11))).toBe('collateral_micro_usd_must_not_exceed_limit');
    expect(nameOf(transfer(shard, 1, 7, 10))).toBe('done');
  });

  it('refuses money of an account that is being liquidated, and lets money come to it', () => {
    const shard = withFamilies();
    shard.home.state.accounts.setLiquidating(7, true);
    shard.naive = null;
    shard.deposit(7, 1_000_000);
    shard.deposit(1, 1_000_000);
    expect(nameOf(transfer(shard, 7, 1, 1))).toBe('account_is_being_liquidated');
    expect(nameOf(transfer(shard, 1, 7, 1_000))).toBe('done');
  });

  it('answers a key that was used with no change, whatever holds now, also after a restart', () => {
    const shard = withFamilies();
    shard.deposit(1, 1_000_000);
    expect(transfer(shard, 1, 7, 1_000_000, 9).code).toBe(0);
    for (const later of [shard, shard.fork()]) {
      const again = transfer(later, 1, 7, 1_000_000, 9, 1);
      const [answer] = again.events.filter(({ type: kind }) => kind === type.EVT_BALANCE);
      expect(nameOf(again)).toBe('done');
      expect(answer?.float(layout.EF_LOTS)).toBe(0);
      expect(answer?.float(layout.EF_ACCOUNT_SEQUENCE)).toBe(0);
      expect(collateralOf(later, 7)).toBe(1_000_000);
    }
    // Another family's keys are its own.
    shard.deposit(2, 1_000_000);
    transfer(shard, 2, 9, 1_000, 9);
    expect(collateralOf(shard, 9)).toBe(1_000);
  });

  it('remembers a stated number of keys of each family', () => {
    const shard = withFamilies();
    shard.deposit(1, 1_000_000);
    for (let key = 1; key <= TRANSFER_KEYS_REMEMBERED + 1; key++) transfer(shard, 1, 7, 1, key);
    transfer(shard, 1, 7, 1, 2);
    expect(collateralOf(shard, 7)).toBe(TRANSFER_KEYS_REMEMBERED + 1);
    transfer(shard, 1, 7, 1, 1);
    expect(collateralOf(shard, 7)).toBe(TRANSFER_KEYS_REMEMBERED + 2);
  });

  it('refuses one that comes too late', () => {
    const shard = withFamilies();
    shard.deposit(1, 1_000_000);
    expect(nameOf(transfer(shard, 1, 7, 1, 0, 1))).toBe('receive_window_has_passed');
  });

  it('keeps the sum of the family, and brings nobody below the margin', () => {
    const families = [
      [1, 7, 8],
      [2, 9],
    ];
    let done = 0;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const shard = withFamilies(seed);
        const { random } = shard;
        for (let step = 0; step < 60; step++) {
          const family = random.pick(families);
          const [from, to] = [random.pick(family), random.pick(family)];
          if (random.chance(40)) {
            shard.any(false);
            continue;
          }
          if (random.chance(40)) {
            shard.place(random.pick(MARKETS), from);
            continue;
          }
          const before = family.map((account) => collateralOf(shard, account));
          const wasLow = shard.isLiquidatable(from);
          const qty = random.between(1, 10 ** random.between(2, 8));
          const { code } = transfer(shard, from, to, qty, random.between(0, 30));
          if (code === 0) done++;
          const after = family.map((account) => collateralOf(shard, account));
          expect(sum(after)).toBe(sum(before));
          if (code !== 0) expect(after).toEqual(before);
          if (!wasLow) expect(shard.isLiquidatable(from)).toBe(false);
          shard.core.check();
        }
        const [product, naive] = shard.hashes();
        expect(product).toBe(naive);
      }),
      { numRuns: 25 },
    );
    expect(done).toBeGreaterThan(100);
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
