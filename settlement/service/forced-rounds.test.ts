import { afterEach, describe, expect, it } from 'vitest';
import { type ForcedPayment, forcedDebitKey } from '../ledger/forced-payments.js';
import { type ForcedRequest, forcedKey, forcedReturnKey } from '../ledger/forced-requests.js';
import { makeScratch, openLedger, removeScratch } from '../ledger/testing/scratch.js';
import { cashKeyText } from '../packs/cash-key.js';
import type { ChainDoor, ChainOutcome, DepositScan, ForcedOnChain } from './chain-door.js';
import { DepositRounds } from './deposit-rounds.js';
import { type ForcedMoney, RefusedByExchangeError } from './exchange-door.js';
import { ForcedDebits } from './forced-debits.js';
import { ForcedRounds } from './forced-rounds.js';

afterEach(removeScratch);

const REQUEST: ForcedRequest = {
  accountId: 4,
  requestedAtSeconds: 1_800_000_000,
  amountMicroUsd: 900,
};

/** What was asked of the engine; a key counts once, as there. */
class Engine implements ForcedMoney {
  readonly moves = new Map<string, bigint>();
  answer: Error | null = null;
  stuckKey = '';

  async deposit(_account: number, microUsd: bigint, key: string): Promise<void> {
    if (this.answer !== null) throw this.answer;
    this.moves.set(key, microUsd);
  }
  async withdraw(): Promise<void> {
    throw new Error('what is forced is not asked for like this');
  }
  async withdrawByForce(_account: number, microUsd: bigint, key: string): Promise<void> {
    if (this.answer !== null) throw this.answer;
    if (key === this.stuckKey) throw new Error('stuck');
    this.moves.set(key, -microUsd);
  }
}

const SLOT = 1_000;
const DELAY_SECONDS = 86_400;

/** Requests, and what the vault's history has of them; endpoints may agree on neither. */
class Chain {
  onChain: ForcedOnChain[] = [seen(REQUEST)];
  /** Payments that were not scanned yet. */
  readonly payments: ForcedPayment[] = [];
  /** Null: too few endpoints agree on the history. */
  completeToSlot: number | null = SLOT + 1_000;
  /** Where endpoints agree that the request is gone. */
  goneSlot: number | null = SLOT + 10;
  served: string | null = 'not settled';
  cut: ForcedOnChain[] | null = null;
  cuts = 0;
  private scans = 0;

  /** For the rounds, which need no more of it. */
  get door(): ChainDoor {
    return this as unknown as ChainDoor;
  }

  pays(amountMicroUsd: number, change: Partial<ForcedPayment> = {}): ForcedPayment {
    const signature = `payment ${this.payments.length}`;
    const { accountId } = REQUEST;
    const at = { eventIndex: 0, chainSlot: SLOT + 5 };
    const payment = { signature, accountId, amountMicroUsd, ...at, ...change };
    this.payments.push(payment);
    return payment;
  }

  async forcedRequests(): Promise<ForcedOnChain[]> {
    return this.onChain;
  }
  async forcedGoneSlot(): Promise<number | null> {
    return this.goneSlot;
  }
  async freezeDelaySeconds(): Promise<number> {
    return DELAY_SECONDS;
  }
  async serveForced(): Promise<ChainOutcome> {
    return this.served === null ? { kind: 'done' } : { kind: 'refused', sentence: this.served };
  }
  async reduceForced(): Promise<ChainOutcome> {
    this.cuts++;
    if (this.cut === null) return { kind: 'refused', sentence: 'all of it can be had' };
    this.onChain = this.cut;
    return { kind: 'done' };
  }
  async deposits(cursor: string | null): Promise<DepositScan> {
    const { completeToSlot } = this;
    if (completeToSlot === null) return { deposits: [], served: [], cursor, completeToSlot };
    const served = this.payments.splice(0);
    const next = served.length === 0 ? cursor : `scan ${++this.scans}`;
    return { deposits: [], served, cursor: next, completeToSlot };
  }
}

function seen(request: ForcedRequest, change: Partial<ForcedOnChain> = {}): ForcedOnChain {
  return { ...request, isAgreed: true, seenAtSlot: SLOT, ...change };
}

function prepared() {
  const clock = { nowMs: 1_800_000_100_000 };
  const now = () => clock.nowMs;
  const ledger = openLedger(makeScratch(), { now });
  const exchange = new Engine();
  const chain = new Chain();
  const common = { ledger, chain: chain.door, exchange, now };
  const deposits = new DepositRounds({ ...common, operator: 'operator' });
  const rounds = new ForcedRounds({ ...common, scan: () => deposits.scan() });
  const debits = new ForcedDebits({ ledger, exchange, now });
  let item = 0;
  /** What the engine has done comes over the bus, and the round that believes it. */
  const arrives = async (changeMicroUsd: number, key: string | null) => {
    item++;
    const cashKey = key === null ? null : cashKeyText(key);
    const change = { accountId: REQUEST.accountId, changeMicroUsd, collateralMicroUsd: 0, cashKey };
    const origin = { kind: 'balance', sequence: item, timeMs: clock.nowMs } as const;
    ledger.cash.addBalanceItem({ shardId: 0, item }, { ...origin, ...change });
    await rounds.round();
  };
  const states = () => ledger.forced.open().map(({ state }) => state);
  /** Asked for, and taken off by the engine. */
  const reserve = async () => {
    await rounds.round();
    await arrives(-REQUEST.amountMicroUsd, forcedKey(REQUEST));
  };
  const parts = { ledger, exchange, chain, deposits, rounds, debits, clock };
  return { ...parts, arrives, states, reserve };
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
    const { exchange, chain, rounds, states, reserve } = prepared();
    await reserve();
    chain.onChain = [];
    chain.pays(900);
    await rounds.round();
    expect(states()).toEqual([]);
    expect(exchange.moves.size).toBe(1);
  });

  it('is given back when its owner has taken it back after the engine gave it', async () => {
    const { exchange, chain, rounds, states, reserve, arrives } = prepared();
    await reserve();
    chain.onChain = [];
    await rounds.round();
    expect(states()).toEqual(['canceled']);
    await rounds.round();
    expect([...exchange.moves]).toEqual([
      [forcedKey(REQUEST), -900n],
      [forcedReturnKey(REQUEST), 900n],
    ]);
    await arrives(900, forcedReturnKey(REQUEST));
    expect(states()).toEqual([]);
  });

  it('that was cut after the engine gave it all is paid in part, and the rest given back', async () => {
    const { exchange, chain, rounds, states, reserve, arrives } = prepared();
    await reserve();
    chain.onChain = [];
    chain.pays(600);
    await rounds.round();
    await rounds.round();
    expect([...exchange.moves]).toEqual([
      [forcedKey(REQUEST), -900n],
      [forcedReturnKey(REQUEST), 300n],
    ]);
    await arrives(300, forcedReturnKey(REQUEST));
    expect(states()).toEqual([]);
  });

  it('that is stuck does not stop another one', async () => {
    const { ledger, exchange, chain, rounds } = prepared();
    exchange.stuckKey = forcedKey(REQUEST);
    const other = { ...REQUEST, accountId: 5 };
    chain.onChain.push(seen(other));
    await rounds.round().catch(() => {});
    expect([...exchange.moves]).toEqual([[forcedKey(other), -900n]]);
    expect(ledger.forced.open()).toHaveLength(2);
  });

  it('that too few endpoints show is not believed, and not overlooked', async () => {
    const { ledger, exchange, chain, rounds, clock } = prepared();
    chain.onChain = [seen(REQUEST, { isAgreed: false, seenAtSlot: 0 })];
    await rounds.round();
    expect(exchange.moves.size).toBe(0);
    expect(ledger.alarms.list()).toEqual([]);
    clock.nowMs = (REQUEST.requestedAtSeconds + DELAY_SECONDS / 2) * 1_000;
    await rounds.round();
    expect(ledger.alarms.list()[0]?.sentence).toContain('fewer endpoints show it');
  });

  it('of more, made anew within the same second, is not served with what was reserved for the first', async () => {
    const { exchange, chain, rounds, states, reserve } = prepared();
    await reserve();
    const larger = { ...REQUEST, amountMicroUsd: 5_000 };
    chain.onChain = [seen(larger, { seenAtSlot: SLOT + 2 })];
    await rounds.round();
    expect(exchange.moves.get(forcedKey(larger))).toBe(-5_000n);
    await rounds.round();
    expect(states()).toContain('canceled');
    expect(exchange.moves.get(forcedReturnKey(REQUEST))).toBe(900n);
  });
});

describe('a forced withdrawal that is gone from the chain is not taken for unpaid', () => {
  it('while too few endpoints agree on what has happened at the vault', async () => {
    const { exchange, chain, deposits, rounds, states, reserve } = prepared();
    await reserve();
    chain.onChain = [];
    chain.pays(900);
    chain.completeToSlot = null;
    for (let round = 0; round < 5; round++) await rounds.round();
    expect(states()).toEqual(['reserved']);
    expect(deposits.isAtEnd).toBe(false);
    chain.completeToSlot = SLOT + 1_000;
    await rounds.round();
    expect(states()).toEqual([]);
    expect([...exchange.moves.keys()]).toEqual([forcedKey(REQUEST)]);
  });

  it('while the history is known only up to a block before', async () => {
    const { chain, rounds, states, reserve } = prepared();
    await reserve();
    chain.onChain = [];
    chain.goneSlot = SLOT + 10;
    chain.completeToSlot = SLOT + 9;
    await rounds.round();
    expect(states()).toEqual(['reserved']);
    chain.completeToSlot = SLOT + 10;
    await rounds.round();
    expect(states()).toEqual(['canceled']);
  });

  it('when nodes say so that do not know of it yet, or too few', async () => {
    const { ledger, chain, rounds, states, reserve, clock } = prepared();
    await reserve();
    chain.onChain = [];
    chain.goneSlot = SLOT - 1;
    await rounds.round();
    chain.goneSlot = null;
    await rounds.round();
    expect(states()).toEqual(['reserved']);
    clock.nowMs += 61_000;
    await rounds.round();
    const [alarm] = ledger.alarms.list();
    expect(alarm).toMatchObject({ severity: 'warning' });
    expect(alarm?.sentence).toMatch(/account 4 for 900 micro-USD is gone from the chain/);
    chain.goneSlot = SLOT + 10;
    await rounds.round();
    expect(states()).toEqual(['canceled']);
    expect(ledger.alarms.list()).toEqual([]);
  });
});

describe('a payment by force', () => {
  it('counts once, also when a scan tells it again while another request is open', async () => {
    const { ledger, chain, rounds, states, reserve, arrives } = prepared();
    await reserve();
    const payment = chain.pays(900);
    chain.onChain = [];
    await rounds.round();
    const second = { ...REQUEST, requestedAtSeconds: REQUEST.requestedAtSeconds + 60 };
    chain.onChain = [seen(second, { seenAtSlot: SLOT + 20 })];
    await rounds.round();
    await arrives(-900, forcedKey(second));
    expect(states()).toEqual(['reserved']);
    expect(ledger.forcedPayments.note(payment)).toBeNull();
    expect(states()).toEqual(['reserved']);
  });

  it('that comes after the request was given back is taken off once more, with an alarm until it is', async () => {
    const { ledger, exchange, chain, deposits, rounds, debits, reserve, arrives, clock } =
      prepared();
    await reserve();
    chain.onChain = [];
    await rounds.round();
    await rounds.round();
    await arrives(900, forcedReturnKey(REQUEST));
    const payment = chain.pays(900, { chainSlot: SLOT + 10 });
    await deposits.scan();
    exchange.answer = new RefusedByExchangeError('insufficient_free_collateral', 'free is 5');
    await debits.round();
    const [alarm] = ledger.alarms.list();
    expect(alarm).toMatchObject({ severity: 'critical' });
    expect(alarm?.sentence).toMatch(/has paid 900 micro-USD to the owner of account 4.*free is 5/);
    exchange.answer = null;
    clock.nowMs += 1_000;
    await debits.round();
    expect(exchange.moves.get(forcedDebitKey(payment))).toBe(-900n);
    await arrives(-900, forcedDebitKey(payment));
    await debits.round();
    expect(ledger.alarms.list()).toEqual([]);
  });

  it('of what the engine had refused is taken off in the engine', async () => {
    const { ledger, exchange, chain, deposits, rounds, states, arrives, clock } = prepared();
    exchange.answer = new RefusedByExchangeError('insufficient_free_collateral', 'free is 5');
    await rounds.round();
    exchange.answer = null;
    chain.onChain = [];
    chain.pays(900);
    await deposits.scan();
    expect(states()).toEqual(['seen']);
    clock.nowMs += 60_000;
    await rounds.round();
    expect([...exchange.moves]).toEqual([[forcedKey(REQUEST), -900n]]);
    await arrives(-900, forcedKey(REQUEST));
    expect(states()).toEqual([]);
    expect(ledger.forced.find(REQUEST)?.state).toBe('served');
    expect(ledger.alarms.list()).toEqual([]);
  });

  it('of more than was reserved is taken off in full', async () => {
    const { ledger, exchange, chain, deposits, debits, reserve, arrives } = prepared();
    await reserve();
    const payment = chain.pays(5_000);
    await deposits.scan();
    await debits.round();
    expect(exchange.moves.get(forcedDebitKey(payment))).toBe(-4_100n);
    expect(ledger.alarms.list()).toHaveLength(1);
    await arrives(-4_100, forcedDebitKey(payment));
    await debits.round();
    expect(ledger.alarms.list()).toEqual([]);
    expect(ledger.forcedPayments.open()).toEqual([]);
  });

  it('of which no request is known stays an alarm until the engine shows that it was taken off', async () => {
    const { ledger, exchange, chain, deposits, debits, arrives, clock } = prepared();
    chain.onChain = [];
    chain.pays(700);
    await deposits.scan();
    await debits.round();
    expect(exchange.moves.size).toBe(0);
    expect(ledger.alarms.list()[0]?.sentence).toMatch(/no request for it is known here/);
    clock.nowMs += 60_000;
    await arrives(-700, null);
    await debits.round();
    expect(ledger.alarms.list()).toEqual([]);
    expect(ledger.cash.unlinkedItems(10)).toEqual([]);
  });
});

describe('a forced withdrawal that the engine refuses', () => {
  const refusal = new RefusedByExchangeError('insufficient_free_collateral', 'free is 5');

  it('raises an alarm with all that an operator has to know, and is asked for again', async () => {
    const { ledger, exchange, rounds, states, arrives, clock } = prepared();
    exchange.answer = refusal;
    await rounds.round();
    const [alarm] = ledger.alarms.list();
    expect(alarm?.severity).toBe('critical');
    expect(alarm?.sentence).toMatch(
      /account 4 has asked the chain for 900 micro-USD at 2027-01-15T08:00:00.000Z.*free is 5.*does not cut it.*After 2027-01-16T08:00:00.000Z anybody may freeze/,
    );
    exchange.answer = null;
    await rounds.round();
    expect(exchange.moves.size).toBe(0);
    clock.nowMs += 1_000;
    await rounds.round();
    expect([...exchange.moves]).toEqual([[forcedKey(REQUEST), -900n]]);
    await arrives(-900, forcedKey(REQUEST));
    expect(states()).toEqual(['reserved']);
    expect(ledger.alarms.list()).toEqual([]);
  });

  it('is asked for less and less often, but several times a minute', async () => {
    const { exchange, chain, rounds, clock } = prepared();
    exchange.answer = refusal;
    for (let second = 0; second < 120; second++) {
      await rounds.round();
      clock.nowMs += 1_000;
    }
    expect(chain.cuts).toBeGreaterThan(8);
    expect(chain.cuts).toBeLessThan(15);
  });

  it('is cut on chain to what can leave there, asked for again, and paid', async () => {
    const { ledger, exchange, chain, rounds, states, arrives } = prepared();
    exchange.answer = refusal;
    const cut = { ...REQUEST, amountMicroUsd: 5 };
    chain.cut = [seen(cut, { seenAtSlot: SLOT + 1 })];
    await rounds.round();
    exchange.answer = null;
    await rounds.round();
    expect([...exchange.moves]).toEqual([[forcedKey(cut), -5n]]);
    await arrives(-5, forcedKey(cut));
    expect(states()).toEqual(['reserved']);
    expect(ledger.alarms.list()).toEqual([]);
    chain.onChain = [];
    chain.pays(5);
    await rounds.round();
    expect(states()).toEqual([]);
    expect(exchange.moves.size).toBe(1);
  });

  it('is not asked for any more when it is gone from the chain', async () => {
    const { ledger, exchange, chain, rounds, clock } = prepared();
    exchange.answer = refusal;
    await rounds.round();
    exchange.answer = null;
    chain.onChain = [];
    clock.nowMs += 60_000;
    await rounds.round();
    expect(exchange.moves.size).toBe(0);
    expect(ledger.alarms.list()).toEqual([]);
  });
});

describe('a forced withdrawal that the chain does not pay', () => {
  it('is ended there when nothing can be paid to its destination, and given back', async () => {
    const { ledger, exchange, chain, rounds, states, reserve } = prepared();
    await reserve();
    ledger.forced.coveringBatch = () => 0;
    chain.served = 'the destination is no token account';
    chain.cut = [];
    await rounds.round();
    expect(chain.cuts).toBe(1);
    await rounds.round();
    expect(states()).toEqual(['canceled']);
    await rounds.round();
    expect(exchange.moves.get(forcedReturnKey(REQUEST))).toBe(900n);
  });

  it('raises an alarm at half of the delay, whatever the reason', async () => {
    const { ledger, chain, rounds, reserve, clock } = prepared();
    await reserve();
    ledger.forced.coveringBatch = () => 0;
    chain.served = 'the exchange is halted';
    await expect(rounds.round()).rejects.toThrow('the exchange is halted');
    expect(ledger.alarms.list()).toEqual([]);
    clock.nowMs = (REQUEST.requestedAtSeconds + DELAY_SECONDS / 2) * 1_000;
    await rounds.round().catch(() => {});
    const [alarm] = ledger.alarms.list();
    expect(alarm).toMatchObject({ severity: 'critical' });
    expect(alarm?.sentence).toMatch(/account 4 .* 900 micro-USD .*the exchange is halted.*After/);
    chain.forcedRequests = () => Promise.reject(new Error('no endpoint answers'));
    await rounds.round().catch(() => {});
    expect(ledger.alarms.list()[0]?.sentence).toContain('no endpoint answers');
  });
});
