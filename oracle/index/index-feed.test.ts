import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IndexGuards } from './guards.js';
import { type IndexEvent, IndexFeed, type SourceView } from './index-feed.js';

const GUARDS: IndexGuards = {
  ageMaxMs: 10_000,
  aheadMaxMs: 5_000,
  confidenceMaxPpm: 10_000,
  deviationMaxPpm: 10_000,
  sourcesMin: 1,
  goodRounds: 3,
};

/** Prices in ticks by source, with their times in seconds. */
function views(...prices: readonly (readonly [ticks: number, second: number])[]): SourceView[] {
  return prices.map(([ticks, second], i) => {
    const view = {
      priceMilliTicks: ticks * 1000,
      confidenceMilliTicks: 1,
      publishTimeMs: second * 1000,
    };
    return { source: `s${i + 1}`, view };
  });
}

/** A feed that has begun, with an index of 100 ticks at 0.9 seconds. */
function begun(): IndexFeed {
  const feed = new IndexFeed(GUARDS, 0);
  for (const second of [0.7, 0.8, 0.9]) feed.evaluate(views([100, second]), 900);
  return feed;
}

function kinds(events: readonly IndexEvent[]): string[] {
  return events.map((event) => {
    if ('doubt' in event) return `${event.kind} ${event.doubt}`;
    return event.kind;
  });
}

describe('the index of a market over time', () => {
  it('begins held back, and is there after three rounds with newer prices each', () => {
    const feed = new IndexFeed(GUARDS, 0);
    expect(feed.heldBack).toEqual({ doubt: 'recovering', value: 0, limit: 3 });
    expect(feed.evaluate(views([100, 1]), 1_000)).toMatchObject({ index: null });
    expect(feed.evaluate(views([100, 1]), 1_250)).toMatchObject({ index: null });
    expect(feed.evaluate(views([100, 2]), 2_000)).toMatchObject({ index: null });
    const third = feed.evaluate(views([100, 3]), 3_000);
    expect(kinds(third.events)).toEqual(['index_recovered', 'index_accepted']);
    expect(third.index).toEqual({ priceTicks: 100, confidenceTicks: 1, publishTimeMs: 3_000 });
  });

  it('accepts what is new, and tells it once', () => {
    const feed = begun();
    const first = feed.evaluate(views([100, 1]), 1_000);
    expect(first.index).toEqual({ priceTicks: 100, confidenceTicks: 1, publishTimeMs: 1_000 });
    expect(kinds(first.events)).toEqual(['index_accepted']);
    expect(feed.evaluate(views([100, 1]), 1_500)).toEqual({ index: null, events: [] });
    expect(feed.evaluate(views([101, 1]), 1_600).index).toMatchObject({ priceTicks: 101 });
    expect(feed.evaluate(views([101, 2]), 2_000).index).toMatchObject({ publishTimeMs: 2_000 });
  });

  it('rounds to the nearest tick, halves up, and the confidence up', () => {
    const feed = begun();
    const { index } = feed.evaluate(views([100.5, 1]), 1_000);
    expect(index).toMatchObject({ priceTicks: 101, confidenceTicks: 1 });
  });

  it('is held back without sources, and comes back after three rounds with newer prices each', () => {
    const feed = begun();
    feed.evaluate(views([100, 1]), 1_000);
    const gone = feed.evaluate(views([100, 1]), 12_000);
    expect(gone.index).toBeNull();
    expect(kinds(gone.events)).toEqual([
      'source_left_out too_old',
      'index_held_back too_few_sources',
    ]);
    expect(feed.heldBack).toEqual({ doubt: 'too_few_sources', value: 0, limit: 1 });
    expect(feed.evaluate(views([100, 1]), 12_250).events).toEqual([]);
    // One price, told again and again, is one round.
    expect(feed.evaluate(views([150, 12]), 12_500).index).toBeNull();
    expect(feed.evaluate(views([150, 12]), 12_750).index).toBeNull();
    expect(feed.evaluate(views([150, 12]), 13_000).index).toBeNull();
    expect(feed.evaluate(views([150, 13]), 13_250).index).toBeNull();
    const back = feed.evaluate(views([151, 14]), 14_000);
    expect(kinds(back.events)).toEqual(['index_recovered', 'index_accepted']);
    expect(back.index).toMatchObject({ priceTicks: 151, publishTimeMs: 14_000 });
    expect(feed.heldBack).toBeNull();
  });

  it('counts rounds from the beginning when sources fail in between', () => {
    const feed = begun();
    feed.evaluate(views([100, 1]), 1_000);
    feed.evaluate([], 2_000);
    feed.evaluate(views([100, 3]), 3_000);
    feed.evaluate(views([100, 4]), 4_000);
    feed.evaluate([], 4_500);
    expect(feed.evaluate(views([100, 5]), 5_000).index).toBeNull();
    expect(feed.evaluate(views([100, 6]), 6_000).index).toBeNull();
    expect(feed.evaluate(views([100, 7]), 7_000).index).not.toBeNull();
  });

  it('takes nothing older than it has, and does not begin anew because of that', () => {
    const feed = begun();
    feed.evaluate(views([100, 5]), 5_000);
    // A second source that lags makes the median's time older.
    const lagging = feed.evaluate(views([100, 5], [100, 3]), 5_250);
    expect(lagging.index).toBeNull();
    expect(kinds(lagging.events)).toEqual(['source_used', 'index_held_back older_than_index']);
    expect(feed.evaluate(views([100, 6], [100, 6]), 6_000).index).toMatchObject({
      publishTimeMs: 6_000,
    });
  });

  it('after a restart takes only what is newer than what there was, and only after three rounds', () => {
    const feed = new IndexFeed(GUARDS, 10_000);
    for (const second of [8, 9, 10]) {
      expect(feed.evaluate(views([100, second]), 10_000).index).toBeNull();
    }
    expect(feed.heldBack).toEqual({ doubt: 'older_than_index', value: 10_000, limit: 10_001 });
    expect(feed.evaluate(views([100, 11]), 11_000).index).toBeNull();
    expect(feed.evaluate(views([100, 12]), 12_000).index).toBeNull();
    expect(feed.evaluate(views([100, 13]), 13_000).index).toMatchObject({ publishTimeMs: 13_000 });
  });

  it('an older price in between neither ends a recovery nor counts for it', () => {
    const feed = begun();
    feed.evaluate([], 1_000);
    feed.evaluate(views([100, 2]), 2_000);
    feed.evaluate(views([100, 0.5]), 2_250);
    expect(feed.heldBack?.doubt).toBe('older_than_index');
    expect(feed.evaluate(views([100, 3]), 3_000).index).toBeNull();
    expect(feed.heldBack).toEqual({ doubt: 'recovering', value: 2, limit: 3 });
    expect(feed.evaluate(views([100, 4]), 4_000).index).not.toBeNull();
  });

  it('tells of a source when it is left out for another reason, and when it is used again', () => {
    const feed = begun();
    const none: SourceView = { source: 's1', view: { doubt: 'nothing_yet', value: 0, limit: 0 } };
    expect(kinds(feed.evaluate([none], 0).events)[0]).toBe('source_left_out nothing_yet');
    expect(feed.doubtOf('s1')?.doubt).toBe('nothing_yet');
    const old = feed.evaluate(views([100, 1]), 20_000);
    expect(kinds(old.events)).toEqual(['source_left_out too_old']);
    expect(kinds(feed.evaluate(views([100, 20]), 20_000).events)[0]).toBe('source_used');
    expect(feed.doubtOf('s1')).toBeNull();
  });

  it('never goes back in time, and never resumes on what is older than the gap', () => {
    const step = fc.record({
      sources: fc.array(
        fc.tuple(fc.integer({ min: 99, max: 104 }), fc.integer({ min: -15, max: 7 })),
        { maxLength: 3 },
      ),
      waitMs: fc.integer({ min: 0, max: 4_000 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.nat(20), (steps, lastSecond) => {
        const feed = new IndexFeed(GUARDS, lastSecond * 1000);
        let nowMs = 20_000;
        let lastMs = lastSecond * 1000;
        let goodSinceGap = 0;
        for (const { sources, waitMs } of steps) {
          nowMs += waitMs;
          const second = Math.floor(nowMs / 1000);
          const seen = sources.map(
            ([ticks, later]) => [ticks, Math.max(0, second + later)] as const,
          );
          const { index, events } = feed.evaluate(views(...seen), nowMs);
          const isGap = feed.heldBack?.doubt === 'too_few_sources';
          goodSinceGap = isGap ? 0 : goodSinceGap + 1;
          if (index === null) continue;
          expect(events.at(-1)).toMatchObject({ kind: 'index_accepted' });
          expect(index.publishTimeMs).toBeGreaterThanOrEqual(lastMs);
          expect(nowMs - index.publishTimeMs).toBeLessThanOrEqual(GUARDS.ageMaxMs);
          if (events.some(({ kind }) => kind === 'index_recovered')) {
            expect(goodSinceGap).toBeGreaterThanOrEqual(GUARDS.goodRounds);
            expect(index.publishTimeMs).toBeGreaterThan(lastMs);
          }
          lastMs = index.publishTimeMs;
        }
      }),
      { numRuns: 400 },
    );
  });
});
