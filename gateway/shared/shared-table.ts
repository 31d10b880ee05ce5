import { createHash } from 'node:crypto';

/** Places of a set, one of which a key may be at. */
const WAYS = 16;
/** Threads that may use a table: the main one and those of gateways. */
export const SHARED_SLOTS_MAX = 16;
/** Header: the lock, 128 bytes of its own. */
const HEADER_WORDS = 32;
const W_LOCK = 0;
/** Of a place: two words of the key, then what the table's owner keeps there. */
const W_LOW = 0;
const W_HIGH = 1;
export const KEY_WORDS = 2;
/** Whoever holds the lock needs microseconds; after so long it has died with it. */
const LOCK_TRIES = 1_000;
const LOCK_WAITS = 20;
const LOCK_WAIT_MS = 1;
const SECRET_BYTES = 16;

/** A key as two words; the second one is never 0. */
export interface SharedKey {
  low: number;
  high: number;
}

export interface SharedTableMemory {
  words: SharedArrayBuffer;
  /** Drawn anew for each process, so that nobody can choose texts that meet in one set. */
  secret: Uint8Array;
  /** Words of a place, a multiple of two. */
  placeWords: number;
}

/** Memory for so many keys at least; `places` is a power of two. */
export function createSharedTable(
  places: number,
  placeWords: number,
  secret: Uint8Array,
): SharedTableMemory {
  const isPowerOfTwo = Number.isInteger(places) && places >= WAYS && (places & (places - 1)) === 0;
  if (!isPowerOfTwo || placeWords % 2 !== 0 || secret.length < SECRET_BYTES) {
    throw new RangeError('places must be a power of two, words even, and the secret 16 bytes');
  }
  return {
    words: new SharedArrayBuffer((HEADER_WORDS + places * placeWords) * 4),
    secret,
    placeWords,
  };
}

/**
 * A table by key in memory that several threads use at once. Finding a key and changing its numbers takes no lock; only a key that is new,
 * or one that is forgotten, is put in or taken out under one. A thread may die at any moment, also while it holds the lock: then it is
 * taken from it, because what it guards is never half of something that matters.
 */
export class SharedTable {
  readonly words: Int32Array;
  readonly placeWords: number;
  readonly places: number;
  private readonly sets: number;
  private readonly secret: Uint8Array;

  constructor({ words, placeWords, secret }: SharedTableMemory) {
    this.words = new Int32Array(words);
    this.placeWords = placeWords;
    this.places = (this.words.length - HEADER_WORDS) / placeWords;
    this.sets = this.places / WAYS;
    this.secret = secret;
  }

  keyOf(key: number | string): SharedKey {
    if (typeof key === 'number') return { low: key | 0, high: 1 };
    const digest = createHash('sha256').update(this.secret).update(key).digest();
    return { low: digest.readInt32LE(0), high: digest.readInt32LE(4) || 1 };
  }

  /** First word of the place that has the key, −1: none has. */
  find(key: SharedKey): number {
    const first = this.setOf(key);
    for (let way = 0; way < WAYS; way++) {
      const at = first + way * this.placeWords;
      if (this.has(at, key)) return at;
    }
    return -1;
  }

  has(at: number, { low, high }: SharedKey): boolean {
    const { words } = this;
    return Atomics.load(words, at + W_HIGH) === high && Atomics.load(words, at + W_LOW) === low;
  }

  isUsed(at: number): boolean {
    return Atomics.load(this.words, at + W_HIGH) !== 0;
  }

  /**
   * The place of the key, a new one if it has none; its other words are 0 then. `worth`: how much a place would be missed that has to make
   * room, Infinity for one that must stay. −1: all places of the set must stay.
   */
  claim(key: SharedKey, worth: (at: number) => number): number {
    const known = this.find(key);
    if (known >= 0) return known;
    return this.locked(() => {
      const meanwhile = this.find(key);
      if (meanwhile >= 0) return meanwhile;
      const at = this.roomFor(key, worth);
      if (at < 0) return -1;
      const { words } = this;
      Atomics.store(words, at + W_HIGH, 0);
      for (let i = KEY_WORDS; i < this.placeWords; i++) Atomics.store(words, at + i, 0);
      Atomics.store(words, at + W_LOW, key.low);
      Atomics.store(words, at + W_HIGH, key.high);
      return at;
    });
  }

  /** Forgets a place, unless `stays` says otherwise once nobody can find it any more. */
  forget(at: number, stays: () => boolean): void {
    this.locked(() => {
      const high = Atomics.load(this.words, at + W_HIGH);
      Atomics.store(this.words, at + W_HIGH, 0);
      if (stays()) Atomics.store(this.words, at + W_HIGH, high);
    });
  }

  /** First words of places, `from` and `to` counted in places. */
  forEach(visit: (at: number) => void, from = 0, to = this.places): void {
    for (let place = from; place < to; place++) {
      const at = HEADER_WORDS + place * this.placeWords;
      if (this.isUsed(at)) visit(at);
    }
  }

  private setOf({ low, high }: SharedKey): number {
    // Neighbouring account ids lie in neighbouring sets.
    const mixed = (low ^ Math.imul(high - 1, 0x9e3779b1)) >>> 0;
    return HEADER_WORDS + (mixed % this.sets) * WAYS * this.placeWords;
  }

  private roomFor(key: SharedKey, worth: (at: number) => number): number {
    const first = this.setOf(key);
    let found = -1;
    let least = Number.POSITIVE_INFINITY;
    for (let way = 0; way < WAYS; way++) {
      const at = first + way * this.placeWords;
      if (!this.isUsed(at)) return at;
      const own = worth(at);
      if (own < least) {
        least = own;
        found = at;
      }
    }
    return found;
  }

  private locked<T>(work: () => T): T {
    this.lock();
    try {
      return work();
    } finally {
      Atomics.store(this.words, W_LOCK, 0);
    }
  }

  private lock(): void {
    const { words } = this;
    for (let tries = 0; tries < LOCK_TRIES; tries++) {
      if (Atomics.compareExchange(words, W_LOCK, 0, 1) === 0) return;
    }
    for (let waits = 0; waits < LOCK_WAITS; waits++) {
      Atomics.wait(words, W_LOCK, 1, LOCK_WAIT_MS);
      if (Atomics.compareExchange(words, W_LOCK, 0, 1) === 0) return;
    }
    Atomics.store(words, W_LOCK, 1);
  }
}
