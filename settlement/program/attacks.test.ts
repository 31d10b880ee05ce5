import { Keypair } from '@solana/web3.js';
import { describe, expect, test } from 'vitest';
import { proposeChange, unpause } from './admin-instructions.js';
import type { Authorisation } from './authorisation.js';
import type { BatchSection } from './batch.js';
import { encodeBatch } from './batch-codec.js';
import { withdraw } from './money-instructions.js';
import { NaiveEngine } from './testing/naive-engine.js';
import { plainMarket, TestExchange } from './testing/test-exchange.js';

/**
 * What went wrong elsewhere must not work here. In most of these the operator's own key is in the wrong hands, or the engine that it
 * speaks for has been deceived: the chain is the last to say no.
 */

const PRICE = 10_000;
const CAPITAL = 100_000_000n;

function open(): TestExchange {
  const world = new TestExchange();
  world.addUsers(1, 2, 3);
  for (const accountId of [1, 2, 3]) world.deposit(accountId, CAPITAL);
  world.setPrice(0, PRICE);
  return world;
}

function trade(taker: number, maker: number, lots: bigint, price: number): BatchSection[] {
  const engine = new NaiveEngine();
  engine.trade(0, taker, maker, lots, price, [0n, 0n]);
  return engine.takeSections();
}

describe('Mango, 2022', () => {
  test('two accounts of one hand cannot deal with each other at a pumped price', () => {
    const world = open();
    expect(() => world.settle(trade(1, 2, 1_000n, 91_000))).toThrow('priceOutsideBand');
    // Lying about the prices does not help: what accounts gain is measured by the oracle's.
    const lie = trade(1, 2, -1_000n, 91_000);
    for (const section of lie) section.minPriceTicks = section.maxPriceTicks = PRICE;
    expect(() => world.settle(lie)).toThrow('gainTooLarge');
  });

  test('a profit that is not realised cannot be borrowed against, however the oracle is pumped', () => {
    const world = open();
    world.settle(trade(1, 2, 50_000n, PRICE));
    world.setPrice(0, 12_900);
    // 145 dollars of profit on paper; collateral is 100, and 64.50 of it have to stay.
    expect(() => world.withdraw(world.authorise(1, 36_000_000n))).toThrow('notEnoughFree');
    world.withdraw(world.authorise(1, 35_500_000n));
    // And a price that leaps is no price.
    world.setPrice(0, 13_100);
    expect(() => world.withdraw(world.authorise(1, 1n))).toThrow('priceLeap');
  });
});

describe('JELLY, 2025', () => {
  test('the margin under a huge position cannot leave, whatever its tiers ask for', () => {
    const low = [{ floorMicroUsd: 0n, initialPpm: 10_000, maintenancePpm: 5_000 }];
    const world = new TestExchange([plainMarket({ tiers: low })]);
    world.addUsers(1, 2);
    for (const accountId of [1, 2]) world.deposit(accountId, CAPITAL);
    world.setPrice(0, PRICE);
    world.settle(trade(1, 2, -90_000n, PRICE));
    // Initial margin of the short position is 9 dollars, a tenth of its 900 dollars is 90.
    expect(() => world.withdraw(world.authorise(1, 10_000_001n))).toThrow('notEnoughFree');
    world.withdraw(world.authorise(1, 10_000_000n));
    world.setPrice(0, 10_001);
    expect(() => world.withdraw(world.authorise(1, 1n))).toThrow('notEnoughFree');
  });
});

describe('KiloEx, 2025', () => {
  test('nobody sets a price: an account with the right bytes is none, unless the oracle’s program owns it', () => {
    const world = open();
    const { chain, operator } = world;
    const { feedId } = world.terms[0]!;
    const forged = Keypair.generate().publicKey;
    for (const owner of [operator.publicKey, world.exchange, world.mint]) {
      chain.setPrice(forged, { feedId, price: 9_100_000_000_000n, exponent: -8 }, owner);
      const priceAccounts = new Map([[0, forged]]);
      expect(() => world.settle(trade(1, 2, 10n, PRICE), { priceAccounts })).toThrow('badPrice');
    }
  });
});

describe('Paradex, 2026', () => {
  test('corrupt prices after a restart settle nothing', () => {
    const world = open();
    world.settle(trade(1, 2, 10n, PRICE));
    for (const ticks of [1, 100, 6_000, 20_000, 2_147_483_647]) {
      world.setPrice(0, ticks);
      expect(() => world.settle(trade(1, 2, 10n, ticks))).toThrow('priceLeap');
    }
    world.chain.setPrice(world.priceAccounts.get(0)!, {
      feedId: world.terms[0]!.feedId,
      price: 0n,
      exponent: -8,
    });
    expect(() => world.settle(trade(1, 2, 10n, PRICE))).toThrow('badPrice');
    world.setPrice(0, PRICE);
    expect(() => world.settle(trade(1, 2, 10n, 0))).toThrow('badBatch');
    // A price from before the restart does not come back either.
    world.settle(trade(1, 2, 10n, PRICE));
    world.setPrice(0, PRICE, { publishTimeSeconds: world.chain.nowSeconds - 10n });
    expect(() => world.settle(trade(1, 2, 10n, PRICE))).toThrow('stalePrice');
  });
});

describe('Poloniex, 2020', () => {
  test('one number has one content: for withdrawals it is refused, for batches everything stops', () => {
    const world = open();
    const first = world.authorise(1, 5n);
    world.withdraw(first);
    const elsewhere = world.chain.createTokens(world.mint, world.owners.get(1)!.publicKey, 0n);
    expect(() => world.withdraw({ ...first, destination: elsewhere })).toThrow('nonceUsed');
    const batch = world.nextBatch(trade(1, 2, 10n, PRICE));
    world.sendBatch(batch);
    const other = trade(1, 2, 11n, PRICE);
    world.sendBatch({ ...batch, bytes: encodeBatch(other), sections: other });
    expect(world.row(1).positions[0]?.lots).toBe(10n);
    expect(world.state().status).toBe('halted');
  });
});

describe('Drift, 2026', () => {
  test('what was signed ahead does not lie in wait: authorisations, proposals and restarts expire', () => {
    const world = open();
    const { chain, exchange, mint, operator, coSigner, founder } = world;
    // A durable nonce keeps a whole transaction usable for ever; the instructions are what it would send.
    const authorisation = world.authorise(3, 5n);
    const keys = { operator: operator.publicKey, coSigner: coSigner.publicKey };
    const pay = withdraw({ authorisation, mint, ...keys, positions: [] });
    const signature = world.sign(authorisation);
    const admin = founder.publicKey;
    const validUntilSeconds = chain.nowSeconds + 60n;
    const change = { kind: 'admin', key: Keypair.generate().publicKey } as const;
    const propose = proposeChange({ exchange, admin, number: 0, change, validUntilSeconds });
    const start = unpause({ exchange, admin, validUntilSeconds });
    chain.advance(3_600);
    expect(() => chain.send([signature, pay], [operator, coSigner])).toThrow('expired');
    expect(() => chain.send([propose], [founder])).toThrow('expired');
    expect(() => chain.send([start], [founder])).toThrow('expired');
  });
});

describe('Hyperliquid’s pruned nonces', () => {
  test('no nonce is ever forgotten', () => {
    const world = open();
    const old: Authorisation[] = [];
    for (let count = 0; count < 12; count++) {
      const authorisation = {
        ...world.authorise(3, 5n),
        expiresAtSeconds: world.chain.nowSeconds + 600_000n,
      };
      world.withdraw(authorisation);
      old.push(authorisation);
    }
    world.chain.advance(500_000);
    for (const authorisation of old.slice(0, -1)) {
      expect(() => world.withdraw(authorisation)).toThrow('nonceUsed');
    }
    expect(world.row(3).withdrawnMicroUsd).toBe(60n);
    world.checkMoney();
  });
});

describe('BitMEX, 2023', () => {
  test('two withdrawals that race for the same money are not both paid', () => {
    const world = open();
    const first = world.authorise(3, CAPITAL);
    const second = { ...world.authorise(3, CAPITAL), nonce: first.nonce + 1n };
    world.withdraw(first);
    expect(() => world.withdraw(second)).toThrow('notEnoughFree');
    world.checkMoney();
  });
});

describe('dYdX’s rounding leak', () => {
  test('closing bit by bit makes no money, and the dust stays in the clearing account', () => {
    const world = new TestExchange([
      plainMarket({ microUsdNumerator: 1n, microUsdDenominator: 1_000n }),
    ]);
    world.addUsers(1, 2);
    world.setPrice(0, PRICE);
    const engine = new NaiveEngine(1n, 1_000n);
    engine.trade(0, 1, 2, 997n, PRICE, [0n, 0n]);
    world.settle(engine.takeSections());
    for (let lots = 0n; lots < 997n; lots++) {
      engine.trade(0, 1, 2, -1n, PRICE + Number(lots % 3n), [0n, 0n]);
      if (lots % 50n === 0n) world.settle(engine.takeSections());
    }
    world.settle(engine.takeSections());
    const { clearingMicroUsd, entrySumTickLots } = world.market(0);
    const both = world.row(1).collateralMicroUsd + world.row(2).collateralMicroUsd;
    expect(entrySumTickLots).toBe(0n);
    expect(clearingMicroUsd).toBe(-both);
    expect(both).toBeLessThanOrEqual(0n);
    world.checkMoney();
  });
});

describe('a stolen operator’s key', () => {
  test('moves no more than the band allows, and takes nothing out', () => {
    const world = open();
    const { chain, mint, operator } = world;
    // The most that can be given away: 20 % of what was traded.
    expect(() => world.settle(trade(1, 2, 1_000n, 7_999))).toThrow('priceOutsideBand');
    world.settle(trade(1, 2, 1_000n, 8_000));
    const authorisation = world.authorise(3, 5n);
    const keys = { operator: operator.publicKey, coSigner: operator.publicKey };
    const pay = withdraw({ authorisation, mint, ...keys, positions: [] });
    expect(() => chain.send([world.sign(authorisation), pay], [operator])).toThrow('wrongCoSigner');
  });
});
