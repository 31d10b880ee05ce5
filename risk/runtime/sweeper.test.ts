import { describe, expect, it } from 'vitest';
import { CANDIDATES_MAX, W_CANDIDATES } from '../../engine/messages/candidates.js';
import {
  EVENT_SLOTS,
  EW_REQUEST,
  EW_SESSION,
  F_QTY,
  headOf,
  SLOT_WORDS,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  EVT_ACCEPTED,
  EVT_BALANCE,
  EVT_DONE,
  EVT_FILL,
  EVT_FRAME,
  EVT_FUNDING,
  EVT_INSURANCE,
  EVT_POSITION_MARGIN,
  EVT_TRANSFER,
} from '../../engine/messages/types.js';
import { messageProblem } from '../../engine/runtime/message-check.js';
import { type AccountSweep, Sweeper } from './sweeper.js';

const PORT = 3;

interface Told {
  type: number;
  account?: number;
  port?: number;
}

function eventsOf(...events: Told[]): MessageBuffer {
  const buffer = new MessageBuffer(64);
  for (const [i, { type, account = 0, port = 0 }] of events.entries()) {
    const at = buffer.push(EVENT_SLOTS) * SLOT_WORDS;
    buffer.words[at + W_HEAD] = headOf(type, EVENT_SLOTS, 0);
    buffer.words[at + W_ACCOUNT] = account;
    buffer.words[at + EW_SESSION] = port << 24;
    buffer.words[at + EW_REQUEST] = i + 1;
  }
  return buffer;
}

/** A sweeper over ten accounts; the test says what the sweep finds, when it is done, and what the shard answers. */
function setUp() {
  const below = new Set<number>();
  const home = {
    termsChanges: 0,
    lastAccount: 10,
    isCandidate: (account: number) => below.has(account),
  };
  const begun: number[] = [];
  const state = { finds: [] as number[], isDone: false };
  const sweep: AccountSweep = {
    begin: (last) => begun.push(last),
    poll: (found) => {
      found.push(...state.finds.splice(0));
      return state.isDone;
    },
  };
  const sweeper = new Sweeper(home, sweep, PORT);
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
  const answer = (): void => {
    sweeper.hostPort.output.write(eventsOf({ type: EVT_DONE, port: PORT }), 0);
  };
  const find = (...accounts: number[]): void => {
    state.finds.push(...accounts);
    sweeper.look();
  };
  return { home, below, begun, state, sweep, sweeper, take, answer, find };
}

describe('a sweeper', () => {
  it('does nothing before its start, and begins with a round over all accounts', () => {
    const { home, begun, sweeper } = setUp();
    home.termsChanges = 5;
    sweeper.look();
    expect(begun).toEqual([]);
    expect(sweeper.idle).toBe(true);
    sweeper.start();
    expect(sweeper.idle).toBe(false);
    sweeper.look();
    expect(begun).toEqual([10]);
  });

  it('has done a round when the sweep is done and every candidate is answered', () => {
    const { begun, state, sweeper, take, answer, find } = setUp();
    sweeper.start();
    find(10);
    // It does not wait for the rest before it says what it knows.
    expect(take()).toEqual([10]);
    state.isDone = true;
    find(2, 3);
    expect(take()).toEqual([2, 3]);
    expect(sweeper.isSweeping).toBe(false);
    answer();
    sweeper.look();
    expect(sweeper.idle).toBe(false);
    // Of others.
    sweeper.hostPort.output.write(eventsOf({ type: EVT_DONE, port: 2 }), 0);
    sweeper.look();
    expect(sweeper.idle).toBe(false);
    answer();
    sweeper.look();
    expect(sweeper.idle).toBe(true);
    expect([sweeper.rounds, sweeper.candidates]).toEqual([1, 3]);
    sweeper.look();
    expect(begun).toHaveLength(1);
  });

  it('begins another round a second after the last when anybody’s position or collateral has moved', () => {
    const { begun, state, sweeper } = setUp();
    const frameAt = (timeMs: number, ...events: Told[]): void => {
      const buffer = eventsOf({ type: EVT_FRAME }, ...events);
      buffer.floats[2] = timeMs;
      sweeper.note(buffer);
      sweeper.look();
    };
    state.isDone = true;
    sweeper.start();
    frameAt(5_000);
    expect([sweeper.rounds, sweeper.idle]).toEqual([1, true]);
    frameAt(7_000, { type: EVT_ACCEPTED, account: 3 });
    expect(begun).toHaveLength(1);
    frameAt(7_001, { type: EVT_ACCEPTED, account: 3 }, { type: EVT_FILL, account: 3 });
    expect([sweeper.rounds, sweeper.idle]).toEqual([2, true]);
    frameAt(7_500, { type: EVT_FILL, account: 4 });
    frameAt(8_000);
    expect(begun).toHaveLength(2);
    frameAt(8_001);
    expect(begun).toHaveLength(3);
    frameAt(20_000);
    expect([sweeper.rounds, sweeper.idle]).toEqual([3, true]);
  });

  it('follows a round that was overtaken by another one', () => {
    const { home, begun, state, sweeper, answer, find } = setUp();
    sweeper.start();
    find(1);
    home.termsChanges++;
    home.lastAccount = 4;
    state.isDone = true;
    sweeper.look();
    expect(begun).toEqual([10]);
    answer();
    sweeper.look();
    expect(sweeper.idle).toBe(false);
    sweeper.look();
    expect(begun).toEqual([10, 4]);
    expect(sweeper.idle).toBe(true);
    expect(sweeper.rounds).toBe(2);
  });

  it('looks itself at accounts that were written while the sweep may have read them', () => {
    const { below, state, sweeper, take } = setUp();
    for (let account = 1; account <= 9; account++) below.add(account);
    sweeper.note(eventsOf({ type: EVT_FILL, account: 1 }));
    sweeper.start();
    sweeper.look();
    const written = [
      EVT_FILL,
      EVT_BALANCE,
      EVT_FUNDING,
      EVT_TRANSFER,
      EVT_INSURANCE,
      EVT_POSITION_MARGIN,
    ].map((type, i) => ({ type, account: i + 2 }));
    sweeper.note(eventsOf(...written, { type: EVT_ACCEPTED, account: 8 }));
    sweeper.note(eventsOf({ type: EVT_FILL, account: 10 }));
    sweeper.look();
    expect(take()).toEqual([]);
    below.delete(3);
    state.isDone = true;
    sweeper.look();
    expect(take()).toEqual([2, 4, 5, 6, 7]);
    sweeper.note(eventsOf({ type: EVT_FILL, account: 9 }));
    sweeper.look();
    expect(take()).toEqual([]);
  });

  it('has them looked at again by who swept, as long as there are many, and what is written meanwhile, too', () => {
    const { below, begun, state, sweep, sweeper, take } = setUp();
    const again: number[][] = [];
    sweep.again = (accounts) => {
      if (accounts.length < 2) return 0;
      again.push(accounts.slice(0, 3));
      return Math.min(3, accounts.length);
    };
    for (const account of [4, 7, 9]) below.add(account);
    const fills = (...accounts: number[]) =>
      sweeper.note(eventsOf(...accounts.map((account) => ({ type: EVT_FILL, account }))));
    sweeper.start();
    sweeper.look();
    fills(1, 2, 3, 4, 5);
    state.isDone = true;
    sweeper.look();
    expect([again, sweeper.isSweeping]).toEqual([[[1, 2, 3]], true]);
    fills(7);
    sweeper.look();
    fills(9);
    sweeper.look();
    expect(again).toEqual([
      [1, 2, 3],
      [4, 5, 7],
    ]);
    expect([take(), sweeper.isSweeping, begun]).toEqual([[9], false, [10]]);
  });

  it('keeps what the ring has no room for until there is room', () => {
    const { state, sweeper, take, find } = setUp();
    sweeper.start();
    const many = Array.from({ length: 200 * CANDIDATES_MAX + 1 }, (_, i) => i + 1);
    state.isDone = true;
    find(...many);
    const taken: number[] = [];
    for (let turn = 0; turn < 10; turn++) {
      sweeper.look();
      taken.push(...take());
    }
    expect(taken).toEqual(many);
  });

  it('sends nothing after its stop, and is waited for by nobody', () => {
    const { sweeper, take, find } = setUp();
    sweeper.start();
    sweeper.look();
    sweeper.stop();
    find(1);
    expect(take()).toEqual([]);
    expect(sweeper.idle).toBe(true);
  });
});
