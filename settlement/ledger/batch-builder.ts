import type { AccountPack, MarketPack } from '../packs/pack-types.js';
import type { BatchSection } from '../program/batch.js';
import { encodeBatch } from '../program/batch-codec.js';
import { type Balances, OutsideChanges } from './balances.js';
import type { Batches, LedgerBatch } from './batches.js';
import type { Catalogue } from './catalogue.js';
import type { Coverage } from './coverage.js';
import type { LedgerDatabase } from './database.js';
import { LedgerStateError } from './errors.js';
import { NettingWindow, type WindowAnswer, type WindowLimits } from './netting-window.js';
import type { PackStore, StoredPack } from './pack-store.js';
import { type StreamKind, type Streams, streamName } from './streams.js';

export interface BuilderParts {
  readonly database: LedgerDatabase;
  readonly streams: Streams;
  readonly packs: PackStore;
  readonly catalogue: Catalogue;
  readonly coverage: Coverage;
  readonly balances: Balances;
  readonly batches: Batches;
}

export interface BuildResult {
  /** null: nothing has changed that the chain must know. */
  readonly batch: LedgerBatch | null;
  /** Fills, transfers and payments that were netted, and other items that were passed by. */
  readonly itemsTaken: number;
  /** Something is left that did not fit: build again. */
  readonly isFull: boolean;
  /** Markets without a slot on chain; what is theirs waits. */
  readonly unplacedMarkets: readonly number[];
}

/** A batch has at most so many entries in a section. */
const ENTRIES_MAX = 0xffff;

interface OpenStream {
  readonly kind: StreamKind;
  readonly streamId: number;
  nettedItem: number;
  /** The pack that has the next item; null: all is netted. */
  next: StoredPack | null;
}

/**
 * Makes the next batch of what was taken in and is in no batch yet, and moves cursors, balances and coverage with it in one transaction:
 * each item is in exactly one batch, whatever happens to the process.
 */
export class BatchBuilder {
  private readonly parts: BuilderParts;

  constructor(parts: BuilderParts) {
    this.parts = parts;
  }

  build(limits: WindowLimits): BuildResult {
    checkLimits(limits);
    return this.parts.database.write(() => new Building(this.parts, limits).run());
  }
}

class Building {
  private readonly parts: BuilderParts;
  private readonly window: NettingWindow;
  private readonly outside = new OutsideChanges();
  private readonly unplaced = new Set<number>();
  private readonly open: OpenStream[];
  private readonly moved = new Set<OpenStream>();
  private taken = 0;
  private oldestItemMs = Number.MAX_SAFE_INTEGER;
  private newestItemMs = 0;

  constructor(parts: BuilderParts, limits: WindowLimits) {
    this.parts = parts;
    this.window = new NettingWindow(limits, parts.catalogue.markets());
    this.open = parts.streams
      .list()
      .filter(({ ingestedItem, nettedItem }) => ingestedItem > nettedItem)
      .map(({ kind, streamId, nettedItem }) => {
        return { kind, streamId, nettedItem, next: parts.packs.next(kind, streamId, nettedItem) };
      });
  }

  run(): BuildResult {
    const isFull = this.takeAll();
    const unplacedMarkets = [...this.unplaced].sort((a, b) => a - b);
    const batch = this.write();
    return { batch, itemsTaken: this.taken, isFull, unplacedMarkets };
  }

  /** Goes through the packs in the order in which they came. True: the window is full. */
  private takeAll(): boolean {
    for (;;) {
      const stream = this.oldest();
      if (stream === null) return false;
      const answer = this.takePack(stream);
      if (answer === 'full') return true;
      // A stream whose next item cannot be placed waits; the others go on.
      if (answer === 'unplaced') stream.next = null;
    }
  }

  private oldest(): OpenStream | null {
    let oldest: OpenStream | null = null;
    for (const stream of this.open) {
      if (stream.next === null) continue;
      if (oldest?.next == null || stream.next.id < oldest.next.id) oldest = stream;
    }
    return oldest;
  }

  private takePack(stream: OpenStream): WindowAnswer {
    const { pack, lastItem } = stream.next as StoredPack;
    const answer =
      pack.kind === 'market'
        ? this.takeMarketItems(stream, pack, lastItem)
        : this.takeAccountItems(stream, pack, lastItem);
    if (answer === 'added') {
      stream.next = this.parts.packs.next(stream.kind, stream.streamId, stream.nettedItem);
    }
    return answer;
  }

  private takeMarketItems(stream: OpenStream, pack: MarketPack, lastItem: number): WindowAnswer {
    for (let number = stream.nettedItem + 1; number <= lastItem; number++) {
      const item = pack.items[number - pack.firstItem];
      if (item === undefined) throw missing(stream, number);
      const answer = this.window.addItem(pack.marketId, item);
      if (answer !== 'added') return this.refused(stream, pack.marketId, answer);
      this.passed(stream, number, item.timeMs);
    }
    return 'added';
  }

  private takeAccountItems(stream: OpenStream, pack: AccountPack, lastItem: number): WindowAnswer {
    for (let number = stream.nettedItem + 1; number <= lastItem; number++) {
      const item = pack.items[number - pack.firstItem];
      if (item === undefined) throw missing(stream, number);
      if (item.kind === 'funding' || item.kind === 'insurance') {
        const { marketId, accountId, paymentMicroUsd } = item;
        const answer = this.window.addPayment(marketId, accountId, paymentMicroUsd);
        if (answer !== 'added') return this.refused(stream, marketId, answer);
      } else if (item.kind === 'balance') {
        this.outside.addBalance(item.accountId, item.changeMicroUsd);
      } else if (item.kind === 'insuranceFunded') {
        this.outside.addInsurance(item.marketId, item.changeMicroUsd);
      }
      this.passed(stream, number, item.timeMs);
    }
    return 'added';
  }

  private refused(stream: OpenStream, marketId: number, answer: WindowAnswer): WindowAnswer {
    if (answer === 'unplaced') this.unplaced.add(marketId);
    else if (this.window.isEmpty()) {
      const name = streamName(stream.kind, stream.streamId);
      throw new LedgerStateError(
        `item ${stream.nettedItem + 1} of ${name} has numbers that are too large to be added up`,
      );
    }
    return answer;
  }

  private passed(stream: OpenStream, item: number, timeMs: number): void {
    stream.nettedItem = item;
    this.moved.add(stream);
    this.taken++;
    if (timeMs < this.oldestItemMs) this.oldestItemMs = timeMs;
    if (timeMs > this.newestItemMs) this.newestItemMs = timeMs;
  }

  private write(): LedgerBatch | null {
    const { streams, coverage, balances, batches } = this.parts;
    const sections = this.window.sections();
    const batch = sections.length === 0 ? null : this.addBatch(sections);
    balances.addOutside(this.outside);
    const covering = batch?.sequence ?? batches.newest()?.sequence ?? 0;
    for (const { kind, streamId, nettedItem } of this.moved) {
      streams.netted(kind, streamId, nettedItem);
      batches.addCut(covering, { kind, streamId, item: nettedItem });
    }
    coverage.record(covering);
    return batch;
  }

  private addBatch(sections: readonly BatchSection[]): LedgerBatch {
    const { balances, batches, catalogue } = this.parts;
    const { items, payments } = this.window;
    const { oldestItemMs, newestItemMs } = this;
    const bytes = encodeBatch(sections);
    const batch = batches.add({ bytes, items, payments, oldestItemMs, newestItemMs }, sections);
    const marketIds = new Map(catalogue.markets().map(({ slot, marketId }) => [slot, marketId]));
    balances.addSections(sections, (slot) => marketIds.get(slot) as number);
    return batch;
  }
}

function checkLimits({ itemsMax, entriesMax, notionalMicroUsdMax }: WindowLimits): void {
  if (!(Number.isInteger(itemsMax) && itemsMax >= 1)) {
    throw new LedgerStateError(`itemsMax is ${itemsMax}, and must be from 1`);
  }
  if (!(Number.isInteger(entriesMax) && entriesMax >= 2 && entriesMax <= ENTRIES_MAX)) {
    throw new LedgerStateError(`entriesMax is ${entriesMax}, and must be from 2 to ${ENTRIES_MAX}`);
  }
  if (!(notionalMicroUsdMax > 0)) {
    throw new LedgerStateError(
      `notionalMicroUsdMax is ${notionalMicroUsdMax}, and must be positive`,
    );
  }
}

function missing(stream: OpenStream, item: number): LedgerStateError {
  const name = streamName(stream.kind, stream.streamId);
  return new LedgerStateError(`item ${item} of ${name} is not in the pack that should have it`);
}
