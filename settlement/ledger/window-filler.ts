import type { AccountItem, AccountPack, MarketPack } from '../packs/pack-types.js';
import { OutsideChanges } from './balances.js';
import type { Catalogue } from './catalogue.js';
import type { Coverage } from './coverage.js';
import { LedgerStateError } from './errors.js';
import {
  ENTRIES_MAX,
  NettingWindow,
  type WindowAnswer,
  type WindowLimits,
} from './netting-window.js';
import type { PackStore, StoredPack } from './pack-store.js';
import { PaymentGate } from './payment-gate.js';
import type { Purses } from './purses.js';
import { type StreamKind, type Streams, streamName } from './streams.js';

export interface FillerParts {
  readonly streams: Streams;
  readonly packs: PackStore;
  readonly catalogue: Catalogue;
  readonly coverage: Coverage;
}

export interface OpenStream {
  readonly kind: StreamKind;
  readonly streamId: number;
  nettedItem: number;
  /** The pack that has the next item; null: nothing can be taken now. */
  next: StoredPack | null;
  /** Market whose insurance fund has to get something first; null: none. */
  shortOf: number | null;
}

/** Rounds of funding are a minute apart at least; the shards of one do not pay in the same millisecond. */
const ROUND_MS = 30_000;

/** `short`: an insurance fund would be below zero. `early`: trades before it may be missing. */
type Answer = WindowAnswer | 'short' | 'early';
type Payment = Extract<AccountItem, { kind: 'funding' | 'insurance' }>;

/**
 * Fills one window with what waits, in the order in which it happened over all streams, until it is full or nothing can be taken. Reads
 * only. The window may end behind any item, and is one that the chain takes: so a fund's payments are not sent before the trades that
 * they are for, by whose open interest the chain judges them.
 */
export class WindowFiller {
  readonly window: NettingWindow;
  readonly outside = new OutsideChanges();
  readonly moved = new Set<OpenStream>();
  readonly unplacedMarkets = new Set<number>();
  /** Items that were passed, those included that change nothing. */
  taken = 0;
  oldestItemMs = Number.MAX_SAFE_INTEGER;
  newestItemMs = 0;
  private readonly packs: PackStore;
  private readonly purses: Purses;
  private readonly ingestedUntilMs: number;
  private readonly open: OpenStream[];
  /** Some market has to wait for the next window. */
  private isCrowded = false;
  /** Null: payments do not wait. */
  private readonly gate: PaymentGate | null;
  /** By market: when the payment was made that waits for trades of before; what was traded later waits for it. */
  private readonly heldMs = new Map<number, number>();
  /** By market: when the funding was paid that is in the window. */
  private readonly roundsMs = new Map<number, number>();
  /** Up to this item what comes of the stream must be in one batch, and nothing else in between. */
  private together: { readonly stream: OpenStream; readonly until: number } | null = null;

  constructor(
    { streams, packs, catalogue, coverage }: FillerParts,
    limits: WindowLimits,
    purses: Purses,
  ) {
    this.packs = packs;
    this.purses = purses;
    this.ingestedUntilMs = limits.ingestedUntilMs ?? Number.MAX_VALUE;
    this.window = new NettingWindow(limits, catalogue.markets());
    const cursors = streams.list();
    this.gate = limits.paymentsWait ? new PaymentGate(coverage, cursors) : null;
    this.open = cursors
      .filter(({ ingestedItem, nettedItem }) => ingestedItem > nettedItem)
      .map(({ kind, streamId, nettedItem }) => {
        const next = packs.next(kind, streamId, nettedItem);
        return { kind, streamId, nettedItem, next, shortOf: null };
      });
  }

  /** True: the window is full, and more waits. Between streams time decides, within one the number. */
  fill(): boolean {
    for (;;) {
      const stream = this.oldest();
      if (stream === null || this.isTooNew(stream)) return this.isCrowded;
      const answer = this.takePack(stream);
      if (answer === 'full') return true;
      // A stream whose next item cannot be placed, or is early, waits; the others go on.
      if (answer === 'crowded') this.isCrowded = true;
      if (answer === 'unplaced' || answer === 'early' || answer === 'crowded') stream.next = null;
    }
  }

  /** Nobody goes past it either: what is older may still be on its way in another stream. */
  private isTooNew({ next }: OpenStream): boolean {
    return this.together === null && next !== null && next.ingestedAtMs > this.ingestedUntilMs;
  }

  /** Markets whose insurance funds have too little for what comes next. */
  shortMarkets(): number[] {
    const markets = this.open.map(({ shortOf }) => shortOf).filter((market) => market !== null);
    return [...new Set(markets)];
  }

  /** The stream whose next item is the oldest one; of several from one millisecond a market's: what is paid for was traded before. */
  private oldest(): OpenStream | null {
    if (this.together !== null) return this.together.stream;
    let oldest: OpenStream | null = null;
    for (const stream of this.open) {
      if (isWaiting(stream) || this.isHeld(stream)) continue;
      if (oldest === null || isBefore(stream, oldest)) oldest = stream;
    }
    return oldest;
  }

  /** Items of the stream may be taken up to this time, because no other stream has an older one. */
  private boundOf(stream: OpenStream): number {
    if (this.together !== null) return Number.MAX_VALUE;
    let boundMs = stream.kind === 'market' ? this.heldMsOf(stream) : Number.MAX_VALUE;
    for (const other of this.open) {
      if (other === stream || isWaiting(other)) continue;
      const isAfterEqual = stream.kind === 'account' && other.kind === 'market';
      boundMs = Math.min(boundMs, nextTimeMs(other) - (isAfterEqual ? 1 : 0));
    }
    return boundMs;
  }

  private isHeld(stream: OpenStream): boolean {
    return stream.kind === 'market' && nextTimeMs(stream) > this.heldMsOf(stream);
  }

  private heldMsOf({ streamId }: OpenStream): number {
    return this.heldMs.get(streamId) ?? Number.MAX_VALUE;
  }

  private takePack(stream: OpenStream): Answer {
    const { pack, lastItem } = stream.next as StoredPack;
    const boundMs = this.boundOf(stream);
    const answer =
      pack.kind === 'market'
        ? this.takeMarketItems(stream, pack, lastItem, boundMs)
        : this.takeAccountItems(stream, pack, lastItem, boundMs);
    if (answer === 'added' && stream.nettedItem === lastItem) {
      stream.next = this.packs.next(stream.kind, stream.streamId, lastItem);
    }
    return answer;
  }

  private takeMarketItems(
    stream: OpenStream,
    pack: MarketPack,
    lastItem: number,
    boundMs: number,
  ): Answer {
    let isFirst = true;
    for (let number = stream.nettedItem + 1; number <= lastItem; number++) {
      const item = pack.items[number - pack.firstItem];
      if (item === undefined) throw missing(stream, number);
      if (!isFirst && item.timeMs > boundMs) return 'added';
      isFirst = false;
      const answer = this.window.addItem(pack.marketId, item);
      if (answer !== 'added') return this.refused(stream, pack.marketId, answer);
      this.passed(stream, number, item.timeMs);
    }
    return 'added';
  }

  private takeAccountItems(
    stream: OpenStream,
    pack: AccountPack,
    lastItem: number,
    boundMs: number,
  ): Answer {
    let isFirst = true;
    for (let number = stream.nettedItem + 1; number <= lastItem; number++) {
      const item = pack.items[number - pack.firstItem];
      if (item === undefined) throw missing(stream, number);
      if (!isFirst && this.together === null && item.timeMs > boundMs) return 'added';
      isFirst = false;
      if (item.kind === 'funding' || item.kind === 'insurance') {
        const answer = this.takePayment(stream, number, item);
        if (answer !== 'added') return answer;
      } else if (item.kind === 'balance') {
        this.outside.addBalance(item.accountId, item.changeMicroUsd);
      } else if (item.kind === 'transfer') {
        this.outside.addBalance(item.accountId, -item.amountMicroUsd);
        this.outside.addBalance(item.toAccountId, item.amountMicroUsd);
      } else if (item.kind === 'insuranceFunded') {
        this.outside.addInsurance(item.marketId, item.changeMicroUsd);
      }
      this.passed(stream, number, item.timeMs);
    }
    return 'added';
  }

  private takePayment(stream: OpenStream, number: number, payment: Payment): Answer {
    const { marketId, accountId, paymentMicroUsd } = payment;
    if (!this.window.hasPlaceFor(marketId)) return this.refused(stream, marketId, 'unplaced');
    if (this.together === null && this.isEarly(stream, number, payment)) return 'early';
    if (this.together === null && this.isNextRound(payment)) return 'full';
    if (this.together === null && !this.purses.allows(marketId, paymentMicroUsd)) {
      const end = this.endOfDebt(stream, number);
      if (end === 'early') return 'early';
      if (end === null) {
        stream.shortOf = marketId;
        return 'short';
      }
      if (!this.window.hasRoomForAll(end - number + 1)) return 'full';
      this.together = { stream, until: end };
    }
    const isForced = this.together !== null;
    const answer = this.window.addPayment(marketId, accountId, paymentMicroUsd, isForced);
    if (answer !== 'added') return this.refused(stream, marketId, answer);
    this.purses.add(marketId, paymentMicroUsd);
    this.noteRound(payment);
    if (number === this.together?.until) this.together = null;
    if (paymentMicroUsd > 0) {
      for (const waiting of this.open) if (waiting.shortOf === marketId) waiting.shortOf = null;
    }
    return 'added';
  }

  /** The chain bounds what is paid in one batch, so after a time without it one batch must not have the funding of many rounds. */
  private isNextRound({ kind, marketId, timeMs }: Payment): boolean {
    const firstMs = this.roundsMs.get(marketId);
    return kind === 'funding' && firstMs !== undefined && timeMs - firstMs > ROUND_MS;
  }

  private noteRound({ kind, marketId, timeMs }: Payment): void {
    if (kind === 'funding' && !this.roundsMs.has(marketId)) this.roundsMs.set(marketId, timeMs);
  }

  private isEarly(stream: OpenStream, number: number, { marketId, timeMs }: Payment): boolean {
    if (this.gate?.allows({ shardId: stream.streamId, item: number, marketId, timeMs }) ?? true)
      return false;
    this.heldMs.set(marketId, Math.min(timeMs, this.heldMs.get(marketId) ?? timeMs));
    return true;
  }

  /**
   * The item of the stream behind which no fund is below zero any more, when everything from this one on is taken at once; null: it has
   * not come, or is too far. Early: trades before one of them may be missing. A funding round pays out before everybody has paid in, and may be longer than a window.
   */
  private endOfDebt(stream: OpenStream, number: number): number | 'early' | null {
    const purses = this.purses.copy();
    let stored = stream.next;
    for (let item = number; stored !== null && item - number < ENTRIES_MAX; ) {
      const { pack, lastItem } = stored;
      for (; item <= lastItem; item++) {
        const each = pack.items[item - pack.firstItem];
        if (each?.kind !== 'funding' && each?.kind !== 'insurance') continue;
        if (!this.window.hasPlaceFor(each.marketId)) return null;
        if (this.isEarly(stream, item, each)) return 'early';
        purses.add(each.marketId, each.paymentMicroUsd);
        if (!purses.hasDebt()) return item;
      }
      stored = this.packs.next(stream.kind, stream.streamId, lastItem);
    }
    return null;
  }

  private refused(stream: OpenStream, marketId: number, answer: WindowAnswer): WindowAnswer {
    if (answer === 'unplaced') this.unplacedMarkets.add(marketId);
    if (this.together === null && (answer !== 'full' || !this.window.isEmpty())) return answer;
    const name = streamName(stream.kind, stream.streamId);
    throw new LedgerStateError(
      `item ${stream.nettedItem + 1} of ${name} has numbers that are too large to be added up`,
    );
  }

  private passed(stream: OpenStream, item: number, timeMs: number): void {
    stream.nettedItem = item;
    this.moved.add(stream);
    this.taken++;
    if (timeMs < this.oldestItemMs) this.oldestItemMs = timeMs;
    if (timeMs > this.newestItemMs) this.newestItemMs = timeMs;
  }
}

function isWaiting({ next, shortOf }: OpenStream): boolean {
  return next === null || shortOf !== null;
}

function isBefore(stream: OpenStream, other: OpenStream): boolean {
  const [mine, others] = [nextTimeMs(stream), nextTimeMs(other)];
  if (mine !== others) return mine < others;
  return stream.kind === 'market' && other.kind === 'account';
}

/** Of the next item, where there is one. */
function nextTimeMs({ next, nettedItem }: OpenStream): number {
  if (next === null) return Number.MAX_VALUE;
  return next.pack.items[nettedItem + 1 - next.pack.firstItem]?.timeMs ?? 0;
}

function missing(stream: OpenStream, item: number): LedgerStateError {
  const name = streamName(stream.kind, stream.streamId);
  return new LedgerStateError(`item ${item} of ${name} is not in the pack that should have it`);
}
