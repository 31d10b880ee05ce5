import type { WorkloadResult } from '../workload/format.js';

/** An engine under measurement, bound to one workload and at its beginning. */
export interface BenchEngine {
  /** Applies the records `from` … `to − 1`; the only part that is timed. */
  run(from: number, to: number): void;
  /** Trades so far and what rests now. */
  result(): WorkloadResult;
  /** Bytes in the memory of a kernel, which the process's own figures do not count. */
  readonly kernelBytes?: number;
}
