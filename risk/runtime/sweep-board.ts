import { assert } from '../../engine/assert.js';

/** Accounts that a thread takes at a time: less than a millisecond's work. */
const RANGE_ACCOUNTS = 8192;
const RANGES_MAX = 8192;
/** Accounts found that wait to be fetched, for each thread. */
const FOUND_ROOM = 4096;
/** Accounts that can be looked at once more in one go, and how many of them a thread takes at a time. */
const LIST_ROOM = 65_536;
const LISTED_AT_ONCE = 512;

/** Words of the board, the first ones 64 bytes apart because different threads write them. */
const W_WAKE = 0;
const W_STOPPED = 16;
const W_LAST = 32;
const W_RANGES = 33;
const W_RANGE_ACCOUNTS = 34;
/** Accounts that are listed; 0: all accounts are meant. */
const W_LISTED = 35;
const W_NEWS = 48;
const W_STATES = 64;
const W_LIST = W_STATES + RANGES_MAX;
const W_THREADS = W_LIST + LIST_ROOM;
/** Of a thread: how many accounts it has found, whether it serves; how many were fetched; then the accounts, in turns. */
const T_FOUND = 0;
const T_SERVES = 1;
const T_FETCHED = 16;
const T_ACCOUNTS = 32;
const THREAD_WORDS = T_ACCOUNTS + FOUND_ROOM;

/** States of a range; above: taken by that thread, counted from 1. */
const OPEN = 0;
const DONE = -1;
/** A thread that waits looks this often whether it is still wanted. */
const WAIT_MS = 1_000;

export function createSweepBoard(threads: number, rangeAccounts = RANGE_ACCOUNTS) {
  const memory = new SharedArrayBuffer((W_THREADS + threads * THREAD_WORDS) * 4);
  new Int32Array(memory)[W_RANGE_ACCOUNTS] = rangeAccounts;
  return memory;
}

/**
 * What the threads that sweep and the one that asked for it have between them. Accounts are divided into ranges; each thread takes
 * one after the other. What a thread has found it says before it says that its range is done, so a range that is done has been
 * heard of completely, and one whose thread died is open again.
 */
export class SweepBoard {
  private readonly words: Int32Array;
  private readonly threads: number;
  /** All ranges before this one are known to be done. */
  private firstOpen = 0;

  constructor(memory: SharedArrayBuffer) {
    this.words = new Int32Array(memory);
    this.threads = Math.floor((this.words.length - W_THREADS) / THREAD_WORDS);
  }

  // ---- For the one that asks ----

  /** No range may be under way. */
  begin(last: number): void {
    const ranges = Math.ceil(last / this.rangeAccounts);
    assert(ranges <= RANGES_MAX, 'the board must have room for all ranges of accounts');
    Atomics.store(this.words, W_LAST, last);
    this.open(ranges, 0);
  }

  /** The same for some accounts, whose positions in the list are what ranges are of. Gives how many of them there is room for. */
  beginList(accounts: readonly number[]): number {
    const count = Math.min(accounts.length, LIST_ROOM);
    for (let i = 0; i < count; i++) this.words[W_LIST + i] = accounts[i] as number;
    this.open(Math.ceil(count / LISTED_AT_ONCE), count);
    return count;
  }

  /** Adds accounts that were found; true when all ranges are done and all that was found is told. */
  poll(found: number[]): boolean {
    const { words } = this;
    const ranges = Atomics.load(words, W_RANGES);
    while (this.firstOpen < ranges && Atomics.load(words, W_STATES + this.firstOpen) === DONE) {
      this.firstOpen++;
    }
    // Fetched after the states were read: what a range that is done has found is there.
    for (let thread = 0; thread < this.threads; thread++) this.fetch(thread, found);
    return this.firstOpen === ranges;
  }

  /** Changes whenever a thread has finished a range. */
  get news(): number {
    return Atomics.load(this.words, W_NEWS);
  }

  /** Resolves when there are other news than these. It does not keep a process alive. */
  async newsAfter(news: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.words, W_NEWS, news);
    if (waiting.async) await waiting.value;
  }

  /** Threads that have begun to serve and not died since. */
  get serving(): number {
    let serving = 0;
    for (let thread = 0; thread < this.threads; thread++) {
      serving += Atomics.load(this.words, W_THREADS + thread * THREAD_WORDS + T_SERVES);
    }
    return serving;
  }

  /** The thread has died: what it had taken is open again. */
  reopen(thread: number): void {
    const { words } = this;
    Atomics.store(words, W_THREADS + thread * THREAD_WORDS + T_SERVES, 0);
    const ranges = Atomics.load(words, W_RANGES);
    for (let range = 0; range < ranges; range++) {
      Atomics.compareExchange(words, W_STATES + range, thread + 1, OPEN);
    }
    this.wake();
  }

  stop(): void {
    Atomics.store(this.words, W_STOPPED, 1);
    this.wake();
  }

  // ---- For the threads that sweep ----

  serve(thread: number): void {
    Atomics.store(this.words, W_THREADS + thread * THREAD_WORDS + T_SERVES, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.words, W_STOPPED) === 1;
  }

  /** What to wait with when nothing is open any more: take it before looking. */
  get calls(): number {
    return Atomics.load(this.words, W_WAKE);
  }

  waitForWork(calls: number): void {
    Atomics.wait(this.words, W_WAKE, calls, WAIT_MS);
  }

  /** Each thread has ranges of its own, which it knows from the sweep before, as long as the number of threads stays. */
  isOwn(thread: number, range: number): boolean {
    return range % this.threads === thread;
  }

  /** Takes an open range for this thread, one of another only when none of its own is open; −1 when there is none at all. */
  take(thread: number): number {
    const ranges = Atomics.load(this.words, W_RANGES);
    for (let range = thread; range < ranges; range += this.threads) {
      if (this.takeOpen(thread, range)) return range;
    }
    // From the other end, where those they belong to come last.
    for (let range = ranges - 1; range >= 0; range--) {
      if (this.takeOpen(thread, range)) return range;
    }
    return -1;
  }

  /** Some accounts are to be looked at, not all. */
  get isList(): boolean {
    return Atomics.load(this.words, W_LISTED) > 0;
  }

  listed(position: number): number {
    return this.words[W_LIST + position] as number;
  }

  /** First account of a range, or position in the list, and the one behind its last. */
  bounds(range: number): { first: number; end: number } {
    const listed = Atomics.load(this.words, W_LISTED);
    if (listed > 0) {
      const first = range * LISTED_AT_ONCE;
      return { first, end: Math.min(first + LISTED_AT_ONCE, listed) };
    }
    const first = 1 + range * this.rangeAccounts;
    const end = Math.min(first + this.rangeAccounts, Atomics.load(this.words, W_LAST) + 1);
    return { first, end };
  }

  /** Waits while too much was not fetched yet; gives up when it is not wanted any more. */
  tell(thread: number, account: number): void {
    const { words } = this;
    const at = W_THREADS + thread * THREAD_WORDS;
    const count = words[at + T_FOUND] as number;
    let fetched = Atomics.load(words, at + T_FETCHED);
    while (((count - fetched) | 0) >= FOUND_ROOM) {
      if (this.stopped) return;
      Atomics.wait(words, at + T_FETCHED, fetched, WAIT_MS);
      fetched = Atomics.load(words, at + T_FETCHED);
    }
    words[at + T_ACCOUNTS + (count & (FOUND_ROOM - 1))] = account;
    Atomics.store(words, at + T_FOUND, (count + 1) | 0);
  }

  finish(range: number): void {
    Atomics.store(this.words, W_STATES + range, DONE);
    Atomics.add(this.words, W_NEWS, 1);
    Atomics.notify(this.words, W_NEWS);
  }

  private open(ranges: number, listed: number): void {
    const { words } = this;
    this.firstOpen = 0;
    Atomics.store(words, W_LISTED, listed);
    Atomics.store(words, W_RANGES, ranges);
    for (let range = 0; range < ranges; range++) Atomics.store(words, W_STATES + range, OPEN);
    this.wake();
  }

  private takeOpen(thread: number, range: number): boolean {
    const { words } = this;
    if (Atomics.load(words, W_STATES + range) !== OPEN) return false;
    return Atomics.compareExchange(words, W_STATES + range, OPEN, thread + 1) === OPEN;
  }

  private get rangeAccounts(): number {
    return this.words[W_RANGE_ACCOUNTS] as number;
  }

  private fetch(thread: number, found: number[]): void {
    const { words } = this;
    const at = W_THREADS + thread * THREAD_WORDS;
    const count = Atomics.load(words, at + T_FOUND);
    let fetched = words[at + T_FETCHED] as number;
    if (count === fetched) return;
    for (; fetched !== count; fetched = (fetched + 1) | 0) {
      found.push(words[at + T_ACCOUNTS + (fetched & (FOUND_ROOM - 1))] as number);
    }
    Atomics.store(words, at + T_FETCHED, count);
    Atomics.notify(words, at + T_FETCHED);
  }

  private wake(): void {
    Atomics.add(this.words, W_WAKE, 1);
    Atomics.notify(this.words, W_WAKE);
  }
}
