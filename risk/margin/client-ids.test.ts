import { describe, expect, it } from 'vitest';
import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import {
  CLIENT_CLOSED,
  CLIENT_OPEN,
  CLOSED_REMEMBERED,
  CLOSED_REMEMBERED_MS,
} from '../kernel/layout.js';
import { KeyedClientIds } from '../testing/keyed-client-ids.js';

const MARKET = 1;

describe('memory of client order ids', () => {
  it('knows an id from its first use, separately for each account', () => {
    const ids = new KeyedClientIds();
    const ref = ids.add(1, 'alpha', MARKET);
    expect(ids.find(1, 'alpha')).toBe(ref);
    expect(ids.find(2, 'alpha')).toBe(NO_CLIENT_REF);
    expect(ids.ids.orderIdOf(ref)).toBe(0);
    ids.open(ref, 42);
    expect([ids.ids.orderIdOf(ref), ids.ids.stateOf(ref)]).toEqual([42, CLIENT_OPEN]);
  });

  it('keeps a number and its text apart', () => {
    const ids = new KeyedClientIds();
    ids.add(1, 7, MARKET);
    expect(ids.find(1, '7')).toBe(NO_CLIENT_REF);
  });

  it('forgets an id whose order was never made, so that it may be used again', () => {
    const ids = new KeyedClientIds();
    ids.drop(ids.add(1, 'alpha', MARKET));
    expect(ids.find(1, 'alpha')).toBe(NO_CLIENT_REF);
  });

  it('remembers more than 1,024 closed orders while they are younger than ten minutes', () => {
    const ids = closedOrders(CLOSED_REMEMBERED + 10, 1_000);
    expect(ids.ids.stateOf(ids.find(1, 1))).toBe(CLIENT_CLOSED);
  });

  it('forgets the oldest beyond 1,024 when they are older than ten minutes, and only those', () => {
    const ids = closedOrders(CLOSED_REMEMBERED, 1_000);
    const later = 1_000 + CLOSED_REMEMBERED_MS;
    const ref = ids.add(1, 'last', MARKET);
    ids.open(ref, 5_000);
    ids.close(ref, later);
    expect(ids.find(1, 1)).toBe(NO_CLIENT_REF);
    expect(ids.find(1, 2)).not.toBe(NO_CLIENT_REF);
  });

  it('keeps 1,024 closed orders however old they are', () => {
    const ids = closedOrders(CLOSED_REMEMBERED, 1_000);
    expect(ids.find(1, 1)).not.toBe(NO_CLIENT_REF);
  });

  it('takes what stands behind the end of a text for nothing', () => {
    const ids = new KeyedClientIds();
    const ref = ids.add(1, 'abcde', MARKET);
    expect(ids.find(1, 'abcde')).toBe(ref);
    expect(ids.find(1, 'abcd')).toBe(NO_CLIENT_REF);
    expect(ids.find(1, 'abcdef')).toBe(NO_CLIENT_REF);
    expect(ids.ids.keyAt(ref)).toBe('abcde');
  });

  it('gives memory back, so that ids that come and go cost no more than those that stay', () => {
    const ids = new KeyedClientIds();
    const bytesOf = (): number => ids.kernel.bytes;
    churn(ids, 1, 0);
    const before = bytesOf();
    churn(ids, 20, CLOSED_REMEMBERED_MS + 1);
    expect(bytesOf()).toBe(before);
  });

  it('refuses a reference that was never given', () => {
    const ids = new KeyedClientIds();
    ids.add(1, 7, MARKET);
    expect(() => ids.open(1, 5)).toThrow('invariant');
    expect(() => ids.open(-1, 5)).toThrow('invariant');
  });

  it('comes back from a snapshot with the same references', () => {
    const ids = closedOrders(3, 1_000);
    const open = ids.add(2, 'still-open', MARKET);
    ids.open(open, 99);
    const bytes = ids.bytes();
    const again = new KeyedClientIds();
    again.read(bytes);
    expect(again.find(2, 'still-open')).toBe(open);
    expect(again.ids.orderIdOf(open)).toBe(99);
    expect(again.find(1, 3)).toBe(ids.find(1, 3));
    expect(again.bytes()).toEqual(bytes);
  });
});

/** Orders 1 … count of account 1, made and closed at the same time. */
function closedOrders(count: number, nowMs: number): KeyedClientIds {
  const ids = new KeyedClientIds();
  for (let id = 1; id <= count; id++) {
    const ref = ids.add(1, id, MARKET);
    ids.open(ref, id);
    ids.close(ref, nowMs);
  }
  return ids;
}

/** Rounds of 4,000 orders of one account, half of them named by text, each round `apartMs` after the one before it. */
function churn(ids: KeyedClientIds, rounds: number, apartMs: number): void {
  for (let round = 0; round < rounds; round++) {
    for (let i = 1; i <= 4000; i++) {
      const ref = ids.add(1, i % 2 === 0 ? i + round * 4000 : `order-${round}-${i}`, MARKET);
      ids.open(ref, i);
      ids.close(ref, (round + 1) * apartMs);
    }
  }
}
