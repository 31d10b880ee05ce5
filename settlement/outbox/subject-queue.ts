import type { ItemWriter } from '../packs/pack-codec.js';
import type { AccountItem, MarketItem } from '../packs/pack-types.js';
import type { BusHead } from './bus-head.js';
import { OutboxDivergedError } from './outbox-errors.js';
import { type FirstItems, WaitingItems } from './waiting-items.js';

type AnyItem = MarketItem | AccountItem;

/** Items for a pack, with their numbers. */
export interface NumberedItems extends FirstItems {
  firstItem: number;
  lastItem: number;
}

/** Items of one subject that wait to be published: numbered, and compared with what the bus has already from an earlier run. */
export class SubjectQueue<Item extends AnyItem> {
  readonly subject: string;
  /** Of a market; 0: of the shard's accounts. */
  readonly marketId: number;
  readonly packKind: number;
  /** Number of the newest item that the journal has made. */
  lastItem: number;
  /** When the oldest item that waits came. */
  sinceMs = 0;
  private readonly waiting: WaitingItems<Item>;
  /** Where the bus ends; undefined: it was not asked; null: the journal is past that, and agrees. */
  private head: BusHead | null | undefined;

  constructor(subject: string, marketId: number, writer: ItemWriter<Item>, lastItem: number) {
    this.subject = subject;
    this.marketId = marketId;
    this.packKind = writer.packKind;
    this.lastItem = lastItem;
    this.waiting = new WaitingItems(writer);
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

  /** Throws PackError `out_of_range`. */
  add(item: Item, sequence: number, epoch: number, nowMs: number): void {
    if (this.waiting.length === 0) this.sinceMs = nowMs;
    this.waiting.add(item, sequence, epoch);
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

  /** Items for the next pack, at most so many; null: there is none. Their bytes hold until the queue changes. */
  first(itemsMax: number): NumberedItems | null {
    if (this.head === undefined) return null;
    this.skipKnown();
    if (this.length === 0) return null;
    const firstItem = this.lastItem - this.length + 1;
    const first = this.waiting.first(itemsMax);
    return { ...first, firstItem, lastItem: firstItem + first.items - 1 };
  }

  /** They are in a pack. */
  drop(items: number): void {
    this.waiting.drop(items);
  }

  private skipKnown(): void {
    const { head, waiting } = this;
    if (head === undefined || head === null || waiting.length === 0) return;
    const firstItem = this.lastItem - waiting.length + 1;
    const known = Math.min(waiting.length, head.lastItem - firstItem + 1);
    if (known <= 0) return;
    const isEnd = firstItem + known - 1 === head.lastItem;
    if (isEnd && !this.isHeadAt(known - 1, head)) throw this.diverged(head);
    waiting.drop(known);
  }

  /** Of a mark only its place is known. */
  private isHeadAt(place: number, { item, lastSequence, epoch }: BusHead): boolean {
    return item === null || this.waiting.isAt(place, item as Item, lastSequence, epoch);
  }

  private diverged({ lastItem, lastSequence, epoch }: BusHead): OutboxDivergedError {
    return new OutboxDivergedError(
      `the bus ends ${this.subject} with item ${lastItem}, sequence ${lastSequence}, epoch ${epoch}, but the journal has ` +
        'something else there: it is not the journal that was published. Restore it, or begin with an empty bus and ledger',
    );
  }
}
