import { afterEach, describe, expect, it } from 'vitest';
import { type ForcedRequest, forcedKey, forcedReturnKey } from '../ledger/forced-requests.js';
import { makeScratch, openLedger, removeScratch } from '../ledger/testing/scratch.js';
import { cashKeyText } from '../packs/cash-key.js';
import type { ChainDoor } from './chain-door.js';
import { type ExchangeMoney, RefusedByExchangeError } from './exchange-door.js';
import { ForcedRounds } from './forced-rounds.js';

afterEach(removeScratch);

const REQUEST: ForcedRequest = {
  accountId: 4,
  requestedAtSeconds: 1_800_000_000,
  amountMicroUsd: 900,
};

/** What was asked of the engine; a key counts once, as there. */
class Engine implements ExchangeMoney {
  readonly moves = new Map<string, bigint>();
  answer: Error | null = null;
  stuckKey = '';

  async deposit(_account: number, microUsd: bigint, key: string): Promise<void> {
    if (this.answer !== null) throw this.answer;
    this.moves.set(key, microUsd);
  }
  async withdraw(_account: number, microUsd: bigint, key: string): Promise<void> {
    if (this.answer !== null) throw this.answer;
    if (key === this.stuckKey) throw new Error('stuck');
    this.moves.set(key, -microUsd);
  }
}

function prepared() {
  const ledger = openLedger(makeScratch());
  const exchange = new Engine();
  const onChain: ForcedRequest[] = [REQUEST];
  const paidInTheVault: number[] = [];
  const chain = { forcedRequests: async () => onChain } as unknown as ChainDoor;
  const scan = async () => {
    for (const paid of paidInTheVault.splice(0)) {
      ledger.forced.noteServed(REQUEST.accountId, paid);
    }
    return false;
  };
  const clock = { nowMs: 1_800_000_100_000 };
  const rounds = new ForcedRounds({ ledger, chain, exchange, scan, now: () => clock.nowMs });
  /** What the engine has done comes over the bus, and the round that believes it. */
  const arrives = async (changeMicroUsd: number, key: string) => {
    const item = exchange.moves.size;
    const { accountId } = REQUEST;
    const change = { accountId, changeMicroUsd, collateralMicroUsd: 0, cashKey: cashKeyText(key) };
    const origin = { kind: 'balance', sequence: item, timeMs: clock.nowMs } as const;
    ledger.cash.addBalanceItem({ shardId: 0, item }, { ...origin, ...change });
    await rounds.round();
  };
  return { ledger, exchange, onChain, paidInTheVault, rounds, clock, arrives };
}

describe('a forced withdrawal', () => {
  it('is reserved in the engine once, however often it is seen and asked for', async () => {
    const { ledger, exchange, rounds, clock, arrives } = prepared();
    exchange.answer = new Error('the answer was lost');
    await expect(rounds.round()).rejects.toThrow('lost');
    exchange.answer = null;
    await rounds.round();
    // An answer alone is not believed: power may fail before the disk has what it speaks of.
    expect(ledger.forced.open().map(({ state }) => state)).toEqual(['seen']);
    clock.nowMs += 10_000;
    await rounds.round();
    expect([...exchange.moves]).toEqual([[forcedKey(REQUEST), -900n]]);
    await arrives(-900, forcedKey(REQUEST));
    expect(ledger.forced.open().map(({ state }) => state)).toEqual(['reserved']);
  });

  it('ends when the chain tells that it was paid', async () => {
    const { ledger, exchange, onChain, paidInTheVault, rounds, arrives } = prepared();
    await rounds.round();
    await arrives(-900, forcedKey(REQUEST));
    onChain.length = 0;
    paidInTheVault.push(900);
    await rounds.round();
    expect(ledger.forced.open()).toEqual([]);
    expect(exchange.moves.size).toBe(1);
  });

  it('is given back when its owner has taken it back after the engine gave it', async () => {
    const { ledger, exchange, onChain, rounds, arrives } = prepared();
    await rounds.round();
    onChain.length = 0;
    await arrives(-900, forcedKey(REQUEST));
    await rounds.round();
    expect(ledger.forced.open().map(({ state }) => state)).toEqual(['canceled']);
    await rounds.round();
    expect([...exchange.moves]).toEqual([
      [forcedKey(REQUEST), -900n],
      [forcedReturnKey(REQUEST), 900n],
    ]);
    await arrives(900, forcedReturnKey(REQUEST));
    expect(ledger.forced.open()).toEqual([]);
  });

  it('that the engine refuses raises an alarm, and nothing is taken', async () => {
    const { ledger, exchange, rounds } = prepared();
    exchange.answer = new RefusedByExchangeError('insufficient_free_collateral', 'free is 5');
    await rounds.round();
    exchange.answer = null;
    await rounds.round();
    expect(exchange.moves.size).toBe(0);
    const [alarm] = ledger.alarms.list();
    expect(alarm?.severity).toBe('critical');
    expect(alarm?.sentence).toMatch(/account 4 has asked the chain for 900 micro-USD.*free is 5/);
  });

  it('that was cut after the engine gave it all is paid in part, and the rest given back', async () => {
    const { ledger, exchange, onChain, paidInTheVault, rounds, arrives } = prepared();
    await rounds.round();
    onChain[0] = { ...REQUEST, amountMicroUsd: 600 };
    await arrives(-900, forcedKey(REQUEST));
    onChain.length = 0;
    paidInTheVault.push(600);
    await rounds.round();
    await rounds.round();
    expect([...exchange.moves]).toEqual([
      [forcedKey(REQUEST), -900n],
      [forcedReturnKey(REQUEST), 300n],
    ]);
    await arrives(300, forcedReturnKey(REQUEST));
    expect(ledger.forced.open()).toEqual([]);
  });

  it('that was cut after the engine refused it all is asked for again, and paid', async () => {
    const { ledger, exchange, onChain, paidInTheVault, rounds, arrives } = prepared();
    exchange.answer = new RefusedByExchangeError('insufficient_free_collateral', 'free is 5');
    await rounds.round();
    exchange.answer = null;
    const cut = { ...REQUEST, amountMicroUsd: 5 };
    onChain[0] = cut;
    await rounds.round();
    expect([...exchange.moves]).toEqual([[forcedKey(cut), -5n]]);
    await arrives(-5, forcedKey(cut));
    expect(ledger.forced.open().map(({ state }) => state)).toEqual(['reserved']);
    expect(ledger.alarms.list()).toEqual([]);
    onChain.length = 0;
    paidInTheVault.push(5);
    await rounds.round();
    expect(ledger.forced.open()).toEqual([]);
    expect(exchange.moves.size).toBe(1);
  });

  it('that is stuck does not stop another one', async () => {
    const { ledger, exchange, onChain, rounds } = prepared();
    exchange.stuckKey = forcedKey(REQUEST);
    const other = { ...REQUEST, accountId: 5 };
    onChain.push(other);
    await rounds.round().catch(() => {});
    expect([...exchange.moves]).toEqual([[forcedKey(other), -900n]]);
    expect(ledger.forced.open()).toHaveLength(2);
  });
});
