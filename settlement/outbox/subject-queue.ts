import { isDeepStrictEqual } from 'node:util';
import type { AccountItem, MarketItem } from '../packs/pack-types.js';
import type { BusHead } from './bus-head.js';
import { OutboxDivergedError } from './outbox-errors.js';

type AnyItem = MarketItem | AccountItem;

/** Items that make a pack, all of one epoch. */
export interface CutItems {
  items: AnyItem[];
  epoch: number;
  firstItem: number;
  lastItem: number;
  firstSequence: number;
  lastSequence: number;
}

interface Waiting {
  item: AnyItem;
  sequence: number;
  epoch: number;
}

/** Items of one subject that wait to be published: numbered, and compared with what the bus has already from an earlier run. */
export class SubjectQueue {
  readonly subject: string;
  /** Of a market; 0: of the shard's accounts. */
  readonly marketId: number;
  /** Number of the newest item that the journal has made. */
  lastItem: number;
  /** When the oldest item that waits came. */
  sinceMs = 0;
  private waiting: Waiting[] = [];
  /** Where the bus ends; undefined: it was not asked; null: the journal is past that, and agrees. */
  private head: BusHead | null | undefined;

  constructor(subject: string, marketId: number, lastItem: number) {
    this.subject = subject;
    this.marketId = marketId;
    this.lastItem = lastItem;
  }

  get length(): number {
    return this.waiting.length;
  }

  /** The bus was not asked. */
  get isUnknown(): boolean {
    return this.head === undefined;
  }

  /** The journal has not come to where the bus ends. */
  get isBehindBus(): boolean {
    return this.head !== undefined && this.head !== null;
  }

  add(item: AnyItem, sequence: number, epoch: number, nowMs: number): void {
    if (this.waiting.length === 0) this.sinceMs = nowMs;
    this.waiting.push({ item, sequence, epoch });
    this.lastItem++;
  }

  /** Where the bus ends. What it has is left out, but the last of it has to be the journal's own. */
  meet(head: BusHead | null): void {
    this.head = head;
    this.skipKnown();
  }

  /** A frame of the journal ends here. Throws OutboxDivergedError when the bus ends before it with something that is not in the journal. */
  checkPassed(sequence: number, epoch: number): void {
    const { head } = this;
    if (head === undefined || head === null) return;
    this.skipKnown();
    if (sequence < head.lastSequence) return;
    const isMark = head.item === null;
    const hasIt = isMark
      ? sequence === head.lastSequence && epoch === head.epoch && head.lastItem === this.lastItem
      : head.lastItem <= this.lastItem;
    if (!hasIt) throw this.diverged(head);
    this.head = null;
  }

  /** Items for the next pack, at most so many; null: there is none. */
  cut(itemsMax: number): CutItems | null {
    if (this.head === undefined) return null;
    this.skipKnown();
    const [first] = this.waiting;
    if (first === undefined) return null;
    const most = Math.min(itemsMax, this.waiting.length);
    let count = 1;
    while (count < most && this.waiting[count]?.epoch === first.epoch) count++;
    const firstItem = this.lastItem - this.waiting.length + 1;
    const taken = this.waiting.splice(0, count);
    return {
      items: taken.map(({ item }) => item),
      epoch: first.epoch,
      firstItem,
      lastItem: firstItem + count - 1,
      firstSequence: first.sequence,
      lastSequence: (taken.at(-1) as Waiting).sequence,
    };
  }

  private skipKnown(): void {
    const { head, waiting } = this;
    if (head === undefined || head === null || waiting.length === 0) return;
    const firstItem = this.lastItem - waiting.length + 1;
    const known = Math.min(waiting.length, head.lastItem - firstItem + 1);
    if (known <= 0) return;
    const isEnd = firstItem + known - 1 === head.lastItem;
    const last = waiting[known - 1] as Waiting;
    if (isEnd && head.item !== null && !isSameItem(last, head)) throw this.diverged(head);
    waiting.splice(0, known);
  }

  private diverged({ lastItem, lastSequence, epoch }: BusHead): OutboxDivergedError {
    return new OutboxDivergedError(
      `the bus ends ${this.subject} with item ${lastItem}, sequence ${lastSequence}, epoch ${epoch}, but the journal has ` +
        'something else there: it is not the journal that was published. Restore it, or begin with an empty bus and ledger',
    );
  }
}

function isSameItem({ item, sequence, epoch }: Waiting, head: BusHead): boolean {
  const isSame = sequence === head.lastSequence && epoch === head.epoch;
  return isSame && isDeepStrictEqual(item, head.item);
}
