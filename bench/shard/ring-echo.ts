import { Worker } from 'node:worker_threads';
import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';
import type { EventConsumer, ShardPort } from '../../engine/shard/shard-port.js';
import type { RingEchoMemory } from './ring-echo-worker.js';

const SLOTS = 1 << 14;

/**
 * The floor under every shard on a thread of its own: the same rings, and a thread behind them that spins and
 * hands back what it gets.
 */
export class RingEcho implements ShardPort {
  readonly portId = 1;
  private readonly writer: RingWriter;
  private readonly reader: RingReader;
  private readonly worker: Worker;
  private consume: EventConsumer = () => {};
  private closed = false;

  constructor() {
    const memory: RingEchoMemory = { inbound: createRing(SLOTS), outbound: createRing(SLOTS) };
    this.writer = new RingWriter(memory.inbound);
    this.reader = new RingReader(memory.outbound);
    const url = new URL('./ring-echo-worker.js', import.meta.url);
    this.worker = new Worker(url, { workerData: memory });
    this.worker.on('error', (error) => {
      throw error;
    });
    setImmediate(this.poll);
  }

  trySend(words: Int32Array, firstWord: number, slots: number): boolean {
    return this.writer.tryWrite(words, firstWord, slots);
  }

  trySendAll(words: Int32Array, firstWord: number, slots: number): boolean {
    return this.writer.tryWriteAll(words, firstWord, slots);
  }

  flush(): void {
    this.writer.publish();
  }

  onEvents(consume: EventConsumer): void {
    this.consume = consume;
  }

  occupancy(): { inbound: number; outbound: number } {
    return { inbound: this.writer.occupancy, outbound: this.reader.occupancy };
  }

  async close(): Promise<void> {
    this.closed = true;
    this.writer.close();
    await new Promise((resolve) => this.worker.once('exit', resolve));
  }

  private readonly poll = (): void => {
    const { reader } = this;
    for (let word = reader.next(); word >= 0; word = reader.next()) {
      this.consume(reader.words, reader.floats, word, reader.slots);
      reader.advance();
    }
    reader.release();
    if (!this.closed) setImmediate(this.poll);
  };
}
