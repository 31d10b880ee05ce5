import type { RiskKernel } from '../margin/risk-kernel.js';
import type { SweepBoard } from './sweep-board.js';
import type { AccountSweep } from './sweeper.js';
import { type SweepCalls, SweptColumns } from './swept-columns.js';

const RANGE_ACCOUNTS = 8192;
/** Less than two milliseconds. */
const RANGES_AT_ONCE = 4;
/** At most so many accounts of a range are copied at once: the shard waits. */
const COPIES_MAX = 512;

/**
 * Sweeps in the calling thread, a few ranges at a time, or up to the first one in which somebody is found: in between the shard goes on,
 * and begins with those.
 */
export class SweepHere implements AccountSweep {
  private readonly columns: SweptColumns;
  private readonly onMore: () => void;
  private next = 1;
  private last = 0;

  /** `onMore` is called when there is more to look at than the present call does: somebody has to poll once more. */
  constructor({ memory, calls }: RiskKernel, onMore: () => void) {
    this.columns = new SweptColumns(memory, calls, COPIES_MAX);
    this.onMore = onMore;
  }

  begin(last: number): void {
    this.last = last;
    this.next = 1;
  }

  poll(found: number[]): boolean {
    const end = this.last + 1;
    for (let ranges = 0; this.next < end && ranges < RANGES_AT_ONCE; ranges++) {
      if (found.length > 0) break;
      const first = this.next;
      this.next = Math.min(end, first + RANGE_ACCOUNTS);
      this.columns.sweep(first, this.next, (account) => found.push(account));
    }
    if (this.next >= end) return true;
    this.onMore();
    return false;
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

/** The same of a range of a board. */
export function forEachBelowIn(
  calls: Pick<SweepCalls, 'nextBelowMargin'>,
  board: SweepBoard,
  range: number,
  visit: (account: number) => void,
): void {
  const { first, end } = board.bounds(range);
  if (!board.isList) {
    forEachBelow(calls, first, end, visit);
    return;
  }
  for (let position = first; position < end; position++) {
    const account = board.listed(position);
    forEachBelow(calls, account, account + 1, visit);
  }
}

/** The same as a list. */
export function accountsBelow({ calls }: RiskKernel, first: number, end: number): number[] {
  const below: number[] = [];
  forEachBelow(calls, first, end, (account) => below.push(account));
  return below;
}
