import { describe, expect, it } from 'vitest';
import { NaiveBook } from '../../engine/book/naive-book.js';
import { noPositions } from '../../engine/book/order-book.js';
import { PRICE_TICKS_MAX } from '../../engine/units/units.js';
import { generateWorkload } from '../workload/generator.js';
import { referenceResult } from '../workload/reference-result.js';
import { BookEngine } from './book-engine.js';
import { BENCH_MARKET } from './encode.js';

const options = { marketId: BENCH_MARKET, priceTicksMax: PRICE_TICKS_MAX, ledger: noPositions };

/** A workload whose prefill is cut to what the naive book applies in a moment. */
function smallWorkload() {
  const { workload } = generateWorkload(2, 10);
  return { ...workload, prefillCount: 500, timedCount: 1000 };
}

describe('a book driven by a workload', () => {
  it('trades like the reference, in any cut of the commands', () => {
    const workload = smallWorkload();
    const engine = new BookEngine(new NaiveBook(options), workload);
    for (const [from, to] of [
      [0, 500],
      [500, 501],
      [501, 1500],
    ] as const) {
      engine.run(from, to);
    }
    expect(engine.result()).toEqual(referenceResult(workload, 1000));
  });

  it('can go on where another book stands', () => {
    const workload = smallWorkload();
    const first = new BookEngine(new NaiveBook(options), workload);
    first.run(0, 700);
    const second = BookEngine.continueFrom(first, new NaiveBook(options), workload);
    second.run(700, 1500);
    expect(second.result()).toEqual(referenceResult(workload, 1000));
  });

  it('says which command the book refused', () => {
    const workload = smallWorkload();
    workload.words = workload.words.slice();
    workload.words[8 + 8] = 2; // Record 1 becomes a cancel, of order 2, which is not there.
    const engine = new BookEngine(new NaiveBook(options), workload);
    expect(() => engine.run(0, 2)).toThrow('refused a command of the workload: order_is_not_open');
  });
});
