/**
 * Windows of time by the end of what is signed, short ones, so that the usual receive window of seconds takes no place for a minute. The
 * longest receive window is a minute and a second: deadlines lie in the present window and the next eight, and one more is emptied ahead.
 */
const WINDOWS = 10;
const WINDOW_MS = 8_000;
const PLACES_DEFAULT = 1 << 18;
/** Fuller than that a window takes no more. */
const FILL_NUMERATOR = 3;
const FILL_DENOMINATOR = 4;
/** Of each window its number and how many it has. */
const HEADER_BYTES = 128;

/** Memory for the signatures that were taken; `places` of each window is a power of two. */
export function createSharedSignatures(places = PLACES_DEFAULT): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + WINDOWS * places * 8);
}

/**
 * Signatures of requests that all threads have taken, so that none is taken twice, by whichever thread it comes. Of each the first 64 bits
 * are kept, until the window of time in which it might be used has passed. Two that share them by chance are one: the second is refused.
 */
export class SharedSignatures {
  private readonly header: Int32Array;
  private readonly places: BigInt64Array;
  private readonly mask: number;

  constructor(memory: SharedArrayBuffer) {
    this.header = new Int32Array(memory, 0, HEADER_BYTES / 4);
    this.places = new BigInt64Array(memory, HEADER_BYTES);
    this.mask = this.places.length / WINDOWS - 1;
  }

  /** False when it was taken before; null: there is no room. Deadlines lie less than a window after `nowMs`. */
  take(signature: Buffer, deadlineMs: number, nowMs: number): boolean | null {
    this.begin(nowMs);
    const number = Math.floor(deadlineMs / WINDOW_MS);
    const window = number % WINDOWS;
    const mark = signature.readBigInt64LE(0) || 1n;
    const first = window * (this.mask + 1);
    const most = ((this.mask + 1) * FILL_NUMERATOR) / FILL_DENOMINATOR;
    if (Atomics.load(this.header, WINDOWS + window) >= most) return null;
    for (let place = signature.readUInt32LE(8) & this.mask; ; place = (place + 1) & this.mask) {
      const found = Atomics.compareExchange(this.places, first + place, 0n, mark);
      if (found === mark) return false;
      if (found !== 0n) continue;
      Atomics.add(this.header, WINDOWS + window, 1);
      return true;
    }
  }

  /** Empties the window behind those in which deadlines may lie, before anything of its time can come; to be called about once a second. */
  begin(nowMs: number): void {
    const number = Math.floor(nowMs / WINDOW_MS);
    for (let wanted = number; wanted < number + WINDOWS; wanted++) {
      const window = wanted % WINDOWS;
      const held = Atomics.load(this.header, window);
      // Compared as they are stored: the low bits of the number.
      if (held === (wanted | 0)) continue;
      if (Atomics.compareExchange(this.header, window, held, wanted | 0) !== held) continue;
      const first = window * (this.mask + 1);
      this.places.fill(0n, first, first + this.mask + 1);
      Atomics.store(this.header, WINDOWS + window, 0);
    }
  }
}
