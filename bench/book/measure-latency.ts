import { LatencyHistogram } from '../load/latency-histogram.js';
import { medianOf } from '../report/statistics.js';
import type { Workload } from '../workload/format.js';
import type { BenchEngine } from './engine.js';
import { collectGarbage } from './garbage.js';
import type { Passes } from './measure-speed.js';

export interface OpLatencyFigures {
  /** Encoded LatencyHistogram; the timer's own time is subtracted. */
  histogram: string;
  timerNs: number;
}

/** One operation in eight on average, at random distances, so that no period of the flow is favoured. */
const GAP_MAX = 15;

/** Times single operations, each a batch of its own: encode, apply, read the events. */
export function measureOpLatency(
  open: () => BenchEngine,
  workload: Workload,
  ops: number,
  passes: Passes,
): OpLatencyFigures {
  const timerNs = timerOverheadNs();
  const histogram = new LatencyHistogram();
  for (let pass = 0; pass < passes.count; pass++) {
    const engine = open();
    engine.run(0, workload.prefillCount);
    collectGarbage();
    const end = workload.prefillCount + ops;
    timeSamples(engine, workload.prefillCount, end, (ns) => histogram.recordNs(ns - timerNs));
    if (pass < passes.warmup) histogram.reset();
  }
  return { histogram: histogram.encode(), timerNs };
}

function timeSamples(
  engine: BenchEngine,
  from: number,
  end: number,
  record: (ns: number) => void,
): void {
  let seed = 0x9e3779b9 | 0;
  for (let at = from; at < end; at++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
    const sample = at + 1 + ((seed >>> 8) % GAP_MAX);
    if (sample >= end) {
      engine.run(at, end);
      return;
    }
    engine.run(at, sample);
    const before = performance.now();
    engine.run(sample, sample + 1);
    record((performance.now() - before) * 1e6);
    at = sample;
  }
}

/** What two readings of the clock cost when nothing happens between them. */
function timerOverheadNs(): number {
  const readings: number[] = [];
  for (let i = 0; i < 100_000; i++) {
    const before = performance.now();
    readings.push((performance.now() - before) * 1e6);
  }
  return Math.round(medianOf(readings));
}
