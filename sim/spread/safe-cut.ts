import type { Routing } from '../../engine/shard/routing.js';

/** Where one shard stood after a frame. */
interface Mark {
  sequence: number;
  sent: number[];
  taken: number[];
}

/**
 * How far each shard of a host can never be cut back: the frames that are durable and have taken only messages which their
 * senders can never be without either. A power failure may leave more; it must never leave less.
 */
export class SafeCut {
  private readonly waiting: Mark[][];
  private safe: Mark[];

  constructor(shards: number) {
    this.waiting = Array.from({ length: shards }, () => []);
    this.safe = Array.from({ length: shards }, () => ({ sequence: 0, sent: [], taken: [] }));
  }

  sequenceOf(shard: number): number {
    return (this.safe[shard] as Mark).sequence;
  }

  /** A shard has applied a frame that ends with this sequence. */
  heard(shard: number, sequence: number, routing: Routing): void {
    (this.waiting[shard] as Mark[]).push(markOf(sequence, routing));
  }

  /** `durable`: by shard, the last sequence that a sync covers. */
  advance(durable: readonly number[]): void {
    for (let moved = true; moved; ) {
      moved = false;
      this.waiting.forEach((marks, shard) => {
        while (marks[0] !== undefined && marks[0].sequence <= (durable[shard] as number)) {
          if (!this.isCovered(shard, marks[0])) break;
          this.safe[shard] = marks.shift() as Mark;
          moved = true;
        }
      });
    }
  }

  /** The host has come back with this state, which is on the disk and fits together. */
  recovered(routings: readonly { sequence: number; routing: Routing }[]): void {
    this.safe = routings.map(({ sequence, routing }) => markOf(sequence, routing));
    for (const marks of this.waiting) marks.length = 0;
  }

  private isCovered(shard: number, mark: Mark): boolean {
    return mark.taken.every((number, from) => number <= (this.safe[from]?.sent[shard] ?? 0));
  }
}

function markOf(sequence: number, routing: Routing): Mark {
  const shards = Array.from({ length: routing.shards }, (_, shard) => shard);
  return {
    sequence,
    sent: shards.map((shard) => routing.channelTo(shard).last),
    taken: shards.map((shard) => routing.channelFrom(shard).last),
  };
}
