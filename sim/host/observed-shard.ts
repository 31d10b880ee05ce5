import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import type { Frame } from '../../engine/shard/frame.js';
import type { Shard } from '../../engine/shard/shard.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';

/** Called after a frame, with the first slot of its events: answers to malformed messages may stand before them. */
export type FrameObserver = (frame: Frame, events: MessageBuffer, firstSlot: number) => void;

/** A shard that lets the simulation look at every frame that it has applied. */
export class ObservedShard implements Shard {
  readonly core: ShardCore;
  private readonly observe: FrameObserver;

  constructor(core: ShardCore, observe: FrameObserver) {
    this.core = core;
    this.observe = observe;
  }

  get events(): MessageBuffer {
    return this.core.events;
  }
  get sequence(): number {
    return this.core.sequence;
  }
  get timeMs(): number {
    return this.core.timeMs;
  }
  get epoch(): number {
    return this.core.epoch;
  }

  nextTimerMs(): number {
    return this.core.nextTimerMs();
  }
  applyFrame(frame: Frame): void {
    const firstSlot = this.core.events.length;
    this.core.applyFrame(frame);
    this.observe(frame, this.core.events, firstSlot);
  }
  writeTradingState(writer: CanonicalWriter): void {
    this.core.writeTradingState(writer);
  }
  writeDeliveryState(writer: CanonicalWriter): void {
    this.core.writeDeliveryState(writer);
  }
  writeSnapshot(writer: CanonicalWriter): void {
    this.core.writeSnapshot(writer);
  }
  readSnapshot(reader: CanonicalReader): void {
    this.core.readSnapshot(reader);
  }
  check(): void {
    this.core.check();
  }
}
