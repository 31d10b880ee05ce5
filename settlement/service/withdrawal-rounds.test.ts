import { afterEach, describe, expect, it } from 'vitest';
import { makeScratch, openLedger, removeScratch } from '../ledger/testing/scratch.js';
import { reservationKey, returnKey, type WithdrawalRequest } from '../ledger/withdrawals.js';
import { cashKeyText } from '../packs/cash-key.js';
import type { ChainDoor, ChainOutcome, WithdrawalFate } from './chain-door.js';
import { type ExchangeMoney, RefusedByExchangeError } from './exchange-door.js';
import { WithdrawalRounds } from './withdrawal-rounds.js';

afterEach(removeScratch);

const EXPIRES_SECONDS = 1_800_000_000;
const LATER_MS = 120_000;
const REQUEST: WithdrawalRequest = {
  accountId: 3,
  nonce: 11,
  amountMicroUsd: 700,
  destination: new Uint8Array(32).fill(4),
  expirySeconds: EXPIRES_SECONDS,
  signature: new Uint8Array(64).fill(5),
};

/** Does what it is told, and counts a key once, as the engine does; `losesAnswer`: it does it all the same. */
class Engine implements ExchangeMoney {
  readonly moves = new Map<string, bigint>();
  refusal: Error | null = null;
  losesAnswer = false;

  async deposit(_account: number, microUsd: bigint, key: string): Promise<void> {
    this.move(key, microUsd);
  }
  async withdraw(_account: number, microUsd: bigint, key: string): Promise<void> {
    this.move(key, -microUsd);
  }
  private move(key: string, microUsd: bigint): void {
    if (this.refusal !== null) throw this.refusal;
    this.moves.set(key, microUsd);
    if (this.losesAnswer) throw new Error('the answer was lost');
  }
}

function prepared() {
  const ledger = openLedger(makeScratch());
  const exchange = new Engine();
  const said = {
    nowMs: 1_700_000_000_000,
    fate: 'open' as WithdrawalFate,
    outcome: { kind: 'notYet', sentence: 'wait' } as ChainOutcome,
    paid: 0,
  };
  const chain = {
    fateOf: async () => said.fate,
    payOut: async () => {
      said.paid++;
      return said.outcome;
    },
  } as unknown as ChainDoor;
  const all = new WithdrawalRounds({ ledger, chain, exchange, now: () => said.nowMs });
  const rounds = {
    /** So long after the one before that what has failed is tried again. */
    round: () => {
      said.nowMs += LATER_MS;
      return all.round();
    },
  };
  const { id } = ledger.withdrawals.request(REQUEST).withdrawal;
  const state = () => ledger.withdrawals.get(id).state;
  /** What the engine has done comes over the bus. */
  const arrives = (changeMicroUsd: number, key: string) => {
    const item = exchange.moves.size;
    const { accountId } = REQUEST;
    const change = { accountId, changeMicroUsd, collateralMicroUsd: 0, cashKey: cashKeyText(key) };
    const origin = { kind: 'balance', sequence: item, timeMs: said.nowMs } as const;
    ledger.cash.addBalanceItem({ shardId: 0, item }, { ...origin, ...change });
  };
  /** Asked for, given, and seen on the bus. */
  const reserve = async () => {
    await rounds.round();
    arrives(-700, reservationKey(REQUEST));
    await rounds.round();
  };
  return { ledger, exchange, said, rounds, id, state, arrives, reserve };
}

describe('a withdrawal', () => {
  it('is reserved once, also when the answer is lost', async () => {
    const { exchange, rounds, state, reserve } = prepared();
    exchange.losesAnswer = true;
    await expect(rounds.round()).rejects.toThrow('lost');
    exchange.losesAnswer = false;
    await reserve();
    expect(state()).toBe('reserved');
    expect([...exchange.moves]).toEqual([['withdrawal:3:11', -700n]]);
  });

  it('that the engine refuses ends with the reason', async () => {
    const { ledger, exchange, rounds, id, state } = prepared();
    exchange.refusal = new RefusedByExchangeError('insufficient_free_collateral', 'limit 5');
    await rounds.round();
    expect(state()).toBe('refused');
    expect(ledger.withdrawals.get(id).reason).toBe('insufficient_free_collateral: limit 5');
    expect(await rounds.round()).toBe(false);
  });

  it('waits for its batch, and is not paid before', async () => {
    const { said, rounds, state, reserve } = prepared();
    await reserve();
    expect(await rounds.round()).toBe(false);
    expect(state()).toBe('reserved');
    expect(said.paid).toBe(0);
  });

  it('is paid, however often the chain has to be asked', async () => {
    const { ledger, said, rounds, id, state, reserve } = prepared();
    await reserve();
    ledger.withdrawals.advance(id, 'settled', 'with batch 1');
    await expect(rounds.round()).rejects.toThrow('wait');
    said.outcome = { kind: 'refused', sentence: 'the price is not fresh' };
    await expect(rounds.round()).rejects.toThrow('not fresh');
    expect(state()).toBe('submitted');
    said.outcome = { kind: 'done' };
    await rounds.round();
    expect(state()).toBe('completed');
    expect(said.paid).toBe(3);
    await rounds.round();
    expect(said.paid).toBe(3);
  });

  it('is given back when it has expired on chain, and only then', async () => {
    const { ledger, exchange, said, rounds, id, state, arrives, reserve } = prepared();
    await reserve();
    ledger.withdrawals.advance(id, 'settled', 'with batch 1');
    said.nowMs = (EXPIRES_SECONDS + 1) * 1_000;
    for (const fate of ['open', 'uncertain', 'passed'] as const) {
      said.fate = fate;
      await rounds.round().catch(() => {});
      expect(['settled', 'submitted']).toContain(state());
    }
    expect(ledger.alarms.list().map(({ key }) => key)).toEqual(['withdrawal passed over']);
    said.fate = 'expired';
    await rounds.round();
    expect(state()).toBe('expired');
    const paid = said.paid;
    exchange.losesAnswer = true;
    await expect(rounds.round()).rejects.toThrow('lost');
    exchange.losesAnswer = false;
    await rounds.round();
    expect(state()).toBe('expired');
    arrives(700, returnKey(REQUEST));
    await rounds.round();
    expect(state()).toBe('givenBack');
    expect(said.paid).toBe(paid);
    expect([...exchange.moves]).toEqual([
      ['withdrawal:3:11', -700n],
      ['return:3:11', 700n],
    ]);
  });

  it('that the chain has paid at the last moment is complete, and not given back', async () => {
    const { exchange, said, rounds, state, reserve } = prepared();
    await reserve();
    said.nowMs = (EXPIRES_SECONDS + 1) * 1_000;
    said.fate = 'paid';
    await rounds.round();
    expect(state()).toBe('completed');
    expect(exchange.moves.size).toBe(1);
  });

  it('that is stuck does not stop another one', async () => {
    const { ledger, exchange, said, rounds, id, reserve } = prepared();
    await reserve();
    ledger.withdrawals.advance(id, 'settled', 'with batch 1');
    const other = ledger.withdrawals.request({ ...REQUEST, accountId: 4 }).withdrawal;
    said.outcome = { kind: 'refused', sentence: 'no' };
    await rounds.round().catch(() => {});
    expect(exchange.moves.get('withdrawal:4:11')).toBe(-700n);
    expect(ledger.withdrawals.get(other.id).state).toBe('requested');
  });
});
