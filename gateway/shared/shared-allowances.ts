import type { AllowanceTable } from '../session/allowances.js';
import { type Bucket, type Rates, TokenBucket } from '../session/token-bucket.js';
import {
  KEY_WORDS,
  SHARED_SLOTS_MAX,
  SharedTable,
  type SharedTableMemory,
} from './shared-table.js';

const W_REQUESTS = KEY_WORDS;
const W_CANCELS = KEY_WORDS + 1;
const W_USERS = KEY_WORDS + 2;
export const ALLOWANCE_WORDS = W_USERS + SHARED_SLOTS_MAX;
/** A unit of time is a microsecond, or longer, so that a burst is at most so many. */
const UNITS_PER_S_MAX = 1e6;
const BURST_UNITS_MAX = 2 ** 28;
/** Places that one sweep looks at; all are looked at long before a time may be taken for another one. */
const SWEEP_PLACES = 8_192;

/** One rate in units of time: a token is so long, and so much may be taken at once. */
interface Pace {
  unitsPerMs: number;
  tokenUnits: number;
  burstUnits: number;
}

/**
 * Allowances by key that all threads draw from: whoever comes through several of them has one. A bucket is one word, the time at which it
 * will be full again, changed by comparing and exchanging: no lock, nothing that a thread could die in the middle of. How many connections
 * use a key is counted for each thread, so that those of a dead one can be taken off.
 */
export class SharedAllowances<Key extends number | string> implements AllowanceTable<Key> {
  private readonly table: SharedTable;
  private readonly slot: number;
  private readonly rates: Rates;
  private readonly offsetMs: number;
  private readonly paces: readonly [Pace, Pace];
  private nextSwept = 0;

  /** `slot`: the thread's number. `offsetMs`: from the caller's clock to that of all threads. */
  constructor(memory: SharedTableMemory, slot: number, rates: Rates, offsetMs: number) {
    this.table = new SharedTable(memory);
    this.slot = slot;
    this.rates = rates;
    this.offsetMs = offsetMs;
    this.paces = [
      paceOf(rates.requestsPerSecond, rates.requestsBurst),
      paceOf(rates.cancelsPerSecond, rates.cancelsBurst),
    ];
  }

  get size(): number {
    let count = 0;
    this.table.forEach(() => {
      count++;
    });
    return count;
  }

  users(key: Key): number {
    const at = this.table.find(this.table.keyOf(key));
    return at < 0 ? 0 : this.usersAt(at);
  }

  enter(key: Key, nowMs: number): Bucket {
    const { table } = this;
    const shared = table.keyOf(key);
    for (;;) {
      const at = this.claim(key, nowMs);
      if (at < 0) return new TokenBucket(this.rates, nowMs);
      const users = at + W_USERS + this.slot;
      Atomics.add(table.words, users, 1);
      // It may have been forgotten in between; counted first, it is not forgotten from here on.
      if (table.has(at, shared)) return this.bucketAt(at);
      Atomics.sub(table.words, users, 1);
    }
  }

  /** Where everything around a key must stay, it gets a bucket of its own: sets of that many connections do not come about by chance. */
  of(key: Key, nowMs: number): Bucket {
    const at = this.claim(key, nowMs);
    return at < 0 ? new TokenBucket(this.rates, nowMs) : this.bucketAt(at);
  }

  leave(key: Key): void {
    const at = this.table.find(this.table.keyOf(key));
    if (at < 0) return;
    const users = at + W_USERS + this.slot;
    if (Atomics.load(this.table.words, users) > 0) Atomics.sub(this.table.words, users, 1);
  }

  /** A part of the table: to be called by one thread only, about once a second. */
  sweep(nowMs: number): void {
    const { table } = this;
    const to = Math.min(table.places, this.nextSwept + SWEEP_PLACES);
    const sweep = (at: number) => this.sweepPlace(at, nowMs);
    table.forEach(sweep, this.nextSwept, to);
    this.nextSwept = to === table.places ? 0 : to;
  }

  /** The thread with this number is dead, and its connections with it. */
  dropSlot(slot: number): void {
    const { table } = this;
    table.forEach((at) => {
      Atomics.store(table.words, at + W_USERS + slot, 0);
    });
  }

  private claim(key: Key, nowMs: number): number {
    return this.table.claim(this.table.keyOf(key), (at) => {
      if (this.usersAt(at) > 0) return Number.POSITIVE_INFINITY;
      return this.debtAt(at + W_REQUESTS, this.paces[0], nowMs) / this.paces[0].burstUnits;
    });
  }

  private sweepPlace(at: number, nowMs: number): void {
    const { words } = this.table;
    let isFull = true;
    [W_REQUESTS, W_CANCELS].forEach((word, i) => {
      const before = Atomics.load(words, at + word);
      if (this.debtAt(at + word, this.paces[i] as Pace, nowMs) > 0) isFull = false;
      else if (before !== 0) Atomics.compareExchange(words, at + word, before, 0);
    });
    if (!isFull || this.usersAt(at) > 0) return;
    this.table.forget(at, () => this.usersAt(at) > 0);
  }

  private usersAt(at: number): number {
    let users = 0;
    for (let i = 0; i < SHARED_SLOTS_MAX; i++) {
      users += Atomics.load(this.table.words, at + W_USERS + i);
    }
    return users;
  }

  private debtAt(word: number, pace: Pace, nowMs: number): number {
    return debtOf(Atomics.load(this.table.words, word), unitsAt(nowMs + this.offsetMs, pace));
  }

  private bucketAt(at: number): Bucket {
    const { words } = this.table;
    return new SharedBucket(words, at + W_REQUESTS, this.rates, this.paces, this.offsetMs);
  }
}

class SharedBucket implements Bucket {
  private readonly words: Int32Array;
  private readonly at: number;
  private readonly rates: Rates;
  private readonly paces: readonly [Pace, Pace];
  private readonly offsetMs: number;

  constructor(
    words: Int32Array,
    at: number,
    rates: Rates,
    paces: readonly [Pace, Pace],
    offsetMs: number,
  ) {
    this.words = words;
    this.at = at;
    this.rates = rates;
    this.paces = paces;
    this.offsetMs = offsetMs;
  }

  take(count: number, nowMs: number): boolean {
    return this.takeFrom(this.at, this.paces[0], count, nowMs);
  }

  takeCancel(count: number, nowMs: number): boolean {
    return this.takeFrom(this.at + 1, this.paces[1], count, nowMs);
  }

  isFull(nowMs: number): boolean {
    const isFull = (pace: Pace, i: number) => this.debt(this.at + i, pace, nowMs) === 0;
    return this.paces.every(isFull);
  }

  remaining(nowMs: number): number {
    const [pace] = this.paces;
    const left = pace.burstUnits - this.debt(this.at, pace, nowMs);
    return Math.min(this.rates.requestsBurst, Math.floor(left / pace.tokenUnits));
  }

  secondsUntil(count: number, nowMs: number): number {
    const [pace] = this.paces;
    const wanted = Math.min(count, this.rates.requestsBurst) * pace.tokenUnits;
    const missing = wanted - (pace.burstUnits - this.debt(this.at, pace, nowMs));
    return Math.max(0, Math.ceil(missing / pace.unitsPerMs / 1_000));
  }

  private takeFrom(at: number, pace: Pace, count: number, nowMs: number): boolean {
    const now = unitsAt(nowMs + this.offsetMs, pace);
    for (;;) {
      const before = Atomics.load(this.words, at);
      const debt = debtOf(before, now) + Math.ceil(count * pace.tokenUnits);
      if (debt > pace.burstUnits) return false;
      // 0 stands for a full bucket, whatever the time.
      const after = (now + debt) | 0 || 1;
      if (Atomics.compareExchange(this.words, at, before, after) === before) return true;
    }
  }

  private debt(at: number, pace: Pace, nowMs: number): number {
    return debtOf(Atomics.load(this.words, at), unitsAt(nowMs + this.offsetMs, pace));
  }
}

function paceOf(perSecond: number, burst: number): Pace {
  if (perSecond <= 0) return { unitsPerMs: 1, tokenUnits: 1, burstUnits: 0 };
  const wanted = Math.min(UNITS_PER_S_MAX, (BURST_UNITS_MAX * perSecond) / burst) / perSecond;
  // Whole units, so that a burst is exactly as many requests as it should be; of more than a million a second nobody will count them.
  const tokenUnits = wanted >= 1 ? Math.floor(wanted) : wanted;
  const unitsPerMs = (tokenUnits * perSecond) / 1_000;
  return { unitsPerMs, tokenUnits, burstUnits: Math.floor(burst * tokenUnits) };
}

/** Wraps at 2^32, as do the words. */
function unitsAt(ms: number, { unitsPerMs }: Pace): number {
  return Math.floor(ms * unitsPerMs) | 0;
}

/** Units until a bucket is full. */
function debtOf(fullAt: number, now: number): number {
  return fullAt === 0 ? 0 : Math.max(0, (fullAt - now) | 0);
}
