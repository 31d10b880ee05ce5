import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RandomExchange } from '../../gateway/history/testing/random-exchange.js';
import { openEmbeddedBus } from '../../settlement/bus/embedded/embedded-bus.js';
import { ShardOutbox } from './shard-outbox.js';

/** Trades and publishes until it is killed: DATA SEED. Says when it begins to trade. */
const [dataDir = '', seed = ''] = process.argv.slice(2);
const exchange = new RandomExchange(dataDir, Number(seed));
exchange.start();
const bus = openEmbeddedBus({ folder: path.join(dataDir, 'bus') });
const { createShard } = exchange;
process.stdout.write('trading\n');
const limit = exchange.written();
const outbox = await ShardOutbox.open({ dataDir, shardId: 0, createShard, bus, limit });
for (;;) {
  exchange.step();
  // Time runs faster, so that marks and position files are written often.
  await outbox.step(exchange.written(), performance.now() * 20);
  await sleep(1);
}
