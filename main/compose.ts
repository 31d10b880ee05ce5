import { randomBytes } from 'node:crypto';
import { Kernel } from '../engine/kernel/host/kernel.js';
import type { CreateBook } from '../engine/market/market-actor.js';
import { compiledModule, kernelFrom } from '../engine/runtime/kernel-file.js';
import type { Placement } from '../engine/shard/routing.js';
import { ShardCore } from '../engine/shard/shard-core.js';
import { G_HASH_SECRET } from '../risk/kernel/layout.js';
import { MarginActor } from '../risk/margin/margin-actor.js';
import { javascriptRiskKernel, type RiskKernel } from '../risk/margin/risk-kernel.js';

const KERNEL_FILE = new URL('../risk/kernel/kernel.wasm', import.meta.url);

/** A shard with everything in it: the margin actor of `risk/` and the markets of `engine/`; or one of several. */
export function createShardCore(createBook?: CreateBook, placement?: Placement): ShardCore {
  const hasStrangers = placement !== undefined;
  return new ShardCore(
    (inbox, events, fees, kernel) => new MarginActor(inbox, events, fees, kernel, hasStrangers),
    createBook,
    placement,
    newKernel(),
  );
}

function newKernel(): RiskKernel {
  const kernel = new Kernel(kernelFrom(KERNEL_FILE, javascriptRiskKernel));
  kernel.words[G_HASH_SECRET >> 2] = randomBytes(4).readInt32LE();
  return kernel;
}

/** The kernel of a shard as it was compiled, for threads that look into its memory; null: it runs from its sources. */
export function riskKernelModule(): WebAssembly.Module | null {
  return compiledModule(KERNEL_FILE);
}

/**
 * A shard of layout `spread`. It begins knowing those before it; that there are more is in its journal (CMD_SET_SHARDS), so
 * that nothing but its number is needed to replay it.
 */
export function createSpreadShardCore(shardId: number): ShardCore {
  return createShardCore(undefined, { shardId, shards: shardId + 1 });
}
