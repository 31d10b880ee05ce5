import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';
import type { EventConsumer, ShardPort } from '../../engine/shard/shard-port.js';

/** A pair of the product's rings between a virtual gateway and the host, both in this thread. */
export class SimPort implements ShardPort {
  readonly portId: number;
  readonly mayOperate: boolean;
  /** The host's ends. */
  readonly inbound: RingReader;
  readonly outbound: RingWriter;
  private readonly sender: RingWriter;
  private readonly receiver: RingReader;
  private consume: EventConsumer | null = null;

  constructor(portId: number, mayOperate: boolean, slotsIn: number, slotsOut: number) {
    this.portId = portId;
    this.mayOperate = mayOperate;
    const toShard = createRing(slotsIn);
    const fromShard = createRing(slotsOut);
    this.sender = new RingWriter(toShard);
    this.inbound = new RingReader(toShard);
    this.outbound = new RingWriter(fromShard);
    this.receiver = new RingReader(fromShard);
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
}
