import { parentPort, workerData } from 'node:worker_threads';
import { headOf, SLOT_WORDS } from '../messages/layout.js';
import { Bell } from './bell.js';
import { RingReader, RingWriter } from './ring.js';
import { Patience } from './ring-patience.fixture.js';

/**
 * The other thread of the ring tests: reads everything from one ring and sends it back through the other one, sleeping whenever there
 * is nothing to do. Ends after `count` messages.
 */
const { inbound, outbound, bell, count } = workerData as {
  inbound: SharedArrayBuffer;
  outbound: SharedArrayBuffer;
  bell: SharedArrayBuffer;
  count: number;
};
const reader = new RingReader(inbound);
const writer = new RingWriter(outbound);
const sleeper = new Bell(bell);
const patience = new Patience();
let sleeps = 0;

for (let done = 0; done < count; ) {
  const at = reader.next();
  if (at < 0) {
    reader.release();
    writer.publish();
    const rings = sleeper.lieDown();
    if (!reader.pending) {
      sleeps++;
      sleeper.wait(rings, 1000);
    }
    sleeper.getUp();
    continue;
  }
  if (!writer.tryWrite(reader.words, at, reader.slots)) {
    writer.publish();
    reader.release();
    patience.look(done);
    continue;
  }
  reader.advance();
  done++;
  if (done % 100 === 0) {
    writer.publish();
    reader.release();
  }
}
const goodbye = new Int32Array(SLOT_WORDS);
goodbye[0] = headOf(1, 1, 0);
while (!writer.tryWrite(goodbye, 0, 1));
writer.publish();
parentPort?.postMessage({ sleeps });
