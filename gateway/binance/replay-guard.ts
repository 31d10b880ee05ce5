import type { SharedSignatures } from '../shared/shared-signatures.js';
import { ERRORS } from './errors.js';

/** More signed changes than any limit lets in within the longest window. */
const SIGNATURES_MAX = 500_000;

/**
 * Remembers the signatures of requests that change something until their receive windows have passed, so that none is taken
 * twice. What was signed before this process began is refused, because an earlier one may have taken it.
 */
export class ReplayGuard {
  private readonly startMs: number;
  private readonly isOn: boolean;
  /** Deadlines by signature. */
  private readonly taken = new Map<string, number>();
  private readonly shared: SharedSignatures | null;

  /**
   * Not on: where time stands still, equal requests of the same moment are meant twice. `shared`: where all threads remember what they have
   * taken; null: there is one thread, and it remembers here.
   */
  constructor(startMs: number, isOn: boolean, shared: SharedSignatures | null = null) {
    this.startMs = startMs;
    this.isOn = isOn;
    this.shared = shared;
  }

  take(
    signature: Buffer,
    { timestampMs, deadlineMs }: { timestampMs: number; deadlineMs: number },
    nowMs: number,
  ): void {
    if (!this.isOn) return;
    if (timestampMs < this.startMs) throw ERRORS.outsideWindow();
    if (this.shared !== null) {
      const isNew = this.shared.take(signature, deadlineMs, nowMs);
      if (isNew === null) throw ERRORS.overloaded();
      if (!isNew) throw ERRORS.replayed();
      return;
    }
    const key = signature.toString('latin1');
    if (this.taken.has(key)) throw ERRORS.replayed();
    if (this.taken.size >= SIGNATURES_MAX) {
      this.forget(nowMs);
      if (this.taken.size >= SIGNATURES_MAX) throw ERRORS.overloaded();
    }
    this.taken.set(key, deadlineMs);
  }

  /** Drops those whose window has passed. */
  forget(nowMs: number): void {
    if (this.isOn) this.shared?.begin(nowMs);
    for (const [key, deadlineMs] of this.taken) if (deadlineMs < nowMs) this.taken.delete(key);
  }
}
