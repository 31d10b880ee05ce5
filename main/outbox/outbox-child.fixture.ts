import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RandomExchange } from '../../gateway/history/testing/random-exchange.js';
import { openEmbeddedBus } from '../../settlement/bus/embedded/embedded-bus.js';
import { ShardOutbox } from './shard-outbox.js';
import { stepOrReopen } from './step-or-reopen.fixture.js';

/** Trades and publishes until it is killed: DATA SEED. Prints a line when it has begun, and whenever more is on the bus. */
const [dataDir = '', seed = ''] = process.argv.slice(2);
const exchange = new RandomExchange(dataDir, Number(seed));
exchange.start();
const bus = openEmbeddedBus({ folder: path.join(dataDir, 'bus') });
const { createShard } = exchange;
const open = async () => {
  const limit = exchange.written();
  return await ShardOutbox.open({ dataDir, shardId: 0, createShard, bus, limit });
};
let outbox = await open();
let { published } = outbox.publisher;
process.stdout.write('begun\n');
for (;;) {
  for (let i = 0; i < 4; i++) exchange.step();
  // Time runs faster, so that marks and positions are written often.
  outbox = await stepOrReopen(outbox, exchange.written(), performance.now() * 200, open);
  await sleep(1);
  if (outbox.publisher.published === published) continue;
  published = outbox.publisher.published;
  process.stdout.write(`${published.sequence}\n`);
}
