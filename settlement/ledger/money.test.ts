import { afterEach, describe, expect, it } from 'vitest';
import { depositKey } from './deposits.js';
import { ConflictError, LedgerStateError } from './errors.js';
import { Exchange } from './testing/exchange.js';
import { makeScratch, NO_LIMITS, openLedger, removeScratch } from './testing/scratch.js';
import {
  reservationKey,
  returnKey,
  type WithdrawalRequest,
  type WithdrawalState,
} from './withdrawals.js';

afterEach(removeScratch);

const DEPOSIT = {
  signature: 'sig-1',
  eventIndex: 0,
  accountId: 1,
  amountMicroUsd: 5_000,
  depositedTotalMicroUsd: 5_000,
  chainSlot: 9,
};

const REQUEST: WithdrawalRequest = {
  accountId: 1,
  nonce: 3,
  amountMicroUsd: 700,
  destination: new Uint8Array(32).fill(4),
  expirySeconds: 1_800_000_000,
  signature: new Uint8Array(64).fill(5),
};

describe('deposits', () => {
  it('are written once, however often they are seen, and never become something else', () => {
    const ledger = openLedger(makeScratch());
    const { deposit, isNew } = ledger.deposits.record(DEPOSIT);
    expect(isNew).toBe(true);
    expect(ledger.deposits.record({ ...DEPOSIT, chainSlot: 11 })).toEqual({
      deposit,
      isNew: false,
    });
    expect(() => ledger.deposits.record({ ...DEPOSIT, amountMicroUsd: 5_001 })).toThrow(
      ConflictError,
    );
    expect(() => ledger.deposits.record({ ...DEPOSIT, accountId: 2 })).toThrow('deposit sig-1#0');
    expect(ledger.deposits.record({ ...DEPOSIT, eventIndex: 1 }).isNew).toBe(true);
    expect(ledger.deposits.open(10).map(depositKey)).toEqual([
      'deposit:sig-1:0',
      'deposit:sig-1:1',
    ]);
    expect(() =>
      ledger.deposits.record({ ...DEPOSIT, signature: 'zero', amountMicroUsd: 0 }),
    ).toThrow('amountMicroUsd is 0, and must be a whole number from 1');
    const huge = { ...DEPOSIT, signature: 'huge', amountMicroUsd: 2 ** 53 };
    expect(() => ledger.deposits.record(huge)).toThrow(LedgerStateError);
    const short = { ...REQUEST, nonce: 77, destination: new Uint8Array(31) };
    expect(() => ledger.withdrawals.request(short)).toThrow('31 and 64 bytes');
  });

  it('are told to the engine until it has answered, and are linked to its change of the balance', () => {
    const ledger = openLedger(makeScratch());
    const exchange = new Exchange(ledger);
    const { deposit } = ledger.deposits.record(DEPOSIT);
    exchange.balance(0, 5, 20, 5_000, depositKey(DEPOSIT));
    // The change alone proves nothing about the answer: the engine is told all the same.
    expect(ledger.deposits.open(10)).toHaveLength(1);
    expect(ledger.deposits.open(10)[0]).toMatchObject({ shardId: 0, item: 2 });
    ledger.deposits.markCredited(deposit.id);
    ledger.deposits.markCredited(deposit.id);
    expect(ledger.deposits.open(10)).toEqual([]);
    expect(() => ledger.deposits.markRefused(deposit.id, 'late')).toThrow(LedgerStateError);
    expect(ledger.cash.unlinkedItems(10)).toEqual([]);
  });

  it('are linked also when the ledger hears of the change first, and never by amount', () => {
    const ledger = openLedger(makeScratch());
    const exchange = new Exchange(ledger);
    const second = { ...DEPOSIT, signature: 'sig-2' };
    exchange.balance(0, 5, 20, 5_000, depositKey(second));
    exchange.balance(0, 6, 21, 5_000);
    ledger.deposits.record(DEPOSIT);
    expect(ledger.cash.unlinkedItems(10).map(({ item }) => item)).toEqual([2, 3]);
    ledger.deposits.record(second);
    expect(ledger.cash.unlinkedItems(10).map(({ item }) => item)).toEqual([3]);
    ledger.cash.linkToOperator({ shardId: 0, item: 3 });
    expect(ledger.cash.unlinkedItems(10)).toEqual([]);
    expect(() => ledger.cash.linkToOperator({ shardId: 0, item: 3 })).toThrow(LedgerStateError);
  });

  it('are kept together with how far a scan has come; the operator’s own are not told to the engine', () => {
    const folder = makeScratch();
    const ledger = openLedger(folder);
    expect(ledger.deposits.cursor()).toBeNull();
    const found = [
      { ...DEPOSIT, payer: 'somebody' },
      { ...DEPOSIT, eventIndex: 1, payer: 'operator' },
    ];
    const isOperators = ({ payer }: { payer: string }) => payer === 'operator';
    ledger.deposits.recordAll(found, { from: null, to: 'there' }, isOperators);
    ledger.deposits.recordAll(found, { from: 'there', to: 'there' }, isOperators);
    expect(ledger.deposits.cursor()).toBe('there');
    expect(ledger.deposits.open(10).map(({ eventIndex }) => eventIndex)).toEqual([0]);
    const changed = [{ ...DEPOSIT, amountMicroUsd: 1, payer: 'somebody' }];
    const step = { from: 'there', to: 'further' };
    expect(() => ledger.deposits.recordAll(changed, step, () => false)).toThrow(ConflictError);
    expect(ledger.deposits.cursor()).toBe('there');
    // An earlier scan that is slower does not set it back.
    const late = { from: null, to: 'here' };
    expect(() => ledger.deposits.recordAll([], late, () => false)).toThrow(LedgerStateError);
    expect(ledger.deposits.cursor()).toBe('there');
    ledger.close();
  });

  it('that a scan has missed are found by the running totals of the rows', () => {
    const ledger = openLedger(makeScratch());
    ledger.deposits.record(DEPOSIT);
    const totals = [
      { accountId: 1, depositedTotalMicroUsd: 8_000n },
      { accountId: 2, depositedTotalMicroUsd: 0n },
    ];
    expect(ledger.deposits.missing(totals)).toEqual([
      { accountId: 1, chainMicroUsd: 8_000n, knownMicroUsd: 5_000n },
    ]);
  });
});

describe('withdrawals', () => {
  it('go from state to state as they may, and every step is kept', () => {
    const clock = { nowMs: 100 };
    const ledger = openLedger(makeScratch(), { now: () => clock.nowMs++ });
    const { withdrawal, isNew } = ledger.withdrawals.request(REQUEST);
    expect(isNew).toBe(true);
    const { id } = withdrawal;
    expect(Buffer.from(withdrawal.destination).equals(REQUEST.destination)).toBe(true);
    const steps: WithdrawalState[] = ['reserved', 'settled', 'submitted', 'completed'];
    for (const state of steps) {
      ledger.withdrawals.advance(id, state, `now ${state}`);
      ledger.withdrawals.advance(id, state, 'again');
    }
    expect(ledger.withdrawals.history(id).map(({ state }) => state)).toEqual([
      'requested',
      ...steps,
    ]);
    expect(ledger.withdrawals.history(id).map(({ timeMs }) => timeMs)).toEqual([
      100, 101, 102, 103, 104,
    ]);
    expect(ledger.withdrawals.open(10)).toEqual([]);
    expect(() => ledger.withdrawals.advance(id, 'expired', 'no')).toThrow(
      'is completed, and cannot become expired',
    );
    expect(ledger.withdrawals.request(REQUEST)).toMatchObject({ isNew: false, withdrawal: { id } });
    const other = { ...REQUEST, amountMicroUsd: 701 };
    expect(() => ledger.withdrawals.request(other)).toThrow(ConflictError);
  });

  it('cannot be sent any more once they are expired', () => {
    const ledger = openLedger(makeScratch());
    const { id } = ledger.withdrawals.request(REQUEST).withdrawal;
    ledger.withdrawals.advance(id, 'reserved', '');
    ledger.withdrawals.advance(id, 'expired', 'expiry is past in a finalized block');
    for (const state of ['settled', 'submitted', 'completed'] as const) {
      expect(() => ledger.withdrawals.advance(id, state, '')).toThrow(LedgerStateError);
    }
    new Exchange(ledger).balance(0, 5, 20, 700, returnKey(REQUEST));
    expect(ledger.withdrawals.advance(id, 'givenBack', '')).toMatchObject({
      returnedShardId: 0,
      returnedItem: 2,
    });
  });
});

describe('which batch covers a withdrawal', () => {
  it('is known when every shard has said that it was further, and what it had is in batches', () => {
    const ledger = openLedger(makeScratch());
    const exchange = new Exchange(ledger);
    const { id } = ledger.withdrawals.request(REQUEST).withdrawal;
    const covering = () => ledger.withdrawals.coveringBatch(id);
    exchange.fill(1, 3, 30);
    exchange.balance(0, 7, 40, -700, reservationKey(REQUEST));
    expect(covering()).toBe(null);
    expect(ledger.buildBatch(NO_LIMITS).batch?.sequence).toBe(1);
    expect(covering()).toBe(null);
    // Shard 0 was further; but a fill that it had before is still on its way in another stream.
    exchange.holdBack(() => exchange.fill(1, 8, 45));
    exchange.watermark(0, 9, 50);
    exchange.watermark(1, 8, 41);
    ledger.batches.markSettled(1);
    ledger.buildBatch(NO_LIMITS);
    expect(covering()).toBe(null);
    exchange.letCome();
    ledger.buildBatch(NO_LIMITS);
    expect(covering()).toBe(2);
    expect(ledger.coverage.places()).toEqual([
      { shardId: 0, sequence: 9, timeMs: 50 },
      { shardId: 1, sequence: 8, timeMs: 41 },
    ]);
  });

  it('is not known while another shard has said nothing after its time', () => {
    const ledger = openLedger(makeScratch());
    const exchange = new Exchange(ledger);
    const { id } = ledger.withdrawals.request(REQUEST).withdrawal;
    exchange.balance(0, 7, 40, -700, reservationKey(REQUEST));
    exchange.watermark(0, 9, 50);
    exchange.watermark(1, 6, 40);
    ledger.buildBatch(NO_LIMITS);
    expect(ledger.withdrawals.coveringBatch(id)).toBe(null);
    exchange.watermark(1, 8, 41);
    exchange.fill(1, 10, 60);
    ledger.buildBatch(NO_LIMITS);
    expect(ledger.withdrawals.coveringBatch(id)).toBe(1);
  });

  it('waits for what its watermark names, also when the bus has lost it again', () => {
    const ledger = openLedger(makeScratch());
    const exchange = new Exchange(ledger);
    exchange.holdBack(() => exchange.fill(1, 8, 49));
    exchange.watermark(0, 9, 50);
    ledger.buildBatch(NO_LIMITS);
    expect(ledger.coverage.places()).toEqual([]);
    exchange.letCome();
    ledger.buildBatch(NO_LIMITS);
    expect(ledger.coverage.places()).toEqual([{ shardId: 0, sequence: 9, timeMs: 50 }]);
  });
});

describe('an insurance fund', () => {
  const pay = (exchange: Exchange, sequence: number, paymentMicroUsd: number) =>
    exchange.say(0, sequence, sequence, {
      kind: 'funding',
      accountId: sequence,
      marketId: 1,
      paymentMicroUsd,
    });

  it('pays in a batch what comes in later in the same round, also beyond the limits', () => {
    const ledger = openLedger(makeScratch());
    const exchange = new Exchange(ledger);
    exchange.fill(1, 2, 11);
    for (const [at, payment] of [-50, 20, -10, 40, 5, -5].entries())
      pay(exchange, 20 + at, payment);
    const limits = { ...NO_LIMITS, itemsMax: 2, entriesMax: 2 };
    expect(ledger.buildBatch(limits).batch).toMatchObject({ items: 1, payments: 0 });
    const round = ledger.buildBatch(limits);
    expect(round.batch).toMatchObject({ items: 0, payments: 4 });
    expect(ledger.buildBatch(limits)).toMatchObject({ batch: { payments: 2 }, isFull: false });
  });

  it("waits for money when nobody pays in, says so after a while, and goes on with an operator's", () => {
    const clock = { nowMs: 100 };
    const ledger = openLedger(makeScratch(), { now: () => clock.nowMs, patienceMs: 1_000 });
    const exchange = new Exchange(ledger);
    pay(exchange, 20, -50);
    exchange.fill(1, 2, 30);
    expect(ledger.buildBatch(NO_LIMITS)).toMatchObject({ batch: { items: 1 }, shortMarkets: [1] });
    expect(ledger.status().alarms).toEqual([]);
    clock.nowMs += 1_000;
    expect(ledger.buildBatch(NO_LIMITS)).toMatchObject({ batch: null, shortMarkets: [1] });
    expect(ledger.status().alarms.map(({ key }) => key)).toEqual(['shortInsurance']);
    exchange.say(0, 21, 21, {
      kind: 'insuranceFunded',
      marketId: 1,
      changeMicroUsd: 49,
      cashKey: null,
    });
    expect(ledger.buildBatch(NO_LIMITS).batch).toBe(null);
    exchange.say(0, 22, 22, {
      kind: 'insuranceFunded',
      marketId: 1,
      changeMicroUsd: 1,
      cashKey: null,
    });
    expect(ledger.cash.unpaidFundings(10).map((each) => each.changeMicroUsd)).toEqual([49, 1]);
    expect(ledger.buildBatch(NO_LIMITS)).toMatchObject({
      batch: { payments: 1 },
      shortMarkets: [],
    });
    expect(ledger.status()).toMatchObject({ alarms: [], waitingItems: 0 });
    ledger.together(() => {
      for (const { id } of ledger.cash.unpaidFundings(10)) ledger.cash.markFundingPaid(id);
    });
    expect(ledger.cash.unpaidFundings(10)).toEqual([]);
    const failing = () =>
      ledger.together(() => {
        ledger.deposits.record(DEPOSIT);
        throw new Error('something else');
      });
    expect(failing).toThrow('something else');
    expect(ledger.deposits.open(10)).toEqual([]);
  });
});

describe('what is sent to the chain', () => {
  it('is kept with every attempt, and what it cost', () => {
    const ledger = openLedger(makeScratch());
    const { transactions } = ledger;
    const { id } = transactions.open('settleBatch', 1);
    expect(transactions.open('settleBatch', 1).id).toBe(id);
    const attempt = { blockhash: 'b', lastValidHeight: 10, priorityFeeMicroLamports: 5 };
    transactions.addAttempt(id, { ...attempt, signature: 'a1' });
    transactions.endAttempt('a1', { result: 'expired' });
    transactions.addAttempt(id, { ...attempt, signature: 'a2' });
    expect(transactions.addAttempt(id, { ...attempt, signature: 'a2' }).number).toBe(2);
    transactions.endAttempt('a2', {
      result: 'confirmed',
      chainSlot: 4,
      computeUnits: 900,
      feeLamports: 5_000,
    });
    expect(transactions.find('settleBatch', 1)?.state).toBe('confirmed');
    expect(transactions.feesPaidLamports()).toBe(5_000);
    const fresh = transactions.open('withdraw', 8);
    transactions.addAttempt(fresh.id, { ...attempt, signature: 'w1' });
    transactions.endAttempt('w1', { result: 'failed', feeLamports: 700 });
    expect(transactions.feesPaidLamports()).toBe(5_700);
    transactions.close(fresh.id, 'abandoned');
    expect(transactions.computeUnitsOfBatch(1)).toBe(900);
    // A fork has taken it back: it is to be sent again.
    transactions.endAttempt('a2', { result: 'expired' });
    expect(transactions.find('settleBatch', 1)).toMatchObject({ id, state: 'open' });
    expect(transactions.attempts(id).map(({ number, result }) => [number, result])).toEqual([
      [1, 'expired'],
      [2, 'expired'],
    ]);
    expect(() => transactions.endAttempt('a9', { result: 'failed' })).toThrow('no attempt a9');
    const other = transactions.open('withdraw', 1);
    expect(() => transactions.addAttempt(other.id, { ...attempt, signature: 'a1' })).toThrow(
      'belongs to',
    );
  });
});
