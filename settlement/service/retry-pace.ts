const FIRST_MS = 1_000;
const MAX_MS = 15_000;

interface Wait {
  sinceMs: number;
  waitMs: number;
}

/** When what was refused is tried again: soon at first, then less often, and never less than four times a minute. */
export class RetryPace {
  private readonly now: () => number;
  private readonly waits = new Map<number, Wait>();

  constructor(now: () => number) {
    this.now = now;
  }

  /** A clock that was set back does not make it wait longer. */
  isDue(id: number): boolean {
    const wait = this.waits.get(id);
    return wait === undefined || Math.abs(this.now() - wait.sinceMs) >= wait.waitMs;
  }

  refused(id: number): void {
    const before = this.waits.get(id)?.waitMs ?? FIRST_MS / 2;
    this.waits.set(id, { sinceMs: this.now(), waitMs: Math.min(before * 2, MAX_MS) });
  }

  forget(id: number): void {
    this.waits.delete(id);
  }
}
