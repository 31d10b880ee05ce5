import {
  F_QTY,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { EVT_CHANNEL } from '../../engine/messages/types.js';
import type { EventOutput } from '../../engine/runtime/event-output.js';
import type { HostPort } from '../../engine/runtime/host-port.js';
import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';
import { asChannelInput } from '../../engine/shard/channel.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';

/** Ports of gateways have lower numbers. */
const CHANNEL_PORT = 127;
const RING_SLOTS = 256;

/** What can happen to a message on its way. */
export interface NetworkFaults {
  /** In percent of the messages. */
  lost: number;
  doubled: number;
  late: number;
}

/**
 * The channels between all shards: takes what hosts let out, loses, doubles and delays it, and puts it into the rings of the
 * receivers. Nothing here knows what has arrived; that is the shards' own business.
 */
export class ChannelNetwork {
  readonly counts = { channelMessages: 0, lost: 0, doubled: 0, late: 0, repeated: 0 };
  private readonly random: Xorshift;
  private readonly faults: NetworkFaults;
  private readonly doors: ChannelDoor[] = [];
  private underWay: { to: number; message: Int32Array }[] = [];

  constructor(random: Xorshift, shards: number, faults: NetworkFaults) {
    this.random = random;
    this.faults = faults;
    for (let shard = 0; shard < shards; shard++) this.doors.push(this.newDoor(shard));
  }

  /** The port through which a shard's host speaks with the others; a new one after each restart. */
  portOf(shard: number): HostPort {
    return (this.doors[shard] as ChannelDoor).hostPort;
  }

  restart(shard: number): void {
    this.doors[shard] = this.newDoor(shard);
  }

  /** Highest number that the present process of `from` has let out towards `to`. */
  releasedTo(from: number, to: number): number {
    return (this.doors[from] as ChannelDoor).released.get(to) ?? 0;
  }

  setReleased(from: number, to: number, number: number): void {
    (this.doors[from] as ChannelDoor).released.set(to, number);
  }

  /** Some of what is under way arrives; what finds no room stays under way. */
  deliver(most: number): void {
    for (let i = 0; i < most && this.underWay.length > 0; i++) {
      const at = this.random.chance(this.faults.late) ? this.random.below(this.underWay.length) : 0;
      if (at > 0) this.counts.late++;
      const [next] = this.underWay.splice(at, 1) as [{ to: number; message: Int32Array }];
      if (!(this.doors[next.to] as ChannelDoor).take(next.message)) this.underWay.push(next);
    }
  }

  /** Everything under way was in the memory of a host that is gone. */
  forget(): void {
    this.underWay = [];
  }

  /** Sends something again, because the receiver does not seem to have it. */
  repeat(to: number, message: Int32Array): void {
    this.counts.repeated++;
    this.underWay.push({ to, message: asChannelInput(message, 0) });
  }

  get isQuiet(): boolean {
    return this.underWay.length === 0;
  }

  private newDoor(shard: number): ChannelDoor {
    return new ChannelDoor(shard, (to, message) => this.send(to, message));
  }

  private send(to: number, message: Int32Array): void {
    this.counts.channelMessages++;
    if (this.random.chance(this.faults.lost)) {
      this.counts.lost++;
      return;
    }
    this.underWay.push({ to, message });
    if (!this.random.chance(this.faults.doubled)) return;
    this.counts.doubled++;
    this.underWay.push({ to, message });
  }
}

/** One shard's door to the channels: a ring in, a collector of EVT_CHANNEL out. */
class ChannelDoor implements EventOutput {
  readonly hostPort: HostPort;
  readonly released = new Map<number, number>();
  readonly closed = false;
  private readonly shard: number;
  private readonly writer: RingWriter;
  private readonly send: (to: number, message: Int32Array) => void;

  constructor(shard: number, send: (to: number, message: Int32Array) => void) {
    this.shard = shard;
    this.send = send;
    const memory = createRing(RING_SLOTS);
    this.writer = new RingWriter(memory);
    const input = new RingReader(memory);
    this.hostPort = { portId: CHANNEL_PORT, input, output: this, door: 'shards' };
  }

  take(message: Int32Array): boolean {
    const taken = this.writer.tryWrite(message, 0, message.length / SLOT_WORDS);
    this.writer.publish();
    return taken;
  }

  write(events: MessageBuffer, from: number): number {
    const { words, floats, length } = events;
    for (let slot = from; slot < length; ) {
      const w = slot * SLOT_WORDS;
      const head = words[w + W_HEAD] as number;
      if (typeOf(head) === EVT_CHANNEL && words[w + W_FLAGS] === this.shard) {
        const to = words[w + W_PRICE] as number;
        this.released.set(to, floats[w / 2 + F_QTY] as number);
        this.send(to, asChannelInput(words, w));
      }
      slot += slotsOf(head);
    }
    return length;
  }

  publish(): void {}
}
