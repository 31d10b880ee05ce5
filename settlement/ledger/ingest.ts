import { decodePack } from '../packs/pack-codec.js';
import { PackError } from '../packs/pack-error.js';
import type {
  AccountPack,
  ItemOrigin,
  MarketItem,
  MarketListed,
  Pack,
  PricePack,
} from '../packs/pack-types.js';
import { fillsSubject, subjectOf } from '../packs/subjects.js';
import type { Alarms } from './alarms.js';
import type { Cash } from './cash.js';
import type { Catalogue } from './catalogue.js';
import type { Coverage } from './coverage.js';
import type { LedgerDatabase } from './database.js';
import type { DeadLetter, DeadLetterStore, LetterMessage } from './dead-letter-store.js';
import { ConflictError, GapError, RefusedPackError } from './errors.js';
import { checkDoubleEntry, checkOrder, tradesOf } from './pack-check.js';
import type { ItemPack, PackStore } from './pack-store.js';
import type { Prices } from './prices.js';
import { checkRepeatedItems } from './same-items.js';
import type { StreamCursor, Streams } from './streams.js';
import type { Transfers } from './transfers.js';

/** A message of the bus: what `BusMessage` has, without its answers. */
export type LedgerMessage = LetterMessage;

/**
 * `stored`: all of its items are new. `cut`: some are. `skipped`: none is, and they are the same as before. `noted`: a watermark or a
 * price. `deadLetter`: it was not understood, and is kept. `parked`: it is kept behind one that was not understood.
 * `gap`: items before it are missing. `waiting`: its market has not been listed yet.
 */
export type IngestOutcome =
  | 'stored'
  | 'cut'
  | 'skipped'
  | 'noted'
  | 'deadLetter'
  | 'parked'
  | 'gap'
  | 'waiting';

export interface IngestResult {
  readonly outcome: IngestOutcome;
  /** True: it is on disk, or not needed; acknowledge it. False: nothing of it is kept; let it come again (`nak`). */
  readonly isDone: boolean;
  /** What is wrong with it; null: nothing. */
  readonly error: GapError | ConflictError | RefusedPackError | PackError | null;
}

export interface IngestParts {
  readonly database: LedgerDatabase;
  readonly streams: Streams;
  readonly packs: PackStore;
  readonly catalogue: Catalogue;
  readonly cash: Cash;
  readonly transfers: Transfers;
  readonly coverage: Coverage;
  readonly prices: Prices;
  readonly letters: DeadLetterStore;
  readonly alarms: Alarms;
  readonly now: () => number;
  /** How long a gap or an unknown market may only be a matter of order between streams. */
  readonly patienceMs: number;
}

/** Takes messages of the bus in: each item once, in order, and nothing that is not understood is lost. */
export class Ingest {
  private readonly parts: IngestParts;
  /** Since when a subject waits for what must come before. Only patience hangs on it, so it need not survive. */
  private readonly waitingSinceMs = new Map<string, number>();
  /** Markets that the message under way has listed. */
  private readonly listed = new Set<number>();
  /** A pack is looked at once, and kept as its bytes. */
  private readonly pool: MarketItem[] = [];

  constructor(parts: IngestParts) {
    this.parts = parts;
  }

  /**
   * Takes a group of messages in, in one transaction: when it returns, everything that `isDone` is synced. One result a message. When
   * it throws, nothing of the whole group is kept.
   */
  takeGroup(messages: readonly LedgerMessage[]): IngestResult[] {
    const waitingBefore = new Map(this.waitingSinceMs);
    try {
      return this.parts.database.write(() => {
        return messages.map((message) => this.take(message));
      });
    } catch (error) {
      this.waitingSinceMs.clear();
      for (const [subject, sinceMs] of waitingBefore) this.waitingSinceMs.set(subject, sinceMs);
      throw error;
    }
  }

  /**
   * Tries what waits of a subject again, from the first one on, until one is not taken. The first one is tried although it is open.
   * Returns how many were taken in.
   */
  drain(subject: string): number {
    const { database, letters } = this.parts;
    let taken = 0;
    for (let done = false; !done; ) {
      database.write(() => {
        const letter = letters.first(subject);
        if (letter === null || !this.retake(letter)) done = true;
        else taken++;
        this.goOnWithListed();
        if (letters.first(subject) === null) this.parts.alarms.clear(letterAlarm(subject));
      });
    }
    return taken;
  }

  /** After a start: goes on with what waits behind letters that were discarded when the process ended. */
  resume(): void {
    for (const subject of this.parts.letters.subjectsToResume()) this.drain(subject);
  }

  private take(message: LedgerMessage): IngestResult {
    const { letters } = this.parts;
    const first = letters.first(message.subject);
    if (first?.state === 'open') return this.park(message, first);
    const result = this.tryToTake(message);
    if (result.outcome === 'stored' || result.outcome === 'cut') this.goesOn(message.subject);
    if (first !== null && result.outcome !== 'gap' && result.error === null) {
      this.drain(message.subject);
    }
    this.goOnWithListed();
    return result;
  }

  /** Fills can overtake, by more than patience lasts, the message that lists their market: they wait as dead letters, and this is the end of it. */
  private goOnWithListed(): void {
    const marketIds = [...this.listed];
    this.listed.clear();
    for (const marketId of marketIds) {
      const subject = fillsSubject(marketId);
      if (this.parts.letters.first(subject)?.reason === 'unknownMarket') this.drain(subject);
    }
  }

  private goesOn(subject: string): void {
    this.waitingSinceMs.delete(subject);
    this.parts.alarms.clear(gapAlarm(subject));
  }

  private park(message: LedgerMessage, first: DeadLetter): IngestResult {
    const { letters, now } = this.parts;
    if (!letters.has(message)) {
      const sentence = `came behind dead letter ${first.id}`;
      letters.add(message, 'parked', 'behind', sentence, now());
    }
    return { outcome: 'parked', isDone: true, error: null };
  }

  private tryToTake(message: LedgerMessage): IngestResult {
    try {
      // Within the group's transaction this is a savepoint: a pack that turns out bad half way leaves nothing behind.
      const outcome = this.parts.database.sql.transaction(() => this.accept(message))();
      return { outcome, isDone: true, error: null };
    } catch (error) {
      this.listed.clear();
      return this.failed(message, error);
    }
  }

  private failed(message: LedgerMessage, error: unknown): IngestResult {
    if (error instanceof GapError) {
      if (this.isOutOfPatience(message.subject)) {
        this.parts.alarms.raise(gapAlarm(message.subject), 'critical', error.message);
      }
      return { outcome: 'gap', isDone: false, error };
    }
    if (!isAboutContent(error)) throw error;
    const isUnknownMarket = error instanceof RefusedPackError && error.reason === 'unknownMarket';
    if (isUnknownMarket && !this.isOutOfPatience(message.subject)) {
      return { outcome: 'waiting', isDone: false, error };
    }
    const id = this.parts.letters.add(
      message,
      'open',
      reasonOf(error),
      error.message,
      this.parts.now(),
    );
    this.alarm(message.subject, id, error);
    return { outcome: 'deadLetter', isDone: true, error };
  }

  private retake(letter: DeadLetter): boolean {
    const { letters, database } = this.parts;
    const { id, subject, streamSequence } = letter;
    try {
      const message = { subject, data: letters.bytes(id), sequence: streamSequence };
      database.sql.transaction(() => this.accept(message))();
    } catch (error) {
      this.listed.clear();
      if (error instanceof GapError) {
        letters.update(letter, letter.state, 'gap', error.message);
        this.parts.alarms.raise(gapAlarm(subject), 'critical', error.message);
        return false;
      }
      if (!isAboutContent(error)) throw error;
      letters.update(letter, 'open', reasonOf(error), error.message);
      this.alarm(subject, id, error);
      return false;
    }
    letters.update(letter, 'ingested');
    this.parts.alarms.clear(gapAlarm(subject));
    return true;
  }

  private accept(message: LedgerMessage): IngestOutcome {
    const pack = decodePack(message.data, this.pool);
    checkSubject(pack, message.subject);
    if (pack.kind === 'price') return this.acceptPrice(pack);
    if (pack.kind === 'account') checkOrder(pack);
    return this.acceptItems(pack, message);
  }

  private acceptPrice(pack: PricePack): IngestOutcome {
    this.parts.prices.put(pack);
    return 'noted';
  }

  private acceptItems(pack: ItemPack, message: LedgerMessage): IngestOutcome {
    const { streams, packs } = this.parts;
    const cursor = streams.cursor(pack.kind, pack.kind === 'market' ? pack.marketId : pack.shardId);
    const firstNew = cursor.ingestedItem + 1;
    if (pack.firstItem > firstNew) {
      throw new GapError(message.subject, firstNew, pack.firstItem);
    }
    if (pack.kind === 'account' && pack.items.length === 0) return this.acceptWatermark(pack);
    if (pack.lastItem < firstNew) {
      if (!packs.has(cursor, pack.firstItem, pack.lastItem, message.data)) {
        checkRepeatedItems(packs, cursor, pack, pack.lastItem);
      }
      return 'skipped';
    }
    if (pack.firstItem < firstNew) checkRepeatedItems(packs, cursor, pack, firstNew - 1);
    this.store(pack, cursor, message);
    return pack.firstItem < firstNew ? 'cut' : 'stored';
  }

  private acceptWatermark(pack: AccountPack): IngestOutcome {
    const { shardId, lastSequence: sequence, timeMs, lastItem: accountItem, marketEnds } = pack;
    // One of an earlier release proves nothing; the next one does.
    if (marketEnds === undefined) return 'noted';
    this.parts.coverage.note({ shardId, sequence, timeMs, accountItem, marketEnds });
    return 'noted';
  }

  private store(pack: ItemPack, cursor: StreamCursor, message: LedgerMessage): void {
    const { streams, packs, now } = this.parts;
    const firstNew = cursor.ingestedItem + 1;
    if (pack.lastSequence < cursor.ingestedSequence) {
      throw new RefusedPackError(
        'order',
        `item ${pack.lastItem} of ${message.subject} is of sequence ${pack.lastSequence}, and the item before ${firstNew} of ${cursor.ingestedSequence}`,
      );
    }
    const trades = this.checkAndApply(pack, cursor);
    packs.add(pack, firstNew, trades, {
      streamSequence: message.sequence,
      ingestedAtMs: now(),
      bytes: message.data,
    });
    streams.ingested({
      ...cursor,
      shardId: pack.shardId,
      ingestedItem: pack.lastItem,
      ingestedSequence: pack.lastSequence,
      ingestedTimeMs: pack.timeMs,
      lastTrade: trades.last === 0 ? cursor.lastTrade : trades.last,
    });
  }

  private checkAndApply(pack: ItemPack, cursor: StreamCursor): { first: number; last: number } {
    const firstNew = cursor.ingestedItem + 1;
    if (pack.kind === 'market') {
      const worth = this.parts.catalogue.worth(pack.marketId);
      if (worth === null) {
        throw new RefusedPackError('unknownMarket', `market ${pack.marketId} was never listed`);
      }
      checkDoubleEntry(pack, worth);
      return tradesOf(pack, firstNew, cursor.lastTrade);
    }
    this.applyAccountItems(pack, firstNew);
    return { first: 0, last: 0 };
  }

  private applyAccountItems(pack: AccountPack, firstNew: number): void {
    const { catalogue, cash, transfers } = this.parts;
    for (let number = firstNew; number <= pack.lastItem; number++) {
      const item = pack.items[number - pack.firstItem];
      if (item === undefined) return;
      const place = { shardId: pack.shardId, item: number };
      if (item.kind === 'accountCreated') catalogue.addAccount(pack.shardId, item);
      else if (item.kind === 'marketListed') this.list(item);
      else if (item.kind === 'balance') cash.addBalanceItem(place, item);
      else if (item.kind === 'transfer') transfers.add(place, item);
      else if (item.kind === 'insuranceFunded') cash.addInsuranceFunding(place, item);
    }
  }

  private list(item: ItemOrigin & MarketListed): void {
    this.parts.catalogue.addMarket(item);
    this.listed.add(item.marketId);
  }

  private alarm(subject: string, letterId: number, error: Error): void {
    const sentence = `${subject} stands still since dead letter ${letterId}: ${error.message}`;
    this.parts.alarms.raise(letterAlarm(subject), 'critical', sentence);
  }

  private isOutOfPatience(subject: string): boolean {
    const nowMs = this.parts.now();
    const sinceMs = this.waitingSinceMs.get(subject) ?? nowMs;
    this.waitingSinceMs.set(subject, sinceMs);
    return nowMs - sinceMs >= this.parts.patienceMs;
  }
}

export function letterAlarm(subject: string): string {
  return `deadLetter ${subject}`;
}

function gapAlarm(subject: string): string {
  return `gap ${subject}`;
}

function checkSubject(pack: Pack, subject: string): void {
  const expected = subjectOf(pack);
  if (expected === subject) return;
  throw new RefusedPackError('wrongSubject', `a pack of ${expected} came on ${subject}`);
}

function isAboutContent(error: unknown): error is PackError | RefusedPackError | ConflictError {
  return (
    error instanceof PackError ||
    error instanceof RefusedPackError ||
    error instanceof ConflictError
  );
}

function reasonOf(error: PackError | RefusedPackError | ConflictError): string {
  if (error instanceof PackError) return error.code;
  return error instanceof RefusedPackError ? error.reason : 'conflict';
}
