import { describe, expect, test } from 'vitest';
import { requestForced } from './exit-instructions.js';
import { transferCollateral } from './money-instructions.js';
import { createUser } from './set-up-instructions.js';
import { plainMarket, TestExchange } from './testing/test-exchange.js';

const CAPITAL = 100_000_000n;

/** 1 has two sub-accounts: 2, and 1,500 on the next page. 3 is somebody else's. Only 1 and 3 have money. */
function familyWorld(): TestExchange {
  const world = new TestExchange([plainMarket()]);
  world.addPage(1);
  world.addUsers(1, 3);
  const owner = world.owners.get(1)!.publicKey;
  const { exchange, operator } = world;
  for (const accountId of [2, 1_500]) {
    const create = createUser({ exchange, operator: operator.publicKey, accountId, owner });
    world.chain.send([create], [operator]);
  }
  for (const accountId of [1, 3]) world.deposit(accountId, CAPITAL);
  world.setPrice(0, 10_000);
  return world;
}

type Change = Partial<Parameters<typeof transferCollateral>[0]>;

function move(world: TestExchange, change: Change = {}, signer = world.operator) {
  const { exchange } = world;
  const usual = { fromAccountId: 1, toAccountId: 2, amountMicroUsd: 40n, number: 1 };
  const of = { exchange, operator: signer.publicKey, ...usual, ...change };
  return world.chain.send([transferCollateral(of)], [signer]);
}

function collaterals(world: TestExchange, ...accountIds: number[]): bigint[] {
  return accountIds.map((accountId) => world.row(accountId).collateralMicroUsd);
}

describe('a transfer between two rows of one owner', () => {
  test('moves collateral, and neither deposits nor withdraws any', () => {
    const world = familyWorld();
    const { events } = move(world);
    expect(events).toMatchObject([
      {
        kind: 'collateralTransferred',
        fromAccountId: 1,
        toAccountId: 2,
        amountMicroUsd: 40n,
        number: 1,
      },
    ]);
    move(world, { toAccountId: 1_500, amountMicroUsd: 5n, number: 2 });
    move(world, { fromAccountId: 1_500, toAccountId: 2, amountMicroUsd: 2n, number: 1 });
    expect(collaterals(world, 1, 2, 1_500)).toEqual([CAPITAL - 45n, 42n, 3n]);
    expect([1, 2, 1_500].map((account) => world.row(account).transfers)).toEqual([2, 0, 1]);
    expect(world.row(2).depositedMicroUsd).toBe(0n);
    expect(world.row(1).withdrawnMicroUsd).toBe(0n);
    world.checkMoney();
  });

  test('has no effect when it is sent again', () => {
    const world = familyWorld();
    move(world);
    world.chain.advance(1);
    const before = world.digest();
    move(world);
    move(world, { amountMicroUsd: 41n });
    expect(world.digest()).toBe(before);
  });

  const refusals: [string, Change, string][] = [
    ["to somebody else's row", { toAccountId: 3 }, 'ownersDiffer'],
    ["from somebody else's row", { fromAccountId: 3 }, 'ownersDiffer'],
    ['to itself', { toAccountId: 1 }, 'ownersDiffer'],
    ['to a row that nobody has', { toAccountId: 9 }, 'unknownUser'],
    ['of nothing', { amountMicroUsd: 0n }, 'zeroAmount'],
    ['of more than there is', { amountMicroUsd: CAPITAL + 1n }, 'notEnoughFree'],
    ['of 2^63', { amountMicroUsd: 2n ** 63n }, 'overflow'],
    ['with a number that skips one', { number: 2 }, 'transferGap'],
  ];
  test.each(refusals)('is refused %s', (_, change, expected) => {
    const world = familyWorld();
    const before = world.digest();
    expect(() => move(world, change)).toThrow(expected);
    expect(world.digest()).toBe(before);
  });

  test('is refused of an earlier number, and when others than the operator sign', () => {
    const world = familyWorld();
    for (const number of [1, 2]) move(world, { number });
    const before = world.digest();
    expect(() => move(world, { number: 1, amountMicroUsd: 7n })).toThrow('transferGap');
    expect(() => move(world, { number: 3 }, world.coSigner)).toThrow('wrongOperator');
    expect(() => move(world, { number: 3 }, world.owners.get(1))).toThrow('wrongOperator');
    expect(world.digest()).toBe(before);
  });

  test('is refused while the owner demands money of the row by force, and money may come to it', () => {
    const world = familyWorld();
    const { exchange, mint } = world;
    const owner = world.owners.get(1)!;
    const destination = world.chain.createTokens(mint, owner.publicKey, 0n);
    const of = { exchange, mint, owner: owner.publicKey, accountId: 1, destination };
    move(world);
    world.chain.send([requestForced({ ...of, amountMicroUsd: 5_000_000n })], [owner]);
    expect(() => move(world, { number: 2 })).toThrow('notServable');
    move(world, { fromAccountId: 2, toAccountId: 1, amountMicroUsd: 40n, number: 1 });
    expect(collaterals(world, 1, 2)).toEqual([CAPITAL, 0n]);
  });
});
