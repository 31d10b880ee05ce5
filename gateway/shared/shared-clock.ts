const NS_PER_MS = 1e6;

/**
 * What has to be added to a thread's `performance.now()`, which counts from the beginning of that thread, to come to the clock that all
 * threads of a process have in common.
 */
export function clockOffsetMs(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS - performance.now();
}
