import { describe, expect, it } from 'vitest';
import { createSpreadCore } from '../../risk/testing/spread-core.js';
import { applyWire, channelMessages } from '../../sim/spread/apply-wire.js';
import { command, type Wire, withSlots } from '../../sim/traffic/wire.js';
import {
  EF_ORDER_ID,
  EW_FLAGS,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
} from '../messages/layout.js';
import * as type from '../messages/types.js';
import type { ShardCore } from './shard-core.js';

const DIRECTORY = 0;
const HOME = 1;
/** The second account, at home in the second shard. */
const PARENT = 2;

class TwoShards {
  private readonly cores = [DIRECTORY, HOME].map((shardId) => createSpreadCore(shardId, 2));

  /** What the message makes the shard tell gateways of sub-accounts (account, new or not), and tell the other shard. */
  send(shard: number, wire: Wire): { told: [number, boolean][]; sent: Wire[] } {
    const core = this.cores[shard] as ShardCore;
    applyWire(core, wire, 1_000);
    core.check();
    const { words, floats, length } = core.events;
    const told: [number, boolean][] = [];
    for (let slot = 0; slot < length; ) {
      const head = words[slot * SLOT_WORDS] as number;
      if (typeOf(head) === type.EVT_SUB_ACCOUNT) {
        const isNew = words[slot * SLOT_WORDS + EW_FLAGS] === 1;
        told.push([floats[slot * SLOT_FLOATS + EF_ORDER_ID] as number, isNew]);
      }
      slot += slotsOf(head);
    }
    return { told, sent: channelMessages(core.events) };
  }
}

describe('a sub-account whose home is another shard', () => {
  it('is told of by its home alone, also to who asks again before it is open there', () => {
    const shards = new TwoShards();
    for (let account = 1; account <= PARENT; account++) {
      const { sent } = shards.send(DIRECTORY, withSlots(type.CMD_CREATE_ACCOUNT, 2, {}));
      for (const wire of sent) shards.send(HOME, wire);
    }
    const wish = command(type.CMD_CREATE_SUB_ACCOUNT, { account: PARENT, price: 1 });
    const answers = [wish, wish].map((wire) => shards.send(DIRECTORY, wire));
    expect(answers.map(({ told }) => told)).toEqual([[], []]);
    const late = answers.flatMap(({ sent }) => sent).map((wire) => shards.send(HOME, wire).told);
    expect(late).toEqual([[[3, true]], [[3, false]]]);
  });
});
