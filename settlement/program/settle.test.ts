import { Keypair } from '@solana/web3.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { pageAddress, TOKEN_PROGRAM_ID } from './addresses.js';
import type { BatchSection } from './batch.js';
import { batchHash, encodeBatch, GENESIS_HASH } from './batch-codec.js';
import { settleBatch } from './batch-instructions.js';
import { emptySection, NaiveEngine } from './testing/naive-engine.js';
import { plainMarket, TestExchange } from './testing/test-exchange.js';

const PRICE = 10_000;
const CAPITAL = 1_000_000_000n;

/** Four accounts with money, and prices for both markets. */
function open(): TestExchange {
  const world = new TestExchange([plainMarket(), plainMarket({ engineMarketId: 8 })]);
  world.addUsers(1, 2, 3, 4);
  for (const accountId of [1, 2, 3, 4]) world.deposit(accountId, CAPITAL);
  world.setPrice(0, PRICE);
  world.setPrice(1, PRICE);
  return world;
}

/** One fill of 10 lots between 1, who buys, and 2. */
function oneTrade(change: (section: BatchSection) => void = () => {}): BatchSection[] {
  const engine = new NaiveEngine();
  engine.trade(0, 1, 2, 10n, PRICE);
  const sections = engine.takeSections();
  change(sections[0]!);
  return sections;
}

describe('a batch', () => {
  test('moves positions and money, and the chain of hashes goes on', () => {
    const world = open();
    const engine = new NaiveEngine();
    engine.trade(0, 1, 2, 10n, 10_000);
    engine.trade(1, 3, 4, -5n, 10_100);
    const first = world.nextBatch(engine.takeSections());
    world.sendBatch(first);
    engine.trade(0, 2, 1, 4n, 10_050);
    engine.trade(0, 3, 1, 6n, 10_051);
    engine.funding(0, 100n, PRICE);
    const second = world.nextBatch(engine.takeSections());
    world.sendBatch(second);

    const firstHash = batchHash(GENESIS_HASH, 1n, first.bytes);
    expect(world.state()).toMatchObject({
      lastSequence: 2n,
      previousHash: firstHash,
      lastHash: batchHash(firstHash, 2n, second.bytes),
      lastBatchAtSeconds: world.chain.nowSeconds,
    });
    expect(world.row(1).positions).toEqual([]);
    // 4 lots at +50 ticks, 6 lots at +51 ticks, three fees; 1 has no position left that pays funding.
    expect(world.row(1).collateralMicroUsd).toBe(CAPITAL + 200n + 306n - 3n - 1n - 1n);
    expect(world.market(0)).toMatchObject({ longLots: 6n, clearingMicroUsd: -306n });
    world.checkMoney();
  });

  test('that was settled changes nothing when it comes again', () => {
    const world = open();
    const batch = world.nextBatch(oneTrade());
    world.sendBatch(batch);
    const before = [world.row(1), world.state(), world.market(0)];
    expect(world.sendBatch(batch).events).toEqual([]);
    expect([world.row(1), world.state(), world.market(0)]).toEqual(before);
  });

  test('with another content under the last number halts the exchange, until the administrator has looked', () => {
    const world = open();
    world.settle(oneTrade());
    const other = world.nextBatch(oneTrade(({ entries }) => entries.reverse().sort(byAccount)));
    const changed = oneTrade((section) => {
      section.feesMicroUsd += 1n;
      section.entries[0]!.otherMicroUsd -= 1n;
    });
    const row = world.row(1);
    const sent = world.sendBatch({
      ...other,
      sequence: 1n,
      bytes: encodeBatch(changed),
      sections: changed,
    });
    expect(sent.events).toMatchObject([{ kind: 'statusChanged', status: 2 }]);
    expect(world.state().status).toBe('halted');
    expect(world.row(1)).toEqual(row);
    expect(() => world.settle(oneTrade())).toThrow('notActive');
    expect(() => world.deposit(1, 1n)).toThrow('notActive');
  });
});

describe('refused, and nothing changes:', () => {
  let world: TestExchange;
  beforeAll(() => {
    world = open();
    world.settle(oneTrade());
    world.settle(oneTrade());
  });

  function refuses(batch: () => unknown, why: string): void {
    const before = world.digest();
    expect(batch).toThrow(why);
    expect(world.digest()).toBe(before);
  }

  test('a signer who is not the operator', () => {
    for (const wrong of [Keypair.generate(), world.founder, world.coSigner]) {
      world.chain.fund(wrong.publicKey);
      const batch = settleBatch({ ...world.nextBatch(oneTrade()), operator: wrong.publicKey });
      refuses(() => world.chain.send([batch], [wrong]), 'wrongOperator');
    }
    const unsigned = settleBatch(world.nextBatch(oneTrade()));
    unsigned.keys[0]!.isSigner = false;
    refuses(() => world.chain.send([unsigned], []), 'AccountNotSigner');
  });

  test('a gap in the sequence, an old batch, and another history', () => {
    refuses(() => world.settle(oneTrade(), { sequence: 4n }), 'sequenceGap');
    refuses(() => world.settle(oneTrade(), { sequence: 1n }), 'batchIsOld');
    refuses(() => world.settle(oneTrade(), { sequence: 0n }), 'badBatch');
    refuses(
      () => world.settle(oneTrade(), { previousHash: new Uint8Array(32) }),
      'wrongPreviousHash',
    );
  });

  const wrongSums: [string, string, (section: BatchSection) => void][] = [
    ['lots that do not sum to zero', 'lotsNotZero', ({ entries }) => (entries[0]!.deltaLots += 1n)],
    ['money out of nothing', 'moneyNotZero', ({ entries }) => (entries[0]!.otherMicroUsd += 1n)],
    ['money that goes missing', 'moneyNotZero', (section) => (section.feesMicroUsd -= 1n)],
    [
      'profit that nobody pays',
      'clearingMismatch',
      ({ entries }) => (entries[0]!.realizedMicroUsd += 1n),
    ],
    [
      'profit without a change of entry values',
      'roundingDust',
      (section) => {
        section.entries[0]!.realizedMicroUsd += 1n;
        section.clearingMicroUsd -= 1n;
      },
    ],
    [
      'losses beyond what rounding can leave',
      'roundingDust',
      (section) => {
        section.entries[0]!.realizedMicroUsd -= 3n;
        section.clearingMicroUsd += 3n;
      },
    ],
    [
      'entry values that make profit',
      'roundingDust',
      ({ entries }) => (entries[0]!.deltaEntryTickLots -= 1n),
    ],
    ['a price above the band', 'priceOutsideBand', (section) => (section.maxPriceTicks = 12_001)],
    ['a price below the band', 'priceOutsideBand', (section) => (section.minPriceTicks = 7_999)],
    ['a lowest price above the highest', 'badBatch', (section) => (section.minPriceTicks = 10_001)],
    ['fills without lots', 'badBatch', (section) => (section.grossLots = 0n)],
    ['lots without fills', 'badBatch', (section) => (section.fills = 0)],
    ['less traded than positions changed', 'badBatch', (section) => (section.grossLots = 9n)],
    [
      'more traded than a batch may hold',
      'notionalCap',
      (section) => (section.grossLots = 2n ** 34n),
    ],
    ['more lots than any market has', 'overflow', (section) => (section.grossLots = 2n ** 41n)],
    [
      'fees beyond the cap',
      'paymentsTooLarge',
      (section) => {
        section.entries[0]!.otherMicroUsd -= 50_000n;
        section.feesMicroUsd += 50_000n;
      },
    ],
    [
      'insurance that is not there',
      'purseBelowZero',
      (section) => {
        section.entries[0]!.otherMicroUsd += 50n;
        section.insuranceMicroUsd -= 50n;
      },
    ],
    [
      'fees below zero',
      'purseBelowZero',
      (section) => {
        section.entries[0]!.otherMicroUsd += 50n;
        section.feesMicroUsd -= 50n;
      },
    ],
    ['an account without a row', 'unknownUser', ({ entries }) => (entries[1]!.accountId = 5)],
    [
      'an account beyond all pages',
      'pageMissing',
      ({ entries }) => (entries[1]!.accountId = 5_000),
    ],
    [
      'numbers beyond 64 bits',
      'overflow',
      ({ entries }) => (entries[0]!.realizedMicroUsd = 2n ** 63n - 1n),
    ],
    [
      'a size beyond the engine’s',
      'overflow',
      ({ entries }) => {
        entries[0]!.deltaLots = 2n ** 41n;
        entries[1]!.deltaLots = -(2n ** 41n);
      },
    ],
    [
      'a position without entry value',
      'badPosition',
      ({ entries }) => {
        entries[0]!.deltaEntryTickLots = -200_000n;
        entries[1]!.deltaEntryTickLots = 200_000n;
      },
    ],
    ['a market that is not there', 'wrongMarket', (section) => (section.slot = 1)],
  ];
  test.each(wrongSums)('%s', (_, why, change) => {
    const sections = oneTrade(change);
    // The accounts given stay those of the honest batch: whoever lies about the slot lies there too.
    const batch = world.nextBatch(oneTrade(), { bytes: encodeBatch(sections) });
    refuses(() => world.sendBatch(batch), why);
  });

  test('gains beyond what prices within the band can give, although all sums are right', () => {
    const sections = oneTrade((section) => {
      // 1 gets lots for less than half of their price, 2 the opposite: the declared prices say nothing of it.
      section.entries[0]!.deltaEntryTickLots = 40_000n;
      section.entries[1]!.deltaEntryTickLots = -40_000n;
    });
    refuses(() => world.settle(sections), 'gainTooLarge');
  });

  test('malformed bytes: cut, longer, another version, no section', () => {
    const good = world.nextBatch(oneTrade());
    const bytesOf = (bytes: Uint8Array) => () => world.sendBatch({ ...good, bytes });
    for (let length = 0; length < good.bytes.length; length += 5) {
      refuses(bytesOf(good.bytes.slice(0, length)), 'badBatch');
    }
    refuses(bytesOf(Uint8Array.from([...good.bytes, 0])), 'badBatch');
    refuses(bytesOf(Uint8Array.from([2, ...good.bytes.slice(1)])), 'badBatch');
    refuses(bytesOf(Uint8Array.from([1, 0])), 'badBatch');
    refuses(bytesOf(Uint8Array.from([1, 17, ...good.bytes.slice(2)])), 'badBatch');
    const twice = Uint8Array.from([1, 2, ...good.bytes.slice(2), ...good.bytes.slice(2)]);
    const keys = settleBatch({ ...good, bytes: twice });
    keys.keys.splice(2, 0, keys.keys[2]!, keys.keys[3]!);
    refuses(() => world.chain.send([keys], [world.operator]), 'badBatch');
  });

  test('wrong accounts: no page, a page that is none, another market, another exchange’s market and page', () => {
    const other = new TestExchange();
    other.addUsers(1, 2);
    const good = world.nextBatch(oneTrade());
    const swap = (at: number, key: Parameters<typeof world.chain.read>[0]) => {
      const instruction = settleBatch(good);
      instruction.keys[at]!.pubkey = key;
      return () => world.chain.send([instruction], [world.operator]);
    };
    const [, , market, price, page] = settleBatch(good).keys.map(({ pubkey }) => pubkey);
    const missing = settleBatch(good);
    missing.keys.pop();
    refuses(() => world.chain.send([missing], [world.operator]), 'pageMissing');
    refuses(swap(4, world.vault), 'pageMissing');
    refuses(swap(4, market!), 'pageMissing');
    refuses(swap(2, page!), 'AccountBorrowFailed');
    refuses(swap(2, price!), 'AccountOwnedByWrongProgram');
    // The same accounts under another exchange: written into this chain as they are.
    const foreignMarket = Keypair.generate().publicKey;
    const foreignPage = Keypair.generate().publicKey;
    const owner = settleBatch(good).programId;
    world.chain.write(
      foreignMarket,
      owner,
      other.chain.read(settleBatch(other.nextBatch(oneTrade())).keys[2]!.pubkey),
    );
    world.chain.write(foreignPage, owner, other.chain.read(pageAddress(other.exchange, 0)));
    refuses(swap(2, foreignMarket), 'wrongExchange');
    refuses(swap(4, foreignPage), 'wrongExchange');
  });
});

describe('the oracle:', () => {
  const world = open();
  const settle = () => world.settle(oneTrade());

  test('a stale price, one from the future, and one older than the last are refused', () => {
    world.setPrice(0, PRICE);
    settle();
    world.chain.advance(61);
    expect(settle).toThrow('stalePrice');
    world.setPrice(0, PRICE, { publishTimeSeconds: world.chain.nowSeconds + 31n });
    expect(settle).toThrow('stalePrice');
    world.setPrice(0, PRICE);
    settle();
    world.setPrice(0, PRICE, { publishTimeSeconds: world.chain.nowSeconds - 1n });
    expect(settle).toThrow('stalePrice');
  });

  test('another program’s account, another feed, a lower level and garbage are refused', () => {
    world.setPrice(0, PRICE);
    const { feedId } = world.terms[0]!;
    const price = { feedId, price: 10_000_000_000n, exponent: -8 };
    const key = world.priceAccounts.get(0)!;
    world.chain.setPrice(key, price, TOKEN_PROGRAM_ID);
    expect(settle).toThrow('badPrice');
    world.chain.setPrice(key, { ...price, feedId: new Uint8Array(32).fill(9) });
    expect(settle).toThrow('badPrice');
    world.chain.setPrice(key, { ...price, level: 0 });
    expect(settle).toThrow('badPrice');
    for (const bad of [0n, -1n, 1n, 2n ** 63n - 1n]) {
      world.chain.setPrice(key, { ...price, price: bad });
      expect(settle).toThrow('badPrice');
    }
    world.chain.setPrice(key, { ...price, exponent: -40 });
    expect(settle).toThrow('badPrice');
    world.chain.setPrice(key, { ...price, confidence: 300_000_000n });
    expect(settle).toThrow('uncertainPrice');
    world.setPrice(0, PRICE);
    settle();
  });

  test('the band reaches back to the price of the batch before, but not without bounds', () => {
    const late = open();
    late.settle(oneTrade());
    late.chain.advance(30);
    // The price fell by 8 % meanwhile; what was traded on the way is still settled.
    late.setPrice(0, 9_200);
    late.settle(oneTrade((section) => (section.maxPriceTicks = 11_999)));
    late.setPrice(0, 9_200);
    expect(() => late.settle(oneTrade((section) => (section.maxPriceTicks = 11_041)))).toThrow(
      'priceOutsideBand',
    );
    late.setPrice(0, 7_500);
    expect(() => late.settle(oneTrade())).toThrow('priceOutsideBand');
  });
});

describe('funding', () => {
  test('moves money by positions, within the cap of a window', () => {
    const world = open();
    const engine = new NaiveEngine();
    engine.trade(0, 1, 2, 10_000n, PRICE);
    world.settle(engine.takeSections());
    // 4 % of 100 dollars each time; 10 % are allowed an hour.
    for (let hour = 0; hour < 2; hour++) {
      world.setPrice(0, PRICE);
      engine.funding(0, 40_000n, PRICE);
      world.settle(engine.takeSections());
      engine.funding(0, 40_000n, PRICE);
      world.settle(engine.takeSections());
      engine.funding(0, 40_000n, PRICE);
      const third = engine.takeSections();
      expect(() => world.settle(third)).toThrow('paymentsTooLarge');
      world.chain.advance(3_600);
    }
    expect(world.row(1).collateralMicroUsd).toBe(CAPITAL - 3n - 4n * 4_000_000n);
    expect(world.row(2).collateralMicroUsd).toBe(CAPITAL - 1n + 4n * 4_000_000n);
    world.checkMoney();
  });

  test('that is for trades that have closed everything is taken later, however long the pause', () => {
    const world = open();
    const engine = new NaiveEngine();
    engine.trade(0, 1, 2, 10_000n, PRICE);
    world.settle(engine.takeSections());
    engine.trade(0, 2, 1, 10_000n, PRICE);
    world.settle(engine.takeSections());
    for (const payment of [10_000n, 10_000n]) {
      world.chain.advance(100 * 3_600);
      world.setPrice(0, PRICE);
      world.settle([payments(payment)]);
    }
    // Trades begin a new window, and are still checked with the old one.
    world.chain.advance(3_600);
    world.setPrice(0, PRICE);
    engine.trade(0, 1, 2, 1n, PRICE);
    const [trades] = engine.takeSections();
    const { entries, insuranceMicroUsd } = payments(10_000n);
    const [payer] = entries;
    const both = { ...trades!, insuranceMicroUsd };
    both.entries = trades!.entries.map((entry) => ({
      ...entry,
      otherMicroUsd: entry.otherMicroUsd + (entry.accountId === 1 ? payer!.otherMicroUsd : 0n),
    }));
    world.settle([both]);
    world.chain.advance(3_600);
    world.setPrice(0, PRICE);
    expect(() => world.settle([payments(10_000n)])).toThrow('paymentsTooLarge');
    world.checkMoney();
  });

  test('needs positions that it could be paid for', () => {
    const world = open();
    const section = emptySection(0);
    section.feesMicroUsd = 1n;
    section.entries = [
      {
        accountId: 1,
        deltaLots: 0n,
        deltaEntryTickLots: 0n,
        realizedMicroUsd: 0n,
        otherMicroUsd: -1n,
      },
    ];
    expect(() => world.settle([section])).toThrow('paymentsTooLarge');
  });
});

function payments(microUsd: bigint) {
  const none = { deltaLots: 0n, deltaEntryTickLots: 0n, realizedMicroUsd: 0n };
  return {
    ...emptySection(0),
    insuranceMicroUsd: microUsd,
    entries: [{ accountId: 1, ...none, otherMicroUsd: -microUsd }],
  };
}

function byAccount(a: { accountId: number }, b: { accountId: number }): number {
  return a.accountId - b.accountId;
}
