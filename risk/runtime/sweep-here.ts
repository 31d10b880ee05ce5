import type { RiskKernel } from '../margin/risk-kernel.js';
import type { AccountSweep } from './sweeper.js';

/** Sweeps in the calling thread, all accounts at once. */
export class SweepHere implements AccountSweep {
  private readonly kernel: RiskKernel;
  private last = 0;

  constructor(kernel: RiskKernel) {
    this.kernel = kernel;
  }

  begin(last: number): void {
    this.last = last;
  }

  poll(found: number[]): boolean {
    forEachBelow(this.kernel.calls, 1, this.last + 1, (account) => found.push(account));
    return true;
  }
}

/** Visits accounts from `first` on, and before `end`, that are below their margin and not being liquidated yet. */
export function forEachBelow(
  calls: Pick<RiskKernel['calls'], 'nextBelowMargin'>,
  first: number,
  end: number,
  visit: (account: number) => void,
): void {
  let account = calls.nextBelowMargin(first, end);
  for (; account !== 0; account = calls.nextBelowMargin(account + 1, end)) visit(account);
}

/** The same as a list. */
export function accountsBelow({ calls }: RiskKernel, first: number, end: number): number[] {
  const below: number[] = [];
  forEachBelow(calls, first, end, (account) => below.push(account));
  return below;
}
