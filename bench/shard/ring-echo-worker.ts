/** A shard that does nothing: hands every command back as its own answer. What is left is the hand-over. */
import { workerData } from 'node:worker_threads';
import { RingReader, RingWriter } from '../../engine/runtime/ring.js';

export interface RingEchoMemory {
  inbound: SharedArrayBuffer;
  outbound: SharedArrayBuffer;
}

const { inbound, outbound } = workerData as RingEchoMemory;
const reader = new RingReader(inbound);
const writer = new RingWriter(outbound);

while (!reader.closed) {
  let moved = 0;
  for (let word = reader.next(); word >= 0 && moved < 256; word = reader.next()) {
    if (!writer.tryWrite(reader.words, word, reader.slots)) break;
    reader.advance();
    moved++;
  }
  reader.release();
  writer.publish();
}
