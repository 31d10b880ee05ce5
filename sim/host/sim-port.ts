import { RingOutput } from '../../engine/runtime/event-output.js';
import type { Door, HostPort } from '../../engine/runtime/host-port.js';
import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';
import type { EventConsumer, ShardPort } from '../../engine/shard/shard-port.js';

/** The product's rings between a virtual gateway and the host, both in this thread. The memory outlives a gateway. */
export class SimPort implements ShardPort {
  readonly portId: number;
  readonly hostPort: HostPort;
  private readonly toShard: SharedArrayBuffer;
  private readonly fromShard: SharedArrayBuffer;
  private sender: RingWriter;
  private receiver: RingReader;
  private consume: EventConsumer | null = null;

  constructor(portId: number, door: Door, slotsIn: number, slotsOut: number) {
    this.portId = portId;
    this.toShard = createRing(slotsIn);
    this.fromShard = createRing(slotsOut);
    this.sender = new RingWriter(this.toShard);
    this.receiver = new RingReader(this.fromShard);
    const output = new RingOutput(new RingWriter(this.fromShard), () => {});
    this.hostPort = { portId, door, input: new RingReader(this.toShard), output };
  }

  trySend(words: Int32Array, firstWord: number, slots: number): boolean {
    return this.sender.tryWrite(words, firstWord, slots);
  }

  trySendAll(words: Int32Array, firstWord: number, slots: number): boolean {
    return this.sender.tryWriteAll(words, firstWord, slots);
  }

  flush(): void {
    this.sender.publish();
  }

  onEvents(consume: EventConsumer): void {
    this.consume = consume;
  }

  occupancy(): { inbound: number; outbound: number } {
    return { inbound: this.sender.occupancy, outbound: this.receiver.occupancy };
  }

  /** The gateway takes up to `messages` events out of its ring. */
  read(messages: number): number {
    let read = 0;
    for (; read < messages; read++) {
      const word = this.receiver.next();
      if (word < 0) break;
      this.consume?.(this.receiver.words, this.receiver.floats, word, this.receiver.slots);
      this.receiver.advance();
    }
    this.receiver.release();
    return read;
  }

  /** A new gateway in the place of one that died: it goes on where the other one had given room back. */
  reattach(): void {
    this.sender = new RingWriter(this.toShard);
    this.receiver = new RingReader(this.fromShard);
  }

  /** Nobody will read here any more. */
  close(): void {
    this.receiver.close();
  }
}
