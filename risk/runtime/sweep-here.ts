import type { RiskKernel } from '../margin/risk-kernel.js';
import type { RangeSweep } from './sweeper.js';

/** Sweeps in the calling thread, at once. */
export class SweepHere implements RangeSweep {
  private readonly kernel: RiskKernel;

  constructor(kernel: RiskKernel) {
    this.kernel = kernel;
  }

  sweep(first: number, end: number, done: (below: readonly number[]) => void): void {
    done(accountsBelow(this.kernel, first, end));
  }
}

/** Accounts from `first` on, and before `end`, that are below their margin and not being liquidated yet. */
export function accountsBelow({ calls }: RiskKernel, first: number, end: number): number[] {
  const below: number[] = [];
  let account = calls.nextBelowMargin(first, end);
  for (; account !== 0; account = calls.nextBelowMargin(account + 1, end)) below.push(account);
  return below;
}
