import { createBell } from './bell.js';
import { createRing } from './ring.js';

/** Slots of all rings together: 64 MiB, however many shards there are. */
const SLOTS_TOGETHER = 1 << 20;
const SLOTS_MAX = 16_384;
const SLOTS_MIN = 256;

const W_STOPPED = 0;
const W_CONGESTED = 32;
const FIRST_NUMBER = 64;

/** What is noted of each channel: the last number that the sender made, that the receiver applied, and that it will not lose. */
export const NOTE_MADE = 0;
export const NOTE_TAKEN = 1;
export const NOTE_KEPT = 2;
const NOTES = 3;
type Note = typeof NOTE_MADE | typeof NOTE_TAKEN | typeof NOTE_KEPT;

/** Memory that all shards of a process share: plain data, to be handed to threads. */
export interface ChannelMemory {
  shards: number;
  /** The ring from shard a to shard b is at a × shards + b; null where both are one. */
  rings: (SharedArrayBuffer | null)[];
  /** What wakes each shard's thread. */
  bells: SharedArrayBuffer[];
  board: SharedArrayBuffer;
}

/** A ring for each pair of shards and direction, so that no two writers ever meet. */
export function createChannelMemory(shards: number): ChannelMemory {
  const slots = ringSlots(shards);
  return {
    shards,
    rings: Array.from({ length: shards * shards }, (_, i) => {
      return Math.floor(i / shards) === i % shards ? null : createRing(slots);
    }),
    bells: Array.from({ length: shards }, createBell),
    board: new SharedArrayBuffer((FIRST_NUMBER + NOTES * shards * shards) * 4),
  };
}

export function ringSlots(shards: number): number {
  const pairs = Math.max(1, shards * (shards - 1));
  const share = 2 ** Math.floor(Math.log2(SLOTS_TOGETHER / pairs));
  return Math.min(SLOTS_MAX, Math.max(SLOTS_MIN, share));
}

/**
 * Where shards note how far their channels have come, and whether they go on. Numbers are kept modulo 2^32, because only
 * 32-bit words can be read and written as a whole: whoever reads one knows about where it must be.
 */
export class ChannelBoard {
  private readonly words: Int32Array;
  private readonly shards: number;

  constructor(memory: ChannelMemory) {
    this.words = new Int32Array(memory.board);
    this.shards = memory.shards;
  }

  note(note: Note, from: number, to: number, number: number): void {
    Atomics.store(this.words, this.at(note, from, to), number | 0);
  }

  /** The number that was noted, next to one that it cannot be 2^31 away from. */
  read(note: Note, from: number, to: number, near: number): number {
    return near + ((Atomics.load(this.words, this.at(note, from, to)) - (near | 0)) | 0);
  }

  /** All numbers of one kind, modulo 2^32, by sender and receiver. */
  all(note: Note): Int32Array {
    const numbers = new Int32Array(this.shards * this.shards);
    const first = this.at(note, 0, 0);
    for (let i = 0; i < numbers.length; i++) numbers[i] = Atomics.load(this.words, first + i);
    return numbers;
  }

  /** −1 while all shards run, else the one that stopped first. */
  get stoppedShard(): number {
    return Atomics.load(this.words, W_STOPPED) - 1;
  }

  stop(shardId: number): void {
    Atomics.compareExchange(this.words, W_STOPPED, 0, shardId + 1);
  }

  /** Shards of which too much is under way. */
  get congested(): boolean {
    return Atomics.load(this.words, W_CONGESTED) > 0;
  }

  addCongested(change: 1 | -1): void {
    Atomics.add(this.words, W_CONGESTED, change);
  }

  private at(note: Note, from: number, to: number): number {
    return FIRST_NUMBER + note * this.shards * this.shards + from * this.shards + to;
  }
}
