import { type EventConsumer, RESERVED_SHARE, type ShardPort } from '../shard/shard-port.js';
import type { DirectOutput } from './event-output.js';
import type { RingWriter } from './ring.js';

/** A port to a shard in the same thread: commands wait in a ring until `flush`, events come as direct calls. */
export class InlinePort implements ShardPort {
  readonly portId: number;
  private readonly writer: RingWriter;
  private readonly reservedSlots: number;
  private readonly output: DirectOutput;
  private readonly run: () => void;

  /** `run` lets the host work until there is nothing left to do. */
  constructor(portId: number, writer: RingWriter, output: DirectOutput, run: () => void) {
    this.portId = portId;
    this.writer = writer;
    this.reservedSlots = writer.capacity * RESERVED_SHARE;
    this.output = output;
    this.run = run;
  }

  trySend(words: Int32Array, firstWord: number, slots: number, leavesRoom = false): boolean {
    return this.writer.tryWrite(words, firstWord, slots, leavesRoom ? this.reservedSlots : 0);
  }

  trySendAll(words: Int32Array, firstWord: number, slots: number, leavesRoom = false): boolean {
    return this.writer.tryWriteAll(words, firstWord, slots, leavesRoom ? this.reservedSlots : 0);
  }

  flush(): void {
    this.writer.publish();
    this.run();
  }

  onEvents(consume: EventConsumer | null): void {
    this.output.consumer = consume;
  }

  occupancy(): { inbound: number; outbound: number } {
    const { writer } = this;
    return { inbound: writer.stalled ? 1 : writer.occupancy, outbound: 0 };
  }
}
