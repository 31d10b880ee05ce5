/** More are forgotten when their time has passed. */
const SWEEP_FROM = 10_000;

/**
 * Session ids that were negotiated as long as their signed time holds, so that a Negotiate that somebody has seen is worth nothing to
 * him, also when its session is gone. What was signed before this process began is refused, because an earlier one may have taken it.
 */
export class NegotiationMemory {
  private readonly startMs: number;
  private readonly toleranceMs: number;
  /** Until when, by id. */
  private readonly taken = new Map<string, number>();

  /** `toleranceMs`: how old a signed time may be. */
  constructor(startMs: number, toleranceMs: number) {
    this.startMs = startMs;
    this.toleranceMs = toleranceMs;
  }

  /** Whether it may have been taken by a process before this one. */
  isFromBefore(timestampMs: number): boolean {
    return timestampMs < this.startMs;
  }

  /** False: it was taken before. */
  take(id: string, timestampMs: number, nowMs: number): boolean {
    if (this.taken.has(id)) return false;
    if (this.taken.size >= SWEEP_FROM) this.forget(nowMs);
    this.taken.set(id, timestampMs + this.toleranceMs);
    return true;
  }

  private forget(nowMs: number): void {
    for (const [id, untilMs] of this.taken) if (untilMs < nowMs) this.taken.delete(id);
  }
}
