import { stepEach } from './step-each.js';

const FIRST_WAIT_MS = 500;
const WAIT_MAX_MS = 120_000;
/** Of what has failed before, in one round: each may take as long as the chain does to refuse. */
const RETRIES_A_ROUND = 10;

interface Turn {
  readonly takenMs: number;
  readonly failures: number;
}

/**
 * Who is looked at next, of many of whom some are stuck: first who has not failed yet, then who was tried longest ago. What failed is tried
 * again soon, then less and less often, at least every two minutes. So however many cannot be paid, because their owners want it so
 * perhaps, the others are.
 */
export class FairTurns {
  private readonly now: () => number;
  private readonly turns = new Map<number, Turn>();

  constructor(now: () => number) {
    this.now = now;
  }

  /** One step for those whose turn it is, as `stepEach` does. `open`: all that are under way. */
  async step<Item extends { readonly id: number }>(
    open: readonly Item[],
    most: number,
    step: (item: Item) => Promise<boolean>,
  ): Promise<boolean> {
    this.forgetOthers(open);
    return stepEach(this.next(open, most), async (item) => {
      let failures = (this.turns.get(item.id)?.failures ?? 0) + 1;
      try {
        const hasMoved = await step(item);
        failures = 0;
        return hasMoved;
      } finally {
        this.turns.set(item.id, { takenMs: this.now(), failures });
      }
    });
  }

  private next<Item extends { readonly id: number }>(open: readonly Item[], most: number): Item[] {
    const byTime = (a: Item, b: Item) => this.takenMs(a) - this.takenMs(b);
    const fresh = open.filter(({ id }) => this.failuresOf(id) === 0).sort(byTime);
    const failed = open.filter(({ id }) => this.failuresOf(id) > 0 && this.isDue(id)).sort(byTime);
    return [...fresh.slice(0, most), ...failed.slice(0, RETRIES_A_ROUND)];
  }

  private takenMs({ id }: { readonly id: number }): number {
    return this.turns.get(id)?.takenMs ?? Number.NEGATIVE_INFINITY;
  }

  private failuresOf(id: number): number {
    return this.turns.get(id)?.failures ?? 0;
  }

  /** A clock that was set back does not make it wait longer. */
  private isDue(id: number): boolean {
    const turn = this.turns.get(id);
    if (turn === undefined) return true;
    const waitMs = Math.min(FIRST_WAIT_MS * 2 ** (turn.failures - 1), WAIT_MAX_MS);
    return Math.abs(this.now() - turn.takenMs) >= waitMs;
  }

  private forgetOthers(open: readonly { readonly id: number }[]): void {
    if (this.turns.size <= 2 * open.length) return;
    const ids = new Set(open.map(({ id }) => id));
    for (const id of this.turns.keys()) if (!ids.has(id)) this.turns.delete(id);
  }
}
