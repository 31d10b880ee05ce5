import { expect, test } from 'vitest';
import { TestExchange } from './testing/test-exchange.js';

test('money comes in, is moved by a batch, and leaves', () => {
  const world = new TestExchange();
  world.addUsers(1, 2);
  world.setPrice(0, 10_000);
  const inEvents = world.deposit(1, 500_000_000n).events;
  expect(inEvents).toMatchObject([
    {
      kind: 'deposited',
      accountId: 1,
      amountMicroUsd: 500_000_000n,
      depositedTotalMicroUsd: 500_000_000n,
    },
  ]);
  world.deposit(2, 500_000_000n);
  const sent = world.settle([
    {
      slot: 0,
      feesMicroUsd: 70n,
      insuranceMicroUsd: 0n,
      clearingMicroUsd: 0n,
      grossLots: 10n,
      minPriceTicks: 10_000,
      maxPriceTicks: 10_000,
      fills: 1,
      entries: [
        {
          accountId: 1,
          deltaLots: 10n,
          deltaEntryTickLots: 100_000n,
          realizedMicroUsd: 0n,
          otherMicroUsd: -50n,
        },
        {
          accountId: 2,
          deltaLots: -10n,
          deltaEntryTickLots: -100_000n,
          realizedMicroUsd: 0n,
          otherMicroUsd: -20n,
        },
      ],
    },
  ]);
  expect(sent.events).toMatchObject([
    { kind: 'batchSettled', sequence: 1n, entries: 2, notionalMicroUsd: 100_000n },
  ]);
  expect(world.row(1)).toMatchObject({
    collateralMicroUsd: 499_999_950n,
    positions: [{ slot: 0, lots: 10n, entryTickLots: 100_000n }],
  });
  world.checkMoney();
  const authorisation = world.authorise(1, 400_000_000n);
  const out = world.withdraw(authorisation);
  expect(out.events).toMatchObject([
    { kind: 'withdrawn', accountId: 1, nonce: 1n, amountMicroUsd: 400_000_000n },
  ]);
  expect(world.chain.tokensOf(authorisation.destination)).toBe(400_000_000n);
  world.checkMoney();
});
