import { describe, expect, it } from 'vitest';
import { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import {
  CLIENT_CLOSED,
  CLIENT_OPEN,
  CLOSED_REMEMBERED,
  CLOSED_REMEMBERED_MS,
  ClientIds,
  NO_CLIENT_REF,
} from './client-ids.js';

const MARKET = 1;

describe('memory of client order ids', () => {
  it('knows an id from its first use, separately for each account', () => {
    const ids = new ClientIds();
    const ref = ids.add(1, 'alpha', MARKET);
    expect(ids.find(1, 'alpha')).toBe(ref);
    expect(ids.find(2, 'alpha')).toBe(NO_CLIENT_REF);
    expect(ids.orderIdOf(ref)).toBe(0);
    ids.open(ref, 42);
    expect([ids.orderIdOf(ref), ids.stateOf(ref)]).toEqual([42, CLIENT_OPEN]);
  });

  it('keeps a number and its text apart', () => {
    const ids = new ClientIds();
    ids.add(1, 7, MARKET);
    expect(ids.find(1, '7')).toBe(NO_CLIENT_REF);
  });

  it('forgets an id whose order was never made, so that it may be used again', () => {
    const ids = new ClientIds();
    ids.drop(ids.add(1, 'alpha', MARKET));
    expect(ids.find(1, 'alpha')).toBe(NO_CLIENT_REF);
  });

  it('remembers more than 1,024 closed orders while they are younger than ten minutes', () => {
    const ids = closedOrders(CLOSED_REMEMBERED + 10, 1_000);
    expect(ids.stateOf(ids.find(1, 1))).toBe(CLIENT_CLOSED);
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

  it('comes back from a snapshot with the same references', () => {
    const ids = closedOrders(3, 1_000);
    const open = ids.add(2, 'still-open', MARKET);
    ids.open(open, 99);
    const writer = new CanonicalWriter();
    ids.writeState(writer);
    const again = new ClientIds();
    again.readState(new CanonicalReader(writer.bytes().slice()));
    expect(again.find(2, 'still-open')).toBe(open);
    expect(again.orderIdOf(open)).toBe(99);
    expect(again.find(1, 3)).toBe(ids.find(1, 3));
    const second = new CanonicalWriter();
    again.writeState(second);
    expect(second.bytes()).toEqual(writer.bytes());
  });
});

/** Orders 1 … count of account 1, made and closed at the same time. */
function closedOrders(count: number, nowMs: number): ClientIds {
  const ids = new ClientIds();
  for (let id = 1; id <= count; id++) {
    const ref = ids.add(1, id, MARKET);
    ids.open(ref, id);
    ids.close(ref, nowMs);
  }
  return ids;
}
