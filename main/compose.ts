import type { CreateBook } from '../engine/market/market-actor.js';
import { ShardCore } from '../engine/shard/shard-core.js';
import { MarginActor } from '../risk/margin/margin-actor.js';

/** A shard with everything in it: the margin actor of `risk/` and the markets of `engine/`. */
export function createShardCore(createBook?: CreateBook): ShardCore {
  return new ShardCore((inbox, events, fees) => new MarginActor(inbox, events, fees), createBook);
}
