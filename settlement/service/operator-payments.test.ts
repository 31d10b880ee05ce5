import { afterEach, describe, expect, it } from 'vitest';
import { makeScratch, NO_LIMITS, openLedger, removeScratch } from '../ledger/testing/scratch.js';
import { GENESIS_HASH } from '../program/batch-codec.js';
import { BatchRounds } from './batch-rounds.js';
import type { ChainDoor } from './chain-door.js';
import { OperatorPayments } from './operator-payments.js';

afterEach(removeScratch);

/** An account that is on chain, for which an operator has booked 500 in the engine; and a chain with so many batches. */
function start(lastSequence: number) {
  const ledger = openLedger(makeScratch());
  const place = { sequence: 1, timeMs: 1 };
  const account = { accountId: 3, parentId: 0, publicKey: null };
  ledger.catalogue.addAccount(0, { ...place, ...account, kind: 'accountCreated' });
  ledger.catalogue.markOnChain([3]);
  const change = { accountId: 3, changeMicroUsd: 500, collateralMicroUsd: 500, cashKey: null };
  ledger.cash.addBalanceItem({ shardId: 0, item: 2 }, { ...place, ...change, kind: 'balance' });
  const paid: bigint[] = [];
  const lastHash = lastSequence === 0 ? GENESIS_HASH : new Uint8Array(32).fill(7);
  const chain = {
    exchange: async () => ({ lastSequence, lastHash, status: 'active' }),
    payInto: async (_to: object, microUsd: bigint) => void paid.push(microUsd),
  } as unknown as ChainDoor;
  const now = () => 1_000_000;
  const batches = new BatchRounds({ ledger, chain, limits: NO_LIMITS, windowMs: 1, now });
  const isInLine = () => batches.isInLine;
  const payments = new OperatorPayments({
    ...{ ledger, chain, isInLine },
    areDepositsKnown: () => true,
    areMarketsPlaced: () => true,
  });
  return { ledger, paid, batches, payments };
}

describe("operators' money", () => {
  it('is paid into the program once, when ledger and chain have been compared', async () => {
    const { paid, batches, payments } = start(0);
    await payments.round();
    expect(paid).toEqual([]);
    await batches.round();
    await payments.round();
    await payments.round();
    expect(paid).toEqual([500n]);
  });

  it('comes to an insurance fund however often an operator has taken out of it before', async () => {
    const { ledger, paid, batches, payments } = start(0);
    const marketId = 1;
    const worth = { microUsdNumerator: 100, microUsdDenominator: 1 };
    ledger.catalogue.addMarket({ marketId, symbol: 'BTC-PERP', ...worth } as never);
    ledger.catalogue.setMarketSlot(marketId, 0);
    for (let item = 10; item <= 80; item++) {
      const changeMicroUsd = item === 80 ? 700 : -1;
      const change = { sequence: 1, timeMs: 1, marketId, changeMicroUsd, cashKey: null };
      ledger.cash.addInsuranceFunding({ shardId: 0, item }, { ...change, kind: 'insuranceFunded' });
    }
    await batches.round();
    for (let round = 0; round < 4; round++) await payments.round();
    expect(paid).toEqual([700n, 500n]);
  });

  it('is not paid by a new ledger, or an old copy, on a chain that was settled with another one', async () => {
    const { ledger, paid, batches, payments } = start(5);
    await batches.round();
    await payments.round();
    expect(paid).toEqual([]);
    expect(ledger.alarms.halted()).toBe(true);
    expect(ledger.alarms.list()[0]?.sentence).toContain('only built up to 0');
  });
});
