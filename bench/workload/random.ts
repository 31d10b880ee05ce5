/** xoshiro128** with the fixed seed of each mix: the same flow on every machine and in every language. */
export class FlowRandom {
  private s0: number;
  private s1 = 0xdeadbeef | 0;
  private s2: number;
  private s3 = 0x0badcafe;

  constructor(mix: number) {
    // The product is rounded to a double before the conversion, as the published generator does.
    this.s0 = 0x12345678 ^ (mix * 0x9e3779b1);
    this.s2 = mix | 0;
    for (let i = 0; i < 50; i++) this.next();
  }

  /** 0 … 2^32 − 1. */
  next(): number {
    const shifted = this.s1 << 9;
    let result = Math.imul(this.s1, 5);
    result = Math.imul((result << 7) | (result >>> 25), 9);
    this.s2 ^= this.s0;
    this.s3 ^= this.s1;
    this.s1 ^= this.s2;
    this.s0 ^= this.s3;
    this.s2 ^= shifted;
    this.s3 = (this.s3 << 11) | (this.s3 >>> 21);
    return result >>> 0;
  }

  /** 0 ≤ x < 1. */
  unit(): number {
    return this.next() / 4294967296;
  }

  /** 0 … n − 1. */
  below(n: number): number {
    return this.next() % n;
  }
}
