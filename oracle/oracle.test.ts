import { describe, expect, it } from 'vitest';
import { asPriceTicks } from '../engine/units/units.js';
import type { IndexGuards } from './index/guards.js';
import { ManualSource } from './manual-source.js';
import { Oracle, type OracleEvent, type OracleIndex, type OracleMarket } from './oracle.js';
import { RecordedSource } from './recorded-source.js';

const NOW_MS = 1_790_000_000_000;
const GUARDS: IndexGuards = {
  ageMaxMs: 10_000,
  aheadMaxMs: 5_000,
  confidenceMaxPpm: 10_000,
  deviationMaxPpm: 10_000,
  sourcesMin: 1,
  goodRounds: 1,
};
const MARKET: OracleMarket = {
  marketId: 1,
  symbol: 'BTC-PERP',
  feed: 'BTC',
  tick: { mantissa: 1, decimals: 1 },
  priceTicksMax: 1_000_000,
  guards: GUARDS,
  lastPublishMs: 0,
};

function setUp(market: Partial<OracleMarket> = {}) {
  const sources = ['a', 'b', 'c'].map((name) => new ManualSource(name));
  const events: OracleEvent[] = [];
  const indices: OracleIndex[] = [];
  const oracle = new Oracle({
    sources,
    markets: [{ ...MARKET, ...market }],
    nowMs: () => NOW_MS,
    onIndex: (index) => indices.push(index),
    onEvent: (event) => events.push(event),
  });
  oracle.start();
  /** Prices in USD by source; null says nothing. */
  const tell = (...prices: (bigint | null)[]) => {
    prices.forEach((price, i) => {
      if (price === null) return;
      const rest = { confidenceMantissa: 1n, exponent: 0, publishTimeMs: NOW_MS };
      sources[i]?.set({ feed: 'BTC', mantissa: price, ...rest });
    });
    oracle.evaluate();
  };
  return { oracle, sources, events, indices, tell };
}

describe('an oracle', () => {
  it('makes one index of several sources, and says what became of each', () => {
    const { oracle, events, indices, tell } = setUp();
    tell(1000n, 1001n, 1500n);
    expect(indices).toEqual([
      { marketId: 1, priceTicks: 10_005, confidenceTicks: 10, publishTimeMs: NOW_MS },
    ]);
    expect(events.map(({ kind }) => kind)).toEqual([
      'source_state',
      'source_state',
      'source_state',
      'source_used',
      'source_used',
      'source_left_out',
      'index_accepted',
    ]);
    expect(events[5]).toEqual({
      kind: 'source_left_out',
      market: 'BTC-PERP',
      source: 'c',
      doubt: 'too_far_from_median',
      value: 4_990_000,
      limit: 100_100,
    });
    expect(oracle.status()).toMatchObject({
      sources: [{ name: 'a', state: 'live', newer: 1, repeats: 0, older: 0, refused: {} }, {}, {}],
      markets: [
        {
          market: 'BTC-PERP',
          priceTicks: 10_005,
          heldBack: null,
          accepted: 1,
          leftOut: { too_far_from_median: 1 },
          sources: [
            { source: 'a', priceMilliTicks: 10_000_000, doubt: null },
            { source: 'b', doubt: null },
            { source: 'c', doubt: 'too_far_from_median' },
          ],
        },
      ],
    });
  });

  it.each([
    [0n, 'price_is_not_positive'],
    [-5n, 'price_is_not_positive'],
    [100_001n, 'price_is_too_high'],
    [10n ** 30n, 'price_is_too_high'],
  ])('leaves out a source that says %s USD', (price, doubt) => {
    const { oracle, indices, tell } = setUp();
    tell(price, 1000n, 1000n);
    expect(indices).toMatchObject([{ priceTicks: 10_000 }]);
    expect(oracle.status().markets[0]?.sources[0]).toMatchObject({ priceMilliTicks: null, doubt });
  });

  it('does not make a tick of what is none', () => {
    const { oracle, indices, tell } = setUp({
      tick: { mantissa: 3, decimals: 0 },
      guards: { ...GUARDS, confidenceMaxPpm: 0 },
    });
    tell(1n);
    expect(indices).toEqual([]);
    expect(oracle.status().markets[0]?.sources[0]?.doubt).toBe('price_is_too_low');
    tell(2n);
    expect(indices).toMatchObject([{ priceTicks: 1 }]);
  });

  it('holds back without enough sources, and counts that', () => {
    const { oracle, indices, tell } = setUp({ guards: { ...GUARDS, sourcesMin: 2 } });
    tell(1000n);
    tell(null);
    expect(indices).toEqual([]);
    const { heldBack, heldBackCount, sources } = oracle.status().markets[0] ?? {};
    expect([heldBack, heldBackCount]).toEqual(['too_few_sources', 1]);
    expect(sources?.[1]).toMatchObject({ doubt: 'nothing_yet' });
    tell(null, 1000n);
    expect(indices).toHaveLength(1);
  });

  it('stops its sources', async () => {
    const { oracle } = setUp();
    await oracle.stop();
    expect(oracle.status().sources.map(({ state }) => state)).toEqual([
      'stopped',
      'stopped',
      'stopped',
    ]);
  });
});

describe('the recorded source', () => {
  const feed = {
    feed: 'BTC',
    seed: 1,
    market: {
      referenceTicks: asPriceTicks(10_000),
      startTicks: asPriceTicks(10_000),
      ticksMax: asPriceTicks(1_000_000),
    },
    tick: MARKET.tick,
    lastPublishMs: 5_000,
  };

  it('has the next price of its walk each time, exactly, and a time that never goes back', () => {
    const source = new RecordedSource([feed]);
    expect(source.latest('BTC')).toBeNull();
    expect(source.health().state).toBe('starting');
    const times = [4_000, 6_000, 5_500, 6_000].map((nowMs) => {
      source.play(nowMs);
      return source.latest('BTC')?.publishTimeMs;
    });
    expect(times).toEqual([5_000, 6_000, 6_000, 6_000]);
    expect(source.latest('BTC')).toMatchObject({ exponent: -1, confidenceMantissa: 0n });
    expect(Number(source.latest('BTC')?.mantissa)).toBeGreaterThan(9_900);
    expect(source.latest('ETH')).toBeNull();
  });
});
