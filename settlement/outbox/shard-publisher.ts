import type { Bus } from '../bus/bus.js';
import { ACCOUNT_ITEMS, encodePack, MARKET_ITEMS, packItems } from '../packs/pack-codec.js';
import type { AccountItem, MarketEnd, MarketItem } from '../packs/pack-types.js';
import { accountEventsSubject, fillsSubject } from '../packs/subjects.js';
import { type BusHead, headOf } from './bus-head.js';
import type { ItemSink, MarketPrice } from './item-sink.js';
import { BusLostItemsError, OutboxDivergedError } from './outbox-errors.js';
import type { OutboxPosition } from './outbox-state.js';
import { Outgoing } from './outgoing.js';
import { PriceBoard } from './price-board.js';
import { SubjectQueue } from './subject-queue.js';

/** Items of a pack; of the largest kind they make 180 kB, a fifth of what the bus takes. */
const PACK_ITEMS_MAX = 2_048;
/** Items that are not enough for a pack wait no longer than this. */
const PACK_AFTER_MS = 20;
/** Items in memory, from which on the journal has to wait until the bus has stored some. */
const ITEMS_MAX = 32_768;
/** How often it is said up to where the journal is on the bus. */
const MARK_EVERY_MS = 500;
/** How often the bus is asked whether it still has what it has confirmed. */
const LOOK_EVERY_MS = 1_000;

export interface PublisherOptions {
  bus: Bus;
  shardId: number;
  /** The place in the journal behind which the events begin that it will be given. */
  begin: OutboxPosition;
  /** Last sequence of the journal that will not be taken back. */
  limit: number;
  packItemsMax?: number;
  itemsMax?: number;
}

type AnyQueue = SubjectQueue<MarketItem> | SubjectQueue<AccountItem>;

/** What a publisher has sent since it was opened. */
export interface PublisherCounts {
  packs: number;
  items: number;
  bytes: number;
}

/** Where the journal is on the bus, once everything up to `ordinal` is stored. */
interface Mark {
  position: OutboxPosition;
  ordinal: number;
  isSent: boolean;
}

/**
 * Publishes a shard's items in packs, those of a subject in the order of their numbers. It goes on exactly behind what the bus has, and
 * refuses to go on when that is not what the journal says.
 *
 * Use: it is the sink of an ItemFold; `endFrame` after each frame, `pump` often, and no more frames while it `isFull`.
 */
export class ShardPublisher implements ItemSink {
  readonly counts: PublisherCounts = { packs: 0, items: 0, bytes: 0 };
  private readonly options: PublisherOptions;
  private readonly outgoing: Outgoing;
  private readonly prices: PriceBoard;
  private readonly accounts: SubjectQueue<AccountItem>;
  private readonly markets = new Map<number, SubjectQueue<MarketItem>>();
  private readonly queues: AnyQueue[];
  /** Queues whose end on the bus the journal has not come to. */
  private behindBus: AnyQueue[] = [];
  private sequence: number;
  private timeMs: number;
  private lastEpoch: number;
  private nowMs = 0;
  private marked: OutboxPosition;
  private marking: Mark | null = null;
  private markedMs = Number.NEGATIVE_INFINITY;
  private lookedMs = Number.NEGATIVE_INFINITY;

  private constructor(options: PublisherOptions) {
    const { bus, shardId, begin } = options;
    this.options = options;
    this.outgoing = new Outgoing(bus);
    this.prices = new PriceBoard(bus, shardId);
    this.marked = begin;
    this.sequence = begin.sequence;
    this.timeMs = begin.timeMs;
    this.lastEpoch = begin.epoch;
    const subject = accountEventsSubject(shardId);
    this.accounts = new SubjectQueue(subject, 0, ACCOUNT_ITEMS, begin.accountItems);
    this.queues = [this.accounts];
    for (const [marketId, items] of begin.marketItems) this.openMarket(marketId, items);
  }

  /**
   * Throws BusLostItemsError when the bus has less than it had confirmed up to `begin`, OutboxDivergedError when it has more than the journal,
   * or something else, and what the bus throws.
   */
  static async open(options: PublisherOptions): Promise<ShardPublisher> {
    const publisher = new ShardPublisher(options);
    await publisher.askEnds();
    publisher.checkPassed();
    return publisher;
  }

  get isFull(): boolean {
    return this.itemsInMemory >= (this.options.itemsMax ?? ITEMS_MAX);
  }

  get itemsInMemory(): number {
    let items = this.outgoing.items;
    for (const queue of this.queues) items += queue.length;
    return items;
  }

  /** Up to here everything is on the bus, and the bus says so. */
  get published(): OutboxPosition {
    return this.marked;
  }

  get retries(): number {
    return this.outgoing.retries;
  }

  /** The last failure of the bus, also when it is over. */
  get lastError(): Error | null {
    return this.outgoing.lastError ?? this.prices.lastError;
  }

  marketItem(marketId: number, sequence: number, item: MarketItem): void {
    const queue = this.markets.get(marketId) ?? this.openMarket(marketId, 0);
    queue.add(item, sequence, this.lastEpoch, this.nowMs);
  }

  accountItem(item: AccountItem): void {
    this.accounts.add(item, item.sequence, this.lastEpoch, this.nowMs);
  }

  price(price: MarketPrice): void {
    this.prices.note(price);
  }

  epoch(epoch: number): void {
    this.lastEpoch = epoch;
  }

  /** A frame of the journal ends here. Throws OutboxDivergedError. */
  endFrame(sequence: number, timeMs: number): void {
    this.sequence = sequence;
    this.timeMs = timeMs;
    if (this.behindBus.length > 0) this.checkPassed();
  }

  /**
   * Sends what is due, and takes care of a bus that has failed. `isAtEnd`: the journal has nothing more for now. Does not wait until things
   * are stored. Throws what cannot be helped by trying again.
   */
  async pump(nowMs: number, isAtEnd: boolean): Promise<void> {
    this.nowMs = nowMs;
    await this.outgoing.recover(nowMs);
    if (this.outgoing.isHeldUp) return;
    try {
      await this.askEnds();
      await this.lookAgain(nowMs);
    } catch (error) {
      this.outgoing.fail(error as Error);
      return;
    }
    // The journal may be past the end of a market that was asked for just now.
    if (this.behindBus.length > 0) this.checkPassed();
    if (this.isMarkDue(nowMs, isAtEnd)) this.cutAll();
    this.tryMark(nowMs);
    for (const queue of this.queues) {
      // A mark names the last item before it, so no other may come between.
      const isHeld = queue === this.accounts && this.marking?.isSent === false;
      if (!isHeld) this.publishFrom(queue, nowMs - queue.sinceMs >= PACK_AFTER_MS);
    }
    this.prices.publish(nowMs);
  }

  private openMarket(marketId: number, items: number): SubjectQueue<MarketItem> {
    const queue = new SubjectQueue(fillsSubject(marketId), marketId, MARKET_ITEMS, items);
    this.markets.set(marketId, queue);
    this.queues.push(queue);
    return queue;
  }

  /** Asks where the bus ends the subjects that are new here. */
  private async askEnds(): Promise<void> {
    for (const queue of this.queues) {
      if (!queue.isUnknown) continue;
      const head = await headOf(this.options.bus, queue.subject);
      this.checkHead(queue, head);
      queue.meet(head);
      this.outgoing.noteStored(queue.subject, head?.lastItem ?? 0);
      if (queue.isBehindBus) this.behindBus.push(queue);
    }
  }

  private async lookAgain(nowMs: number): Promise<void> {
    if (nowMs - this.lookedMs < LOOK_EVERY_MS) return;
    this.lookedMs = nowMs;
    await this.outgoing.look();
  }

  private checkHead({ subject, marketId }: AnyQueue, head: BusHead | null): void {
    const { shardId, begin, limit } = this.options;
    const isAccounts = marketId === 0;
    const confirmed = isAccounts ? begin.accountItems : (begin.marketItems.get(marketId) ?? 0);
    const has = head?.lastItem ?? 0;
    if (has < confirmed || (isAccounts && (head?.lastSequence ?? 0) < begin.sequence)) {
      throw new BusLostItemsError(
        `the bus ends ${subject} with item ${has}, but it had confirmed item ${confirmed} and sequence ${begin.sequence}`,
      );
    }
    if (head !== null && head.shardId !== shardId) {
      throw new OutboxDivergedError(
        `${subject} on the bus is of shard ${head.shardId}, not of shard ${shardId}`,
      );
    }
    if (head !== null && head.lastSequence > limit) {
      throw new OutboxDivergedError(
        `the bus ends ${subject} with sequence ${head.lastSequence}, but the journal of shard ${shardId} ends with ${limit}: ` +
          'it has lost what was published. Restore it, or begin with an empty bus and ledger',
      );
    }
  }

  private checkPassed(): void {
    for (const queue of this.behindBus) queue.checkPassed(this.sequence, this.lastEpoch);
    this.behindBus = this.behindBus.filter(({ isBehindBus }) => isBehindBus);
  }

  private publishFrom(queue: AnyQueue, isDue: boolean): void {
    const most = this.options.packItemsMax ?? PACK_ITEMS_MAX;
    while (queue.length >= most || (isDue && queue.length > 0)) {
      const first = queue.first(most);
      if (first === null) return;
      const { body, ...numbers } = first;
      const { items, firstItem, lastItem, lastSequence } = numbers;
      const { subject, marketId, packKind: kind } = queue;
      const { shardId } = this.options;
      const data = packItems({ kind, marketId, shardId, ...numbers }, body);
      queue.drop(items);
      this.counts.packs++;
      this.counts.items += items;
      this.counts.bytes += data.length;
      const messageId = `${subject}:${firstItem}-${lastItem}`;
      const numbered = { items, lastItem, lastSequence };
      this.outgoing.send({ subject, data, messageId, ...numbered, onStored: () => {} });
    }
  }

  /** While the journal grows, twice a second; when it has come to its end, at once. */
  private isMarkDue(nowMs: number, isAtEnd: boolean): boolean {
    const hasGrown = this.sequence > this.marked.sequence;
    if (this.marking !== null || !hasGrown || this.behindBus.length > 0) return false;
    return nowMs - this.markedMs >= (isAtEnd ? PACK_AFTER_MS : MARK_EVERY_MS);
  }

  private cutAll(): void {
    const { sequence, lastEpoch: epoch, timeMs } = this;
    for (const queue of this.queues) this.publishFrom(queue, true);
    const marketItems = new Map([...this.markets].map(([id, { lastItem }]) => [id, lastItem]));
    const accountItems = this.accounts.lastItem;
    const position = { sequence, epoch, timeMs, accountItems, marketItems };
    this.marking = { position, ordinal: this.outgoing.lastOrdinal, isSent: false };
  }

  /** The mark goes out when everything that it speaks of is stored. */
  private tryMark(nowMs: number): void {
    const { marking, outgoing } = this;
    if (marking === null || marking.isSent || !outgoing.isStored(marking.ordinal)) return;
    const { position } = marking;
    const { sequence, epoch, timeMs, accountItems } = position;
    const { subject } = this.accounts;
    const data = encodePack({
      kind: 'account',
      shardId: this.options.shardId,
      epoch,
      firstItem: accountItems + 1,
      lastItem: accountItems,
      firstSequence: sequence,
      lastSequence: sequence,
      timeMs,
      items: [],
      marketEnds: endsOf(position),
    });
    marking.isSent = true;
    this.markedMs = nowMs;
    outgoing.send({
      subject,
      data,
      messageId: `${subject}:mark-${sequence}`,
      items: 0,
      lastItem: accountItems,
      lastSequence: sequence,
      onStored: () => {
        this.marking = null;
        this.marked = position;
      },
    });
  }
}

/** By id: equal marks are equal bytes. */
function endsOf({ marketItems }: OutboxPosition): MarketEnd[] {
  const ends = [...marketItems].map(([marketId, lastItem]) => ({ marketId, lastItem }));
  return ends
    .filter(({ lastItem }) => lastItem > 0)
    .sort((one, other) => one.marketId - other.marketId);
}
