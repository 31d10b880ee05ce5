import type { EventConsumer, ShardPort } from '../shard/shard-port.js';
import type { DirectOutput } from './event-output.js';
import type { RingWriter } from './ring.js';

/** A port to a shard in the same thread: commands wait in a ring until `flush`, events come as direct calls. */
export class InlinePort implements ShardPort {
  readonly portId: number;
  private readonly writer: RingWriter;
  private readonly output: DirectOutput;
  private readonly run: () => void;

  /** `run` lets the host work until there is nothing left to do. */
  constructor(portId: number, writer: RingWriter, output: DirectOutput, run: () => void) {
    this.portId = portId;
    this.writer = writer;
    this.output = output;
    this.run = run;
  }

  trySend(words: Int32Array, firstWord: number, slots: number): boolean {
    return this.writer.tryWrite(words, firstWord, slots);
  }

  trySendAll(words: Int32Array, firstWord: number, slots: number): boolean {
    return this.writer.tryWriteAll(words, firstWord, slots);
  }

  flush(): void {
    this.writer.publish();
    this.run();
  }

  onEvents(consume: EventConsumer | null): void {
    this.output.consumer = consume;
  }

  occupancy(): { inbound: number; outbound: number } {
    return { inbound: this.writer.occupancy, outbound: 0 };
  }
}
