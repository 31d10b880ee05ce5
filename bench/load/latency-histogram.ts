import * as hdr from 'hdr-histogram-js';

export interface LatencySummary {
  samples: number;
  p50Us: number;
  p99Us: number;
  p999Us: number;
  maxUs: number;
}

/** Longer waits count as an hour; nothing that a benchmark starts lasts as long. */
const LATENCY_NS_MAX = 3_600_000_000_000;

/**
 * Latencies in nanoseconds with three significant digits from 1 ns to an hour, so that a tail is neither
 * averaged away nor cut.
 */
export class LatencyHistogram {
  private readonly histogram = hdr.build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LATENCY_NS_MAX,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });

  /** A negative latency, left by subtracting the timer's own time, counts as zero. */
  recordNs(latencyNs: number): void {
    this.histogram.recordValue(Math.max(0, Math.min(LATENCY_NS_MAX, Math.round(latencyNs))));
  }

  add(other: LatencyHistogram): void {
    this.histogram.add(other.histogram);
  }

  reset(): void {
    this.histogram.reset();
  }

  get samples(): number {
    return this.histogram.totalCount;
  }

  atPercentileNs(percentile: number): number {
    return this.histogram.getValueAtPercentile(percentile);
  }

  summary(): LatencySummary {
    return {
      samples: this.samples,
      p50Us: toUs(this.atPercentileNs(50)),
      p99Us: toUs(this.atPercentileNs(99)),
      p999Us: toUs(this.atPercentileNs(99.9)),
      maxUs: toUs(this.histogram.maxValue),
    };
  }

  /** The text that HdrHistogram's plotters read; values in microseconds. */
  toHgrm(): string {
    return this.histogram.outputPercentileDistribution(5, 1000, false);
  }

  /** For handing a histogram from a measuring process to the reporting one. */
  encode(): string {
    return hdr.encodeIntoCompressedBase64(this.histogram);
  }

  addEncoded(text: string): void {
    this.histogram.add(hdr.decodeFromCompressedBase64(text, 64, false));
  }
}

function toUs(ns: number): number {
  return Math.round(ns) / 1000;
}
