/**
 * The tests' own source of chance: the same seed gives the same run on every machine and release of Node, so
 * that a failure can be repeated from the seed that it printed.
 */
export class Xorshift {
  private state: number;

  constructor(seed: number) {
    // Seeds 1, 2, 3 … are spread over the whole word first; zero would stay zero for ever.
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0 || 1;
    for (let i = 0; i < 8; i++) this.next();
  }

  /** 0 … 2^32 − 1. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x >>> 0;
  }

  /** 0 … limit − 1; the limit is at most 2^53. */
  below(limit: number): number {
    if (limit <= 2 ** 32) return this.next() % limit;
    return (this.next() * 2 ** 21 + (this.next() >>> 11)) % limit;
  }

  /** Both ends included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True in so many of a hundred cases. */
  chance(percent: number): boolean {
    return this.next() % 100 < percent;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }
}
