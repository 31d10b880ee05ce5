import { describe, expect, it } from 'vitest';
import { CANDIDATES_MAX, W_CANDIDATES } from '../../engine/messages/candidates.js';
import { EVENT_SLOTS, F_QTY, headOf, W_HEAD } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { EVT_DONE } from '../../engine/messages/types.js';
import { messageProblem } from '../../engine/runtime/message-check.js';
import { type RangeSweep, Sweeper } from './sweeper.js';

const PORT = 3;

interface Asked {
  first: number;
  end: number;
  done: (below: readonly number[]) => void;
}

/** A sweeper over ten accounts in ranges of four; the test says what its ranges report and what the shard answers. */
function setUp() {
  const home = { termsChanges: 0, lastAccount: 10 };
  const asked: Asked[] = [];
  const ranges: RangeSweep = { sweep: (first, end, done) => asked.push({ first, end, done }) };
  const sweeper = new Sweeper(home, ranges, PORT, 4);
  /** What the host would take, as ids. */
  const take = (): number[] => {
    const { input } = sweeper.hostPort;
    const ids: number[] = [];
    for (let at = input.next(); at >= 0; at = input.next()) {
      expect(messageProblem(input.words, input.floats, at, 'operators')).toBe(0);
      const count = input.floats[at / 2 + F_QTY] as number;
      ids.push(...input.words.subarray(at + W_CANDIDATES, at + W_CANDIDATES + count));
      input.advance();
    }
    input.release();
    return ids;
  };
  const answer = (messages: number): void => {
    const events = new MessageBuffer(8);
    for (let i = 0; i < messages; i++) {
      const at = events.push(EVENT_SLOTS) * 16;
      events.words[at + W_HEAD] = headOf(EVT_DONE, EVENT_SLOTS, 0);
      events.words[at + 10] = PORT << 24;
      events.words[at + 11] = PORT << 24;
    }
    sweeper.hostPort.output.write(events, 0);
    sweeper.look();
  };
  return { home, asked, sweeper, take, answer };
}

describe('a sweeper', () => {
  it('does nothing before its start, and begins with a round over all accounts', () => {
    const { home, asked, sweeper } = setUp();
    home.termsChanges = 5;
    sweeper.look();
    expect(asked).toEqual([]);
    expect(sweeper.idle).toBe(true);
    sweeper.start();
    expect(sweeper.idle).toBe(false);
    sweeper.look();
    expect(asked.map(({ first, end }) => [first, end])).toEqual([
      [1, 5],
      [5, 9],
      [9, 11],
    ]);
  });

  it('has done a round when every range has reported and every candidate is answered', () => {
    const { asked, sweeper, take, answer } = setUp();
    sweeper.start();
    sweeper.look();
    asked[2]?.done([10]);
    sweeper.look();
    // It does not wait for the others before it says what it knows.
    expect(take()).toEqual([10]);
    asked[0]?.done([2, 3]);
    asked[1]?.done([]);
    sweeper.look();
    expect(take()).toEqual([2, 3]);
    answer(1);
    expect(sweeper.idle).toBe(false);
    answer(1);
    expect(sweeper.idle).toBe(true);
    expect([sweeper.rounds, sweeper.candidates]).toEqual([1, 3]);
    sweeper.look();
    expect(asked).toHaveLength(3);
  });

  it('follows a round that was overtaken by another one', () => {
    const { home, asked, sweeper, answer } = setUp();
    sweeper.start();
    sweeper.look();
    asked[0]?.done([1]);
    home.termsChanges++;
    home.lastAccount = 4;
    asked[1]?.done([]);
    asked[2]?.done([]);
    sweeper.look();
    answer(1);
    expect(sweeper.idle).toBe(false);
    expect(asked).toHaveLength(3);
    sweeper.look();
    expect(asked.slice(3).map(({ first, end }) => [first, end])).toEqual([[1, 5]]);
    asked[3]?.done([]);
    sweeper.look();
    expect(sweeper.idle).toBe(true);
    expect(sweeper.rounds).toBe(2);
  });

  it('keeps what the ring has no room for until there is room', () => {
    const { asked, sweeper, take } = setUp();
    sweeper.start();
    sweeper.look();
    const many = Array.from({ length: 200 * CANDIDATES_MAX + 1 }, (_, i) => i + 1);
    asked[0]?.done(many);
    const taken: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      sweeper.look();
      taken.push(...take());
    }
    expect(taken).toEqual(many);
  });

  it('refuses a range that reports twice', () => {
    const { asked, sweeper } = setUp();
    sweeper.start();
    sweeper.look();
    asked[0]?.done([]);
    expect(() => asked[0]?.done([])).toThrow(/a range must report once/);
  });

  it('sends nothing after its stop, and is waited for by nobody', () => {
    const { asked, sweeper, take } = setUp();
    sweeper.start();
    sweeper.look();
    sweeper.stop();
    for (const { done } of asked) done([1]);
    sweeper.look();
    expect(take()).toEqual([]);
    expect(sweeper.idle).toBe(true);
  });
});
