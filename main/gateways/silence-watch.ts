/** A thread that gives no sign of life for so long is given up: the shards must not wait for it. */
export const SILENT_MS = 5_000;
/** A look that comes so late was kept from it by what may have kept the threads from their work as well. */
const LATE_LOOK_MS = 1_000;

/**
 * Whether somebody has been silent for too long, as seen by one who looks several times a second. While he stands still himself, with the
 * process or the whole machine, no silence counts.
 */
export class SilenceWatch {
  private lastLookMs: number;
  private sinceMs: number;

  constructor(nowMs: number) {
    this.lastLookMs = nowMs;
    this.sinceMs = nowMs;
  }

  look(nowMs: number): void {
    if (nowMs - this.lastLookMs > LATE_LOOK_MS) this.sinceMs = nowMs;
    this.lastLookMs = nowMs;
  }

  /** At the time of the last look, of one whose last sign of life was at `beatMs`. */
  isSilent(beatMs: number): boolean {
    return this.lastLookMs - Math.max(beatMs, this.sinceMs) >= SILENT_MS;
  }
}
