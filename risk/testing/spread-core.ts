import { Kernel } from '../../engine/kernel/host/kernel.js';
import { ShardCore } from '../../engine/shard/shard-core.js';
import { MarginActor } from '../margin/margin-actor.js';
import { javascriptRiskKernel } from '../margin/risk-kernel.js';

/** The product's shard among others, over the kernel as JavaScript. */
export function createSpreadCore(shardId: number, shards: number): ShardCore {
  const kernel = new Kernel(javascriptRiskKernel);
  return new ShardCore(
    (inbox, events, fees) => new MarginActor(inbox, events, fees, kernel, true),
    undefined,
    { shardId, shards },
    kernel,
  );
}
