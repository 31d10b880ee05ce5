import { type EventConsumer, RESERVED_SHARE, type ShardPort } from '../shard/shard-port.js';
import type { Bell } from './bell.js';
import type { RingReader, RingWriter } from './ring.js';

/** Events handed over before other work of the thread gets its turn, and how often room is given back meanwhile. */
const EVENTS_A_TURN = 4096;
const EVENTS_A_RELEASE = 64;

/** A port to a shard in another thread: a ring for commands, a ring for events. */
export class RingPort implements ShardPort {
  readonly portId: number;
  private readonly commands: RingWriter;
  private readonly reservedSlots: number;
  private readonly events: RingReader;
  private readonly bell: Bell;
  private consumer: EventConsumer | null = null;
  private draining = false;
  /** Nothing is handed over for now: whoever hears has to be made ready first. */
  held = false;

  constructor(portId: number, commands: RingWriter, events: RingReader, bell: Bell) {
    this.portId = portId;
    this.commands = commands;
    this.reservedSlots = commands.capacity * RESERVED_SHARE;
    this.events = events;
    this.bell = bell;
  }

  trySend(words: Int32Array, firstWord: number, slots: number, leavesRoom = false): boolean {
    return this.commands.tryWrite(words, firstWord, slots, leavesRoom ? this.reservedSlots : 0);
  }

  trySendAll(words: Int32Array, firstWord: number, slots: number, leavesRoom = false): boolean {
    return this.commands.tryWriteAll(words, firstWord, slots, leavesRoom ? this.reservedSlots : 0);
  }

  flush(): void {
    this.commands.publish();
    this.bell.ring();
  }

  onEvents(consume: EventConsumer | null): void {
    this.consumer = consume;
    this.events.muted = consume === null;
    this.drain();
  }

  occupancy(): { inbound: number; outbound: number } {
    const { commands, events } = this;
    return { inbound: commands.stalled ? 1 : commands.occupancy, outbound: events.occupancy };
  }

  /** Hands over what has arrived, then sleeps: call it when the shard's thread has woken this one. */
  readonly drain = (): void => {
    const { consumer, events } = this;
    // A consumer that sends and flushes must not find itself called again.
    if (consumer === null || this.draining || this.held) return;
    this.draining = true;
    try {
      let handed = 0;
      do {
        for (let at = events.next(); at >= 0; at = events.next()) {
          if (events.sound) consumer(events.words, events.floats, at, events.slots);
          events.advance();
          handed++;
          if (handed % EVENTS_A_RELEASE === 0) events.release();
          if (handed >= EVENTS_A_TURN) {
            setImmediate(this.drain);
            return;
          }
        }
        events.release();
      } while (!events.trySleep());
    } finally {
      events.release();
      this.draining = false;
      if (events.takeWantsRoom()) this.bell.ring();
    }
  };

  /** Something has arrived that was not handed over. */
  get pending(): boolean {
    return this.consumer !== null && this.events.pending;
  }

  /** The other end is gone, or this one was closed by somebody else. */
  get closed(): boolean {
    return this.events.closed;
  }

  /** Tells the shard that nobody reads here any more. */
  close(): void {
    this.events.close();
    this.commands.close();
    this.bell.ring();
  }
}
