import { describe, expect, it } from 'vitest';
import { writeMarketParams } from '../../engine/market/market-params.js';
import { SLOT_WORDS } from '../../engine/messages/layout.js';
import { CMD_LIST_MARKET } from '../../engine/messages/types.js';
import { MARKET_ID_ALL } from '../../engine/units/units.js';
import { withSlots } from '../../sim/traffic/wire.js';
import { PARAMS, TriggerShard } from './trigger-shard.fixture.js';

function list(shard: TriggerShard, marketId: number): string {
  const wire = withSlots(CMD_LIST_MARKET, 3, { marketId });
  writeMarketParams(wire, new Float64Array(wire.buffer), SLOT_WORDS, PARAMS);
  return shard.ask(wire).join('\n');
}

describe.each(['product', 'naive'] as const)('listing a market in the %s shard', (flavour) => {
  // The simulator found it: a market with the number of all markets got a cancel of all of them twice over.
  it('refuses the numbers that mean no market and all of them', () => {
    const shard = new TriggerShard(flavour);
    const before = shard.hash;
    for (const wrong of [0, MARKET_ID_ALL]) {
      expect(list(shard, wrong)).toContain(
        `market_id_must_be_within_1_and_limit ${wrong} limit ${MARKET_ID_ALL - 1}`,
      );
    }
    expect(list(shard, 1)).toContain('market_id_is_already_used');
    expect(shard.hash).toBe(before);
    expect(list(shard, MARKET_ID_ALL - 1)).not.toContain('rejected');
  });
});
