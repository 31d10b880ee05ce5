import { expect, it } from 'vitest';
import { OrderQueues, type QueuedOrder } from './order-queues.js';

function orderOf(orderId: number, priceTicks: number): QueuedOrder {
  return { orderId, side: 0, priceTicks, lots: 1, priority: orderId };
}

it.each([
  ['bids', -1, [4, 6, 3, 1, 5]],
  ['asks', 1, [1, 5, 3, 4, 6]],
] as const)('has %s in the order in which they would trade', (_name, better, expected) => {
  const queues = new OrderQueues(better);
  const orders = [
    [1, 100],
    [2, 100],
    [3, 101],
    [4, 102],
    [5, 100],
    [6, 102],
  ] as const;
  for (const [id, price] of orders) queues.add(orderOf(id, price));
  queues.remove(orderOf(2, 100));
  expect(queues.first(10).map(({ orderId }) => orderId)).toEqual(expected);
  expect(queues.first(3).map(({ orderId }) => orderId)).toEqual(expected.slice(0, 3));
});

it('has room for more orders at one price than a call may have arguments', () => {
  const queues = new OrderQueues(1);
  const COUNT = 200_000;
  for (let id = 1; id <= COUNT; id++) queues.add(orderOf(id, 100));
  // From the end of the queue, the way that is longest for who walks through it.
  for (let id = COUNT; id > COUNT - 1_000; id--) queues.remove(orderOf(id, 100));
  expect(queues.first(Number.POSITIVE_INFINITY)).toHaveLength(COUNT - 1_000);
});
