import type { SharedSignatures } from '../shared/shared-signatures.js';
import { ERRORS } from './errors.js';

/** More signed changes than all accounts together send within the usual receive windows. */
const SIGNATURES_MAX = 500_000;
/** … and than one owner does at the highest rate: what he sends with a longer window must not take the place of all others. */
const SIGNATURES_OF_FAMILY_MAX = 20_000;
const SECOND_MS = 1_000;

/** A signed request: what it names as its time, and until when it may be taken. */
export interface SignedTime {
  timestampMs: number;
  deadlineMs: number;
}

/** What holds until the same second. */
interface Second {
  readonly signatures: Set<string>;
  readonly byFamily: Map<number, number>;
  count: number;
}

/**
 * Remembers the signatures of requests that change something until their receive windows have passed, so that none is taken
 * twice. What was signed before this process began is refused, because an earlier one may have taken it. They are kept by the second in
 * which they end, which a signature fixes, so that what is over goes without a walk over all others.
 */
export class ReplayGuard {
  private readonly startMs: number;
  private readonly isOn: boolean;
  /** By second of the deadline, rounded down. */
  private readonly seconds = new Map<number, Second>();
  private readonly byFamily = new Map<number, number>();
  private count = 0;
  private nextForgetMs = 0;
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

  /** `family`: whose owner's request it is. */
  take(
    signature: Buffer,
    family: number,
    { timestampMs, deadlineMs }: SignedTime,
    nowMs: number,
  ): void {
    if (!this.isOn) return;
    if (timestampMs < this.startMs) throw ERRORS.outsideWindow();
    if (nowMs >= this.nextForgetMs) this.forget(nowMs);
    const second = this.secondOf(deadlineMs);
    const key = signature.toString('latin1');
    if (second.signatures.has(key)) throw ERRORS.replayed();
    if ((this.byFamily.get(family) ?? 0) >= SIGNATURES_OF_FAMILY_MAX) {
      throw ERRORS.tooManySignatures(SIGNATURES_OF_FAMILY_MAX);
    }
    if (this.count >= SIGNATURES_MAX) throw ERRORS.overloaded();
    if (this.shared === null) second.signatures.add(key);
    else {
      const isNew = this.shared.take(signature, deadlineMs, nowMs);
      if (isNew === null) throw ERRORS.overloaded();
      if (!isNew) throw ERRORS.replayed();
    }
    second.count++;
    this.count++;
    add(second.byFamily, family, 1);
    add(this.byFamily, family, 1);
  }

  /** Drops those whose window has passed; at most once a second. */
  forget(nowMs: number): void {
    this.nextForgetMs = nowMs + SECOND_MS;
    if (this.isOn) this.shared?.begin(nowMs);
    for (const [number, second] of this.seconds) {
      if ((number + 1) * SECOND_MS > nowMs) continue;
      this.seconds.delete(number);
      this.count -= second.count;
      for (const [family, count] of second.byFamily) add(this.byFamily, family, -count);
    }
  }

  private secondOf(deadlineMs: number): Second {
    const number = Math.floor(deadlineMs / SECOND_MS);
    const known = this.seconds.get(number);
    if (known !== undefined) return known;
    const second = { signatures: new Set<string>(), byFamily: new Map<number, number>(), count: 0 };
    this.seconds.set(number, second);
    return second;
  }
}

function add(counts: Map<number, number>, family: number, change: number): void {
  const count = (counts.get(family) ?? 0) + change;
  if (count === 0) counts.delete(family);
  else counts.set(family, count);
}
