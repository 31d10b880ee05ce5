import { createShardCore } from '../../main/compose.js';
import { ShardHistory } from './shard-history.js';

/** Feeds the history of a closed journal in small commits until it is killed or done, and says when it begins and ends. */
const [dataDir = ''] = process.argv.slice(2);
const history = new ShardHistory({
  dataDir,
  shardId: 0,
  createShard: () => createShardCore(),
  batchRows: 8,
});
process.stdout.write('feeding\n');
while (history.step(Number.MAX_SAFE_INTEGER) !== null);
history.close();
process.stdout.write('done\n');
