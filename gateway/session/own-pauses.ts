/** A round that begins so many times later than it should tells of a pause. */
const ROUNDS_LATE = 2;

/**
 * Whether the process itself was away: stopped by its machine, or busy with something long. What clients have sent meanwhile is not read
 * yet, because timers come before sockets; so who judges silence in rounds leaves it to the next one. Never twice in a row: where every
 * round is late, sockets are read in between all the same, and who is gone has to be let go.
 */
export class OwnPauses {
  private readonly everyMs: number;
  private lastMs: number;
  private wasLate = false;

  constructor(everyMs: number, nowMs: number) {
    this.everyMs = everyMs;
    this.lastMs = nowMs;
  }

  /** Once a round. */
  wasAway(nowMs: number): boolean {
    const isLate = nowMs - this.lastMs > this.everyMs * (1 + ROUNDS_LATE);
    this.lastMs = nowMs;
    this.wasLate = isLate && !this.wasLate;
    return this.wasLate;
  }
}
