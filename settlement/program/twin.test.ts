import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { BatchEntry, BatchSection } from './batch.js';
import type { MarketTerms } from './terms.js';
import { DEFAULT_EXCHANGE_LIMITS } from './terms.js';
import { NaiveEngine } from './testing/naive-engine.js';
import { RefusedError } from './testing/test-chain.js';
import { plainMarket, TestExchange } from './testing/test-exchange.js';
import { Twin } from './testing/twin.js';

const ACCOUNTS = [1, 2, 3, 400, 1_023];
const CAPITAL = 50_000_000n;
const isFull = process.env.PLIMSOLL_FULL === '1';
/** In which what should happen in one of them has happened. */
const ROUNDS_MAX = 20;

/** The exchange on the chain and its twin, which must agree after each step about everything. */
class Pair {
  readonly world: TestExchange;
  readonly twin: Twin;
  readonly engine: NaiveEngine;
  readonly ticks = [10_000n, 10_000n];

  constructor(numerator: bigint, denominator: bigint) {
    const market = (engineMarketId: number): MarketTerms =>
      plainMarket({
        engineMarketId,
        microUsdNumerator: numerator,
        microUsdDenominator: denominator,
        tiers: [
          { floorMicroUsd: 0n, initialPpm: 20_000, maintenancePpm: 10_000 },
          { floorMicroUsd: 1_000_000n, initialPpm: 150_000, maintenancePpm: 50_000 },
        ],
      });
    const terms = [market(7), market(8)];
    this.world = new TestExchange(terms);
    this.twin = new Twin(terms, DEFAULT_EXCHANGE_LIMITS.batchNotionalCapMicroUsd);
    this.engine = new NaiveEngine(numerator, denominator);
    this.world.addUsers(...ACCOUNTS);
    for (const accountId of ACCOUNTS) {
      this.twin.addUser(accountId);
      this.deposit(accountId, CAPITAL);
    }
    for (const slot of [0, 1]) {
      this.world.fundInsurance(slot, 1_000_000n);
      this.twin.fundInsurance(slot, 1_000_000n);
    }
  }

  deposit(accountId: number, amount: bigint): void {
    this.world.deposit(accountId, amount);
    this.twin.deposit(accountId, amount);
  }

  setPrices(): void {
    for (const [slot, ticks] of this.ticks.entries()) this.world.setPrice(slot, Number(ticks));
  }

  /** Both take it, or both refuse it for the same reason. Returns whether they took it. */
  settle(sections: BatchSection[]): boolean {
    this.setPrices();
    const expected = this.twin.settle(sections, this.ticks, this.world.chain.nowSeconds);
    expect(whyNot(() => this.world.settle(sections))).toBe(expected);
    this.check();
    return expected === null;
  }

  withdraw(accountId: number, amount: bigint): void {
    this.setPrices();
    const now = this.world.chain.nowSeconds;
    const expected = this.twin.withdraw(accountId, amount, this.ticks, now);
    expect(whyNot(() => this.world.withdraw(this.world.authorise(accountId, amount)))).toBe(
      expected,
    );
    this.check();
  }

  check(): void {
    for (const accountId of ACCOUNTS) {
      const { collateralMicroUsd, positions } = this.world.row(accountId);
      const { collateral, lots, entry } = this.twin.row(accountId);
      expect(collateralMicroUsd).toBe(collateral);
      const open = lots.map((each, slot) => ({ slot, lots: each, entryTickLots: entry[slot]! }));
      expect(positions).toEqual(open.filter((position) => position.lots !== 0n));
    }
    for (const slot of [0, 1]) {
      const market = this.world.market(slot);
      const twin = this.twin.market(slot);
      expect(market.feesMicroUsd).toBe(twin.fees);
      expect(market.insuranceMicroUsd).toBe(twin.insurance);
      expect(market.clearingMicroUsd).toBe(twin.clearing);
      expect(market.entrySumTickLots).toBe(twin.entrySum);
      expect(market.averageMicroTicks).toBe(twin.averageMicroTicks);
      expect(market.paymentsInWindowMicroUsd).toBe(twin.paidInWindow);
      expect(market.peakOpenLots).toBe(twin.peakLots);
      expect(market.peakSinceSeconds).toBe(twin.peakSince);
    }
    this.world.checkMoney();
  }
}

function whyNot(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return error.message.split('\n')[0]!;
  }
}

const account = fc.constantFrom(...ACCOUNTS);
const slot = fc.constantFrom(0, 1);
type Step =
  | { kind: 'trade'; slot: number; taker: number; maker: number; lots: bigint; away: number }
  | { kind: 'funding'; slot: number; ppm: bigint }
  | { kind: 'price'; slot: number; ppm: number }
  | { kind: 'wait'; seconds: number }
  | { kind: 'settle' }
  | { kind: 'withdraw'; account: number; amount: bigint };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        kind: fc.constant('trade' as const),
        slot,
        taker: account,
        maker: account,
        lots: fc.oneof(fc.bigInt({ min: -9n, max: 9n }), fc.bigInt({ min: -4_000n, max: 4_000n })),
        away: fc.integer({ min: -900, max: 900 }),
      })
      .filter(({ taker, maker, lots }) => taker !== maker && lots !== 0n),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('funding' as const),
      slot,
      ppm: fc.bigInt({ min: -9_000n, max: 9_000n }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('price' as const),
      slot,
      ppm: fc.integer({ min: -60_000, max: 60_000 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.integer({ min: 1, max: 5_000 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('withdraw' as const),
      account,
      amount: fc.bigInt({ min: 1n, max: 2n * CAPITAL }),
    }),
  },
);

/** Returns how many batches were settled. */
function run(pair: Pair, steps: readonly Step[]): number {
  let settled = 0;
  for (const each of steps) {
    if (each.kind === 'trade') {
      const price = Math.max(1, Number(pair.ticks[each.slot]) + each.away);
      pair.engine.trade(each.slot, each.taker, each.maker, each.lots, price);
    } else if (each.kind === 'funding') {
      pair.engine.funding(each.slot, each.ppm, Number(pair.ticks[each.slot]));
    } else if (each.kind === 'price') {
      pair.ticks[each.slot] = (pair.ticks[each.slot]! * BigInt(1_000_000 + each.ppm)) / 1_000_000n;
    } else if (each.kind === 'wait') {
      pair.world.chain.advance(each.seconds);
    } else if (each.kind === 'withdraw') {
      pair.withdraw(each.account, each.amount);
    } else {
      const sections = pair.engine.takeSections();
      // What was refused is lost for the model's engine too: its positions would no longer be the chain's.
      if (sections.length === 0) continue;
      if (!pair.settle(sections)) return settled;
      settled++;
    }
  }
  return settled;
}

describe('random trading', () => {
  const fractions: [bigint, bigint][] = [
    [1n, 1n],
    [100n, 1n],
    [1n, 7n],
    [3n, 1_000n],
  ];
  test.each(fractions)(
    'with %s/%s micro-USD a tick·lot leaves the same on the chain and in the twin',
    (numerator, denominator) => {
      let settled = 0;
      const steps = fc.array(step, { minLength: 20, maxLength: 60, size: 'max' });
      const leavesTheSame = fc.property(steps, (each) => {
        settled += run(new Pair(numerator, denominator), each);
      });
      // A run ends with its first refusal, by chance an early one: then there are more runs.
      for (let round = 0; round < ROUNDS_MAX && settled <= 3; round++) {
        fc.assert(leavesTheSame, { numRuns: isFull ? 60 : 3 });
      }
      expect(settled).toBeGreaterThan(3);
    },
  );
});

describe('a batch with something changed', () => {
  const numberFields = [
    'deltaLots',
    'deltaEntryTickLots',
    'realizedMicroUsd',
    'otherMicroUsd',
  ] as const;
  const headFields = ['feesMicroUsd', 'insuranceMicroUsd', 'clearingMicroUsd'] as const;
  const nudge = fc.oneof(
    fc.constantFrom(-1n, 1n, -2n, 2n, 3n),
    fc.bigInt({ min: -20_000n, max: 20_000n }),
    fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n }),
  );
  const change = fc.record({
    entry: fc.nat(),
    field: fc.constantFrom(
      ...numberFields,
      ...headFields,
      'minPriceTicks',
      'maxPriceTicks',
      'fills',
      'grossLots',
    ),
    by: nudge,
  });

  function spoil(
    sections: BatchSection[],
    changes: readonly { entry: number; field: string; by: bigint }[],
  ) {
    const section = sections[0]!;
    for (const { entry, field, by } of changes) {
      if ((numberFields as readonly string[]).includes(field)) {
        const target = section.entries[entry % section.entries.length]!;
        const name = field as keyof BatchEntry & (typeof numberFields)[number];
        target[name] += by;
      } else if (field === 'minPriceTicks' || field === 'maxPriceTicks' || field === 'fills') {
        section[field] = Math.max(0, Math.min(2 ** 32 - 1, section[field] + Number(by)));
      } else if (field === 'grossLots') {
        section.grossLots = section.grossLots + by < 0n ? 0n : section.grossLots + by;
      } else {
        section[field as (typeof headFields)[number]] += by;
      }
    }
  }

  test('is taken or refused by both, for the same reason', () => {
    const pair = new Pair(2n, 3n);
    let taken = 0;
    const reasons = new Set<string>();
    const isTakenByBoth = fc.property(
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.bigInt({ min: 1n, max: 500n }),
      (changes, lots) => {
        // A round trip, so that each run begins and, when it is taken as it is, ends without positions.
        const engine = new NaiveEngine(2n, 3n);
        engine.trade(0, 1, 2, lots, 10_001);
        engine.trade(0, 400, 2, lots, 10_007);
        const sections = engine.takeSections();
        spoil(sections, changes);
        pair.setPrices();
        const why = pair.twin.settle(
          structuredClone(sections),
          pair.ticks,
          pair.world.chain.nowSeconds,
        );
        const chain = whyNot(() => pair.world.settle(sections));
        expect(chain).toBe(why);
        if (why === null) taken++;
        else reasons.add(why);
      },
    );
    // The test would prove nothing if all were refused for the same reason, as by chance they may be for a while.
    for (let round = 0; round < ROUNDS_MAX && (taken === 0 || reasons.size <= 4); round++) {
      fc.assert(isTakenByBoth, { numRuns: isFull ? 3_000 : 120 });
    }
    pair.check();
    expect(taken).toBeGreaterThan(0);
    expect(reasons.size).toBeGreaterThan(4);
  });
});
