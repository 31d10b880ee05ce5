import { describe, expect, it } from 'vitest';
import { SLOT_WORDS, slotsOf, W_FLAGS, W_HEAD } from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { Routing } from '../shard/routing.js';
import {
  ChannelBoard,
  type ChannelMemory,
  createChannelMemory,
  NOTE_KEPT,
  NOTE_MADE,
  NOTE_TAKEN,
  ringSlots,
} from './channel-memory.js';
import { createRing } from './ring.js';
import { ShardChannels } from './shard-channels.js';

/** One shard's routing and channels, without an actor behind them. */
class End {
  readonly routing: Routing;
  readonly channels: ShardChannels;
  readonly taken: number[] = [];
  private readonly events = new MessageBuffer();
  private readonly memory: ChannelMemory;
  sequence = 0;

  constructor(shardId: number, memory: ChannelMemory) {
    this.memory = memory;
    this.routing = new Routing({ shardId, shards: memory.shards }, this.events);
    this.channels = new ShardChannels(this.routing, memory);
  }

  /** Makes a message for every other shard, with a content that counts up; it is released at once unless told not to. */
  make(content: number, released = true): void {
    this.routing.announceFees(content, 0, 0);
    if (released) this.release();
  }

  release(): void {
    this.channels.write(this.events, 0);
    this.events.reset();
    this.channels.publish();
  }

  /** Takes everything that has arrived, as a host does: applies, then notes it, as kept unless told not to. */
  take(kept = true): void {
    for (const { input } of this.channels.inputs) {
      for (let at = input.next(); at >= 0; at = input.next()) {
        const messages = new MessageBuffer(8);
        const slots = slotsOf(input.words[at + W_HEAD] as number);
        messages.push(slots);
        messages.words.set(input.words.subarray(at, at + slots * SLOT_WORDS));
        const inner = this.routing.open(messages, 0);
        if (inner > 0) this.taken.push(messages.words[inner * SLOT_WORDS + W_FLAGS] as number);
        input.advance();
        this.sequence++;
      }
      input.release();
    }
    this.note(kept);
  }

  note(kept: boolean): void {
    this.channels.applied(this.sequence, kept ? this.sequence : 0);
  }

  firstKeptTo(shard: number): number {
    this.channels.pump();
    return this.routing.channelTo(shard).firstKept;
  }

  noted(note: typeof NOTE_MADE | typeof NOTE_TAKEN | typeof NOTE_KEPT, from: number, to: number) {
    return new ChannelBoard(this.memory).read(note, from, to, 0);
  }
}

/** Rings with room for a few messages only. */
function smallMemory(shards: number): ChannelMemory {
  const memory = createChannelMemory(shards);
  return { ...memory, rings: memory.rings.map((ring) => (ring === null ? null : createRing(16))) };
}

function ends(memory: ChannelMemory): End[] {
  const all = Array.from({ length: memory.shards }, (_, shard) => new End(shard, memory));
  for (const { channels } of all) channels.begin();
  return all;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describe('channels between shards of one process', () => {
  it('bring everything once and in order, though all rings are full on both sides', () => {
    const [a, b] = ends(smallMemory(2)) as [End, End];
    for (const content of upTo(500)) {
      // Nobody reads: what finds no room stays with its sender, and neither waits.
      a.make(content);
      b.make(content);
    }
    expect(a.channels.canPump).toBe(false);
    for (let i = 0; i < 500; i++) {
      for (const end of [a, b]) {
        end.take();
        end.channels.pump();
      }
    }
    expect(a.taken).toEqual(upTo(500));
    expect(b.taken).toEqual(upTo(500));
    expect([a.firstKeptTo(1), b.firstKeptTo(0)]).toEqual([501, 501]);
  });

  it('send nothing that the journal has not released', () => {
    const [a, b] = ends(smallMemory(2)) as [End, End];
    a.make(1, false);
    a.channels.pump();
    b.take();
    expect(b.taken).toEqual([]);
    a.release();
    b.take();
    expect(b.taken).toEqual([1]);
  });

  it('keep a message until the receiver’s journal has it for certain', () => {
    const [a, b] = ends(smallMemory(2)) as [End, End];
    for (const content of upTo(3)) a.make(content);
    b.take(false);
    expect(b.noted(NOTE_TAKEN, 0, 1)).toBe(3);
    expect(a.firstKeptTo(1)).toBe(1);
    b.note(true);
    expect(a.firstKeptTo(1)).toBe(4);
  });

  it('are noted as made before what caused it is noted as taken', () => {
    const [a, b] = ends(smallMemory(2)) as [End, End];
    a.make(1);
    b.take(false);
    b.routing.announceFees(7, 0, 0);
    expect(b.noted(NOTE_MADE, 1, 0)).toBe(0);
    b.note(false);
    expect(b.noted(NOTE_MADE, 1, 0)).toBe(1);
  });

  it('go on after a restart behind what each side has', () => {
    const before = smallMemory(2);
    const [a, b] = ends(before) as [End, End];
    for (const content of upTo(20)) a.make(content);
    b.take(false);
    const arrived = b.taken.length;
    expect(arrived).toBeLessThan(20);
    // The same shards in a new process: new rings, the recovered routings.
    const memory = smallMemory(2);
    const [first, second] = [a, b].map((end) => new ShardChannels(end.routing, memory)) as [
      ShardChannels,
      ShardChannels,
    ];
    first.begin();
    second.begin();
    Object.assign(a, { channels: first });
    Object.assign(b, { channels: second });
    for (let i = 0; i < 20; i++) {
      first.pump();
      b.take();
    }
    expect(b.taken).toEqual(upTo(20));
  });

  it('refuse to begin when a receiver has what its sender has not', () => {
    const memory = smallMemory(2);
    const a = new End(0, memory);
    new ChannelBoard(memory).note(NOTE_KEPT, 0, 1, 1);
    expect(() => a.channels.begin()).toThrow(/shard 1 has 1 messages of shard 0/);
  });

  it('make commands wait in all shards while one channel keeps too much, and no longer', () => {
    const [a, b, c] = ends(smallMemory(3)) as [End, End, End];
    for (let i = 0; i < 33_000 && !c.channels.congested; i++) a.make(1);
    expect([a, b, c].map(({ channels }) => channels.congested)).toEqual([true, true, true]);
    const waiting = a.routing.channelTo(1).last;
    while (b.taken.length < waiting || c.taken.length < waiting) {
      for (const end of [b, c]) end.take();
      a.channels.pump();
    }
    expect(a.firstKeptTo(1)).toBe(waiting + 1);
    expect(c.channels.congested).toBe(false);
  });

  it('tell all when one has stopped', () => {
    const [a, b, c] = ends(smallMemory(3)) as [End, End, End];
    expect(a.channels.stoppedShard).toBe(-1);
    b.channels.stop();
    c.channels.stop();
    expect([a, b, c].map(({ channels }) => channels.stoppedShard)).toEqual([1, 1, 1]);
  });

  it('take no more memory than 64 MiB, however many shards there are', () => {
    for (const shards of [2, 3, 8, 16, 64]) {
      expect(ringSlots(shards) * shards * (shards - 1) * 64).toBeLessThanOrEqual(64 * 2 ** 20);
    }
  });
});
