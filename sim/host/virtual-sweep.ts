import { assert } from '../../engine/assert.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import type { AccountSweep } from '../../risk/runtime/sweeper.js';
import { SweptColumns } from '../../risk/runtime/swept-columns.js';

/** Accounts of a range, so that a round has several. */
const RANGE_ACCOUNTS = 7;
const WILD_IDS = [0, -1, 1_000_000, 2 ** 26, 2 ** 31 - 1, -(2 ** 31)];

interface Job {
  first: number;
  end: number;
  /** What it has seen and not said yet. */
  seen: readonly number[] | null;
}

/**
 * Sweeps of other threads: each takes its time, reports in any order what it saw earlier, dies and begins again, and says things that
 * are not so.
 */
export class VirtualSweep implements AccountSweep {
  private jobs: Job[] = [];
  private found: number[] = [];
  private readonly columns: SweptColumns;
  private readonly random: Xorshift;

  constructor(core: ShardCore, random: Xorshift) {
    const { memory, calls } = (core.home as MarginActor).state.kernel;
    this.columns = new SweptColumns(memory, calls);
    this.random = random;
  }

  begin(last: number): void {
    assert(this.jobs.length === 0, 'a sweep must not begin before the one before has ended');
    for (let first = 1; first <= last; first += RANGE_ACCOUNTS) {
      this.jobs.push({ first, end: Math.min(last + 1, first + RANGE_ACCOUNTS), seen: null });
    }
  }

  poll(found: number[]): boolean {
    found.push(...this.found);
    this.found = [];
    return this.jobs.length === 0;
  }

  /** Some threads do something. */
  step(): void {
    const { random } = this;
    for (const job of [...this.jobs]) {
      const dice = random.below(10);
      if (dice < 3) job.seen = this.look(job);
      else if (dice < 4) job.seen = null;
      else if (dice < 7 && job.seen !== null) this.report(job, job.seen);
    }
  }

  finishAll(): void {
    for (const job of [...this.jobs]) this.report(job, job.seen ?? this.look(job));
  }

  private look({ first, end }: Job): number[] {
    const below: number[] = [];
    this.columns.sweep(first, end, (account) => below.push(account));
    return below;
  }

  private report(job: Job, seen: readonly number[]): void {
    this.jobs = this.jobs.filter((other) => other !== job);
    this.found.push(...withNoise(seen, this.random));
  }
}

/** Also accounts that are sound, unknown, or named twice: none of them may make a difference. */
export function withNoise(accounts: readonly number[], random: Xorshift): number[] {
  const noisy = [...accounts];
  if (random.chance(30)) noisy.push(random.between(1, 24));
  if (random.chance(20)) noisy.push(random.pick(WILD_IDS));
  if (random.chance(20) && accounts.length > 0) noisy.push(random.pick(accounts));
  return noisy;
}
