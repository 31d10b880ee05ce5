import { assert, InvariantError } from '../../engine/assert.js';
import { SLOT_WORDS } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { deliveryHash, stateHash } from '../../engine/runtime/journal/state-hash.js';
import type { Frame } from '../../engine/shard/frame.js';
import type { Shard } from '../../engine/shard/shard.js';
import { describeDifference } from './difference.js';
import { FeedHistory, streamChain } from './history.js';
import { refuseMinusZero } from './minus-zero.js';

/** A shard that never crashes and is told the same frames. */
export interface Twin {
  name: string;
  shard: Shard;
  /** Whether its memory of client ids and feed numbers has the same bytes too. */
  comparesDelivery: boolean;
}

/**
 * Uninterrupted twins of a shard. A frame reaches them when nothing can take it back any more: when it is durable, or when a
 * recovery found it. Each must emit the same bytes and come to the same state.
 */
export class Twins {
  readonly history = new FeedHistory();
  /** Of every frame that counts, the checksum of the events that it emitted live. */
  private readonly chains = new Map<number, number>();
  private waiting: Frame[] = [];
  private readonly twins: readonly Twin[];

  constructor(twins: readonly Twin[]) {
    this.twins = twins;
  }

  get sequence(): number {
    return (this.twins[0] as Twin).shard.sequence;
  }

  /** The live shard has applied a frame. */
  heard(frame: Frame, events: MessageBuffer, firstSlot = 0): void {
    this.chains.set(frame.firstSequence, streamChain(events, firstSlot));
    this.waiting.push(copyFrame(frame));
  }

  /** Everything up to the sequence will never be lost. */
  advance(sequence: number): void {
    let done = 0;
    for (const frame of this.waiting) {
      if (frame.firstSequence + frame.count - 1 > sequence) break;
      for (const twin of this.twins) this.apply(twin, frame);
      done++;
    }
    this.waiting.splice(0, done);
  }

  /** A recovery ended at this sequence: what came after it has never been. */
  recovered(sequence: number): void {
    this.advance(sequence);
    for (const frame of this.waiting) this.chains.delete(frame.firstSequence);
    this.waiting = [];
    assert(this.sequence === sequence, `recovery ended inside of a frame, at ${sequence}`);
  }

  /** Replay of a journaled frame must emit what was emitted live. */
  replayed(frame: Frame, events: MessageBuffer): void {
    const live = this.chains.get(frame.firstSequence);
    // The process died after the write and before anybody saw the events: this is the first time.
    if (live === undefined) {
      this.heard(frame, events);
      return;
    }
    const problem = `replay of the frame at ${frame.firstSequence} emits other events than the live shard`;
    assert(streamChain(events) === live, problem);
  }

  /** State and deliveries of the recovered shard equal those of the twins, which stand at the same sequence. */
  compare(shard: Shard): void {
    const state = stateHash(shard);
    const delivery = deliveryHash(shard);
    for (const twin of this.twins) {
      assert(twin.shard.sequence === shard.sequence, `${twin.name} stands at another sequence`);
      refuseMinusZero(twin.shard);
      assert(stateHash(twin.shard) === state, `the state hash differs from that of ${twin.name}`);
      if (!twin.comparesDelivery) continue;
      const equal = deliveryHash(twin.shard) === delivery;
      assert(equal, `the delivery hash differs from that of ${twin.name}`);
    }
  }

  private apply(twin: Twin, frame: Frame): void {
    twin.shard.events.reset();
    twin.shard.applyFrame(frame);
    const live = this.chains.get(frame.firstSequence);
    if (streamChain(twin.shard.events) !== live) {
      const difference = describeDifference(
        (this.twins[0] as Twin).shard.events,
        twin.shard.events,
      );
      const where = `the frame at ${frame.firstSequence}`;
      throw new InvariantError(`${twin.name} emits other events for ${where}: ${difference}`);
    }
    if (twin === this.twins[0]) this.history.record(twin.shard.events);
  }
}

export function copyFrame(frame: Frame): Frame {
  const messages = new MessageBuffer(Math.max(8, frame.messages.length));
  messages.push(frame.messages.length);
  messages.words.set(frame.messages.words.subarray(0, frame.messages.length * SLOT_WORDS));
  const { firstSequence, count, timeMs } = frame;
  return { messages, firstSequence, count, timeMs };
}
