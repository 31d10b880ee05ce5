import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TriggerShard } from '../../risk/margin/trigger-shard.fixture.js';
import { withSlots } from '../../sim/traffic/wire.js';
import { CMD_ORACLE_PRICE } from '../messages/types.js';
import { asPpm } from '../units/units.js';
import { sumOfPositions } from './positions-canonical.js';

const FLAVOURS = ['product', 'naive'] as const;
const MARKET = 1;

/** Index prices are averaged over 150 seconds, and one that is wide of the mark is not trusted. */
function averaging(flavour: (typeof FLAVOURS)[number]): TriggerShard {
  const shard = new TriggerShard(flavour);
  shard.setPricing({ averageMs: 150_000, confidenceMaxPpm: asPpm(10_000) });
  shard.mark(1000);
  return shard;
}

describe.each(FLAVOURS)('a market that is closed, %s', (flavour) => {
  it('settles all positions at the guarded average, so that no last price decides', () => {
    const shard = averaging(flavour);
    shard.place(1, 'sell', 100, { price: 1000 });
    shard.place(2, 'buy', 100, { price: 1000 });
    shard.place(3, 'buy', 50, { price: 900 });
    // Half of the time constant of the average has passed.
    shard.nowMs += 75_000;
    shard.mark(1100);
    shard.state('settling');
    expect(shard.told).toContain('canceled #3 50@900 market_state');
    expect(shard.state('closed')).toEqual([
      'settlement 1 buy 100@1050, position 0',
      'settlement 2 sell 100@1050, position 0',
    ]);
    expect(shard.core.market(MARKET)?.positions.openInterestLots).toBe(0);
    expect(shard.core.moneyDifferenceMicroUsd()).toBe(0n);
  });

  it('is not settled on prices that are not trusted', () => {
    const shard = averaging(flavour);
    shard.place(1, 'sell', 100, { price: 1000 });
    shard.place(2, 'buy', 100, { price: 1000 });
    shard.state('settling');
    const doubtful = { marketId: MARKET, price: 1000, qty: shard.nowMs, client: 11 };
    shard.send(withSlots(CMD_ORACLE_PRICE, 1, doubtful));
    const hash = shard.hash;
    shard.state('closed');
    expect(shard.told).toEqual(['rejected settlement_needs_a_trusted_price 2 limit 0']);
    expect(shard.hash).toBe(hash);
    for (let i = 0; i < 3; i++) shard.mark(1000);
    expect(shard.state('closed')).toHaveLength(2);
  });

  it('leaves positions that sum to zero nothing to share but the dust, whoever has what', () => {
    const trades = fc.array(
      fc.record({
        seller: fc.integer({ min: 1, max: 4 }),
        buyer: fc.integer({ min: 1, max: 4 }),
        lots: fc.integer({ min: 1, max: 100 }),
        price: fc.integer({ min: 900, max: 1100 }),
      }),
      { minLength: 1, maxLength: 8 },
    );
    fc.assert(
      fc.property(trades, fc.integer({ min: 500, max: 2000 }), (each, last) => {
        const shard = new TriggerShard(flavour);
        for (const { seller, buyer, lots, price } of each) {
          shard.place(seller, 'sell', lots, { price });
          shard.place(buyer, 'buy', lots, { price });
        }
        shard.nowMs += 10_000;
        shard.mark(last);
        shard.state('settling');
        shard.state('closed');
        const { positions } = shard.core.market(MARKET) as NonNullable<
          ReturnType<TriggerShard['core']['market']>
        >;
        expect(sumOfPositions(positions)).toBe(0);
        expect(positions.openInterestLots).toBe(0);
        expect(shard.core.moneyDifferenceMicroUsd()).toBe(0n);
      }),
      { numRuns: 30 },
    );
  });
});
