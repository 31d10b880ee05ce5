import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks';

interface Interval {
  fromMs: number;
  toMs: number;
}

/** Share of the measured time that the collector stopped the thread for. */
export class GarbageWatch {
  private readonly entries: PerformanceEntry[] = [];
  private readonly intervals: Interval[] = [];
  private readonly observer = new PerformanceObserver((list) => {
    this.entries.push(...list.getEntries());
  });

  constructor() {
    this.observer.observe({ entryTypes: ['gc'] });
  }

  /** Only what lies within the measured intervals counts: between them collections are forced. */
  measured(fromMs: number, toMs: number): void {
    this.intervals.push({ fromMs, toMs });
  }

  /** Ends the watch. */
  async share(): Promise<number> {
    // Entries are delivered by the event loop, which the measured loops do not return to.
    await new Promise((resolve) => setTimeout(resolve, 20));
    this.observer.disconnect();
    const within = (entry: PerformanceEntry): boolean =>
      this.intervals.some(
        ({ fromMs, toMs }) => entry.startTime >= fromMs && entry.startTime < toMs,
      );
    const stopped = this.entries.filter(within).reduce((sum, entry) => sum + entry.duration, 0);
    const measured = this.intervals.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0);
    return measured === 0 ? 0 : stopped / measured;
  }
}

/** Collects now, so that a pass does not pay for what the one before it left. */
export function collectGarbage(): void {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error('the measuring process needs --expose-gc');
  collect();
}
