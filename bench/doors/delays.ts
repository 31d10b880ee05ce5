import { LatencyHistogram } from '../load/latency-histogram.js';

const FIRST_CAPACITY = 65_536;
const NS_PER_MS = 1e6;

/** Delays in ms. They are sorted into a histogram at the end: while frames come, that would take the reader a tenth of its time. */
export class Delays {
  private values = new Float64Array(FIRST_CAPACITY);
  count = 0;

  add(ms: number): void {
    if (this.count === this.values.length) this.grow();
    this.values[this.count++] = ms;
  }

  clear(): void {
    this.count = 0;
  }

  histogram(): LatencyHistogram {
    const histogram = new LatencyHistogram();
    for (const ms of this.values.subarray(0, this.count)) histogram.recordNs(ms * NS_PER_MS);
    return histogram;
  }

  private grow(): void {
    const values = new Float64Array(this.values.length * 2);
    values.set(this.values);
    this.values = values;
  }
}
