import { openShard } from './open-shard.js';
import type { SyncPolicy } from './sync-scheduler.js';
import { epochFrame, ToyShard, toyFrame, varyingSizes } from './toy-shard.fixture.js';

/**
 * Appends until it is killed, and prints each sequence that it would acknowledge. Started by the
 * tests as a process of its own: DATA POLICY.
 */
const [dataDir, policy] = process.argv.slice(2);
const acknowledge = (sequence: number) => process.stdout.write(`${sequence}\n`);
const { journal, shard } = openShard(dataDir, 0, () => new ToyShard(), {
  policy: policy as SyncPolicy,
  segmentBytesMax: 40_000,
  onDurable: (sequence) => {
    if (policy === 'always') acknowledge(sequence);
  },
});
journal.append(epochFrame(journal.nextSequence, journal.epoch));
journal.write();

function step(): void {
  for (let group = 0; group < 3; group++) {
    journal.append(toyFrame(journal.nextSequence, varyingSizes(journal.nextSequence)));
  }
  journal.write();
  if (policy !== 'always') acknowledge(journal.releasedSequence);
  setImmediate(step);
}

acknowledge(shard.sequence);
step();
