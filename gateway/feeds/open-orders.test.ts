import { expect, it } from 'vitest';
import { OpenOrders } from './open-orders.js';

const [MINE, YOURS] = [3, 5];

function filled(): OpenOrders {
  const orders = new OpenOrders();
  orders.setDetails(orders.add(1, 10, MINE), 0, 77);
  orders.setDetails(orders.add(1, 11, YOURS), 0, 78);
  orders.setDetails(orders.add(2, 10, MINE), 0, 78);
  // As the state of before a start is told.
  orders.seedClientText(orders.add(1, 12, MINE), '79');
  return orders;
}

it("finds an account's open order by its id, and nobody else's", () => {
  const orders = filled();
  expect(orders.orderOf(MINE, 1, 10)).toMatchObject({ accountId: MINE, clientOrderId: '77' });
  expect(orders.orderOf(MINE, 2, 10)).toMatchObject({ marketId: 2, clientOrderId: '78' });
  expect(orders.orderOf(MINE, 1, 11)).toBeNull();
  expect(orders.orderOf(MINE, 3, 10)).toBeNull();
  orders.remove(orders.find(1, 10));
  expect(orders.orderOf(MINE, 1, 10)).toBeNull();
});

it('finds it by its client id, also one from before the start', () => {
  const orders = filled();
  expect(orders.orderNamed(MINE, 1, 77)?.orderId).toBe(10);
  expect(orders.orderNamed(MINE, 1, 79)?.orderId).toBe(12);
  expect(orders.orderNamed(MINE, 1, 78)).toBeNull();
  expect(orders.orderNamed(MINE, 2, 78)?.orderId).toBe(10);
  expect(orders.orderNamed(YOURS + 1_000_000, 1, 77)).toBeNull();
});

it("lists an account's orders by market and id", () => {
  const ids = filled()
    .ofAccount(MINE)
    .map(({ marketId, orderId }) => [marketId, orderId]);
  expect(ids).toEqual([
    [1, 10],
    [1, 12],
    [2, 10],
  ]);
  expect(filled().countOf(MINE)).toBe(3);
});
