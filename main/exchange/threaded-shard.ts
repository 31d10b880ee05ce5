import { StartError } from '../config/problem.js';
import type { ShardAccess, ShardHooks, ShardSettings } from './shard-access.js';

export async function openThreadedShard(
  _settings: ShardSettings,
  _hooks: ShardHooks,
): Promise<ShardAccess> {
  throw new StartError('compact is not available yet');
}
