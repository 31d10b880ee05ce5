import type { RiskKernel } from '../margin/risk-kernel.js';
import type { AccountSweep } from './sweeper.js';
import { type SweepCalls, SweptColumns } from './swept-columns.js';

const RANGE_ACCOUNTS = 8192;
/** At most so many accounts of a range are copied at once: the shard waits. */
const COPIES_MAX = 512;

/** Sweeps in the calling thread, up to the first range in which somebody is found: then the shard goes on with those. */
export class SweepHere implements AccountSweep {
  private readonly columns: SweptColumns;
  private next = 1;
  private last = 0;

  constructor({ memory, calls }: RiskKernel) {
    this.columns = new SweptColumns(memory, calls, COPIES_MAX);
  }

  begin(last: number): void {
    this.last = last;
    this.next = 1;
  }

  poll(found: number[]): boolean {
    const end = this.last + 1;
    while (this.next < end && found.length === 0) {
      const first = this.next;
      this.next = Math.min(end, first + RANGE_ACCOUNTS);
      this.columns.sweep(first, this.next, (account) => found.push(account));
    }
    return this.next >= end;
  }
}

/** Visits accounts from `first` on, and before `end`, that are below their margin and not being liquidated yet. */
export function forEachBelow(
  calls: Pick<SweepCalls, 'nextBelowMargin'>,
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
