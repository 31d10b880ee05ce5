import { afterEach, describe, expect, it } from 'vitest';
import { depositKey } from '../ledger/deposits.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import { makeScratch, openLedger, removeScratch } from '../ledger/testing/scratch.js';
import { reservationKey, returnKey } from '../ledger/withdrawals.js';
import { cashKeyText } from '../packs/cash-key.js';
import type { ChainDoor } from './chain-door.js';
import { DepositRounds } from './deposit-rounds.js';
import { WithdrawalRounds } from './withdrawal-rounds.js';

afterEach(removeScratch);

const START_MS = 1_800_000_000_000;
const DEPOSIT = {
  signature: 'one',
  eventIndex: 0,
  accountId: 3,
  amountMicroUsd: 500,
  depositedTotalMicroUsd: 500,
  chainSlot: 9,
};
const REQUEST = {
  accountId: 3,
  nonce: 1,
  amountMicroUsd: 200,
  destination: new Uint8Array(32),
  expirySeconds: START_MS / 1_000 + 60,
  signature: new Uint8Array(64),
};

/** An exchange that answers at once, and whose disk may lose what it has answered. */
function start() {
  const clock = { nowMs: START_MS };
  const now = () => clock.nowMs;
  const ledger = openLedger(makeScratch(), { now });
  const told: string[] = [];
  const tell = async (_account: number, _amount: bigint, key: string) => {
    told.push(key);
  };
  const exchange = { deposit: tell, withdraw: tell };
  const chain = {
    deposits: async () => ({ deposits: [], cursor: null }),
    fateOf: async () => 'expired',
  } as unknown as ChainDoor;
  const common = { ledger, chain, exchange, now };
  const deposits = new DepositRounds({ ...common, operator: 'operator' });
  return { clock, ledger, told, deposits, withdrawals: new WithdrawalRounds(common) };
}

/** What the exchange's journal has for good comes over the bus. */
function arrives(ledger: SettlementLedger, item: number, changeMicroUsd: number, key: string) {
  const change = {
    kind: 'balance',
    sequence: item,
    timeMs: START_MS,
    accountId: 3,
    changeMicroUsd,
    collateralMicroUsd: 0,
  } as const;
  ledger.cash.addBalanceItem({ shardId: 0, item }, { ...change, cashKey: cashKeyText(key) });
}

describe('money, when the exchange has answered and its power fails before the disk has it', () => {
  it('is told again until the bus shows the deposit', async () => {
    const { clock, ledger, told, deposits } = start();
    ledger.deposits.record(DEPOSIT);
    const key = depositKey(DEPOSIT);
    await deposits.round();
    await deposits.round();
    expect(told).toEqual([key]);
    expect(ledger.deposits.find('one', 0)?.state).toBe('seen');
    clock.nowMs += 2_000;
    await deposits.round();
    expect(told).toEqual([key, key]);
    arrives(ledger, 1, 500, key);
    await deposits.round();
    expect(ledger.deposits.find('one', 0)?.state).toBe('credited');
    clock.nowMs += 10_000;
    await deposits.round();
    expect(told).toHaveLength(2);
  });

  it('is not given back without having been taken, and given back only when the bus shows it', async () => {
    const { clock, ledger, told, withdrawals } = start();
    const { id } = ledger.withdrawals.request(REQUEST).withdrawal;
    const stateNow = () => ledger.withdrawals.get(id).state;
    await withdrawals.round();
    clock.nowMs += 100_000;
    await withdrawals.round();
    expect(stateNow()).toBe('requested');
    expect(told).toEqual([reservationKey(REQUEST), reservationKey(REQUEST)]);
    arrives(ledger, 1, -200, reservationKey(REQUEST));
    for (let round = 0; round < 3; round++) await withdrawals.round();
    expect(stateNow()).toBe('expired');
    clock.nowMs += 2_000;
    await withdrawals.round();
    expect(told.slice(2)).toEqual([returnKey(REQUEST), returnKey(REQUEST)]);
    arrives(ledger, 2, 200, returnKey(REQUEST));
    await withdrawals.round();
    expect(stateNow()).toBe('givenBack');
  });
});
