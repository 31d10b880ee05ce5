import type { ItemWriter } from '../packs/pack-codec.js';

/** Items that make the body of a pack, all of one epoch. */
export interface FirstItems {
  body: Uint8Array;
  items: number;
  epoch: number;
  firstSequence: number;
  lastSequence: number;
  /** Of the last item. */
  timeMs: number;
}

const FIRST_BYTES = 65_536;

/**
 * Items that wait to be published, as the bytes that they have in a pack. *Reason:* all fills are told in one object, which is written over
 * (item-fold.ts); and to be written while it is in the processor's caches is cheaper than to be copied.
 */
export class WaitingItems<Item extends { timeMs: number }> {
  private readonly writer: ItemWriter<Item>;
  private view = new DataView(new ArrayBuffer(FIRST_BYTES));
  /** All bytes behind it are zero. */
  private end = 0;
  private readonly sizes: number[] = [];
  private readonly sequences: number[] = [];
  private readonly epochs: number[] = [];
  private readonly times: number[] = [];

  constructor(writer: ItemWriter<Item>) {
    this.writer = writer;
  }

  get length(): number {
    return this.sizes.length;
  }

  /** Throws PackError `out_of_range`; then nothing more may be added. */
  add(item: Item, sequence: number, epoch: number): void {
    const size = this.writer.bytesOf(item);
    if (this.end + size > this.view.byteLength) this.widen();
    this.writer.put(this.view, this.end, item);
    this.end += size;
    this.sizes.push(size);
    this.sequences.push(sequence);
    this.epochs.push(epoch);
    this.times.push(item.timeMs);
  }

  /** The first items, at most so many, up to where the epoch changes. There has to be one. The body holds until something is added or dropped. */
  first(itemsMax: number): FirstItems {
    const epoch = this.epochs[0] as number;
    const most = Math.min(itemsMax, this.length);
    let items = 1;
    while (items < most && this.epochs[items] === epoch) items++;
    return {
      body: this.bytes.subarray(0, this.startOf(items)),
      items,
      epoch,
      firstSequence: this.sequences[0] as number,
      lastSequence: this.sequences[items - 1] as number,
      timeMs: this.times[items - 1] as number,
    };
  }

  /** Forgets the first items. */
  drop(items: number): void {
    const from = this.startOf(items);
    const { bytes, end } = this;
    bytes.copyWithin(0, from, end);
    bytes.fill(0, end - from, end);
    this.end = end - from;
    for (const list of [this.sizes, this.sequences, this.epochs, this.times]) list.splice(0, items);
  }

  /** Whether this is the item at a place, by every field. */
  isAt(place: number, item: Item, sequence: number, epoch: number): boolean {
    if (this.sequences[place] !== sequence || this.epochs[place] !== epoch) return false;
    const size = this.writer.bytesOf(item);
    const bytes = new Uint8Array(size);
    this.writer.put(new DataView(bytes.buffer), 0, item);
    const start = this.startOf(place);
    return (
      this.sizes[place] === size &&
      Buffer.compare(bytes, this.bytes.subarray(start, start + size)) === 0
    );
  }

  private get bytes(): Uint8Array {
    return new Uint8Array(this.view.buffer);
  }

  private startOf(place: number): number {
    let start = 0;
    for (let i = 0; i < place; i++) start += this.sizes[i] as number;
    return start;
  }

  private widen(): void {
    const wider = new Uint8Array(this.view.byteLength * 2);
    wider.set(this.bytes);
    this.view = new DataView(wider.buffer);
  }
}
