import { buy, cancel, massCancel, replace, sell } from '../messages.js';
import type { BookCase } from './book-case.js';

const second = { account: 2 };

export const cancelCases: BookCase[] = [
  {
    name: 'a cancel tells the lots that were left',
    given: [buy(100, 10), sell(100, 4, second)],
    when: cancel(1),
    told: ['* canceled #1 6@100 user'],
    orders: [],
  },
  {
    name: 'from the middle of a queue',
    given: [buy(100, 1), buy(100, 2), buy(100, 3)],
    when: cancel(2),
    told: ['* canceled #2 2@100 user'],
    orders: ['buy #1 1@100', 'buy #3 3@100'],
  },
  {
    name: 'twice is once too often',
    given: [buy(100, 10), cancel(1)],
    when: cancel(1),
    told: ['* rejected order_is_not_open 1 limit 0'],
  },
  {
    name: "another account's order",
    given: [buy(100, 10, second)],
    when: cancel(1),
    told: ['* rejected order_is_not_open 1 limit 0'],
  },
  {
    name: 'an id that was never issued',
    when: cancel(2 ** 52),
    told: ['* rejected order_is_not_open 4503599627370496 limit 0'],
  },
];

export const replaceCases: BookCase[] = [
  {
    name: 'the target is canceled, then the new order is accepted at the end of its queue',
    given: [buy(100, 10), buy(99, 1, second)],
    when: replace(1, buy(99, 5)),
    told: ['canceled #1 10@100 replaced', '* accepted #3 buy 5@99'],
    orders: ['buy #2 1@99', 'buy #3 5@99'],
  },
  {
    name: 'the new order may be on the other side and match',
    given: [buy(99, 3, second), buy(100, 10)],
    when: replace(2, sell(99, 5)),
    told: [
      'canceled #2 10@100 replaced',
      '* accepted #3 sell 5@99',
      'fill #1 maker 3@99 left 0 trade 1',
      'fill #3 taker 3@99 left 2 trade 1',
    ],
    orders: ['sell #3 2@99'],
  },
  {
    name: 'a target that is not open: nothing but the rejection',
    given: [buy(100, 10)],
    when: replace(9, buy(99, 5)),
    told: ['* rejected order_is_not_open 9 limit 0'],
  },
  {
    name: "another account's target",
    given: [buy(100, 10, second)],
    when: replace(1, buy(99, 5)),
    told: ['* rejected order_is_not_open 1 limit 0'],
  },
  {
    name: 'a target that is not open comes before the rules for the new order',
    given: [sell(100, 1, second)],
    when: replace(9, buy(100, 5, { postOnly: true, reduceOnly: true })),
    told: ['* rejected order_is_not_open 9 limit 0'],
  },
  {
    name: 'a post-only order that crosses leaves the target as it was',
    given: [buy(99, 10), sell(100, 1, second)],
    when: replace(1, buy(100, 5, { postOnly: true })),
    told: ['* rejected post_only_order_would_cross 100 limit 100'],
    orders: ['buy #1 10@99', 'sell #2 1@100'],
  },
  {
    name: 'a reduce-only order without a position leaves the target as it was',
    given: [buy(99, 10)],
    when: replace(1, buy(98, 5, { reduceOnly: true })),
    told: ['* rejected reduce_only_order_would_not_reduce_position 5 limit 0'],
    orders: ['buy #1 10@99'],
  },
  {
    name: 'the rules see the target as open: crossing it is crossing',
    given: [buy(99, 10)],
    when: replace(1, sell(99, 5, { postOnly: true })),
    told: ['* rejected post_only_order_would_cross 99 limit 99'],
    orders: ['buy #1 10@99'],
  },
  {
    name: 'the slide is measured with the target open',
    given: [buy(99, 10)],
    when: replace(1, sell(99, 5, { postOnly: 'slide' })),
    told: ['canceled #1 10@99 replaced', '* accepted #2 sell 5@100'],
    orders: ['sell #2 5@100'],
  },
  {
    name: 'the target does not trade with its successor',
    given: [buy(99, 10)],
    when: replace(1, sell(99, 5)),
    told: ['canceled #1 10@99 replaced', '* accepted #2 sell 5@99'],
    orders: ['sell #2 5@99'],
  },
  {
    name: 'a FOK that cannot fill has replaced its target all the same',
    given: [buy(99, 10)],
    when: replace(1, buy(100, 5, { tif: 'fok' })),
    told: [
      'canceled #1 10@99 replaced',
      '* accepted #2 buy 5@100',
      'canceled #2 5@100 fok_unfillable',
    ],
    orders: [],
  },
  {
    name: 'a reduce-only order takes the room of its target',
    positions: { 1: 10 },
    given: [sell(110, 10, { reduceOnly: true })],
    when: replace(1, sell(108, 25, { reduceOnly: true })),
    told: ['canceled #1 10@110 replaced', '* accepted #2 sell 10 of 25@108'],
    orders: ['sell #2 10@108'],
  },
];

export const massCancelCases: BookCase[] = [
  {
    name: 'both sides, newest first; other accounts stay',
    given: [buy(90, 1), sell(120, 2), buy(91, 3, second), buy(95, 4), sell(110, 5)],
    when: massCancel(),
    told: [
      'canceled #5 5@110 mass_cancel',
      'canceled #4 4@95 mass_cancel',
      'canceled #2 2@120 mass_cancel',
      'canceled #1 1@90 mass_cancel',
      '* mass_canceled 4',
    ],
    orders: ['buy #3 3@91'],
  },
  {
    name: 'bids only',
    given: [buy(90, 1), sell(120, 2), buy(95, 4)],
    when: massCancel({ side: 'buy' }),
    told: ['canceled #3 4@95 mass_cancel', 'canceled #1 1@90 mass_cancel', '* mass_canceled 2'],
    orders: ['sell #2 2@120'],
  },
  {
    name: 'asks only',
    given: [buy(90, 1), sell(120, 2), buy(95, 4)],
    when: massCancel({ side: 'sell' }),
    told: ['canceled #2 2@120 mass_cancel', '* mass_canceled 1'],
    orders: ['buy #3 4@95', 'buy #1 1@90'],
  },
  {
    name: 'an account without orders gets its answer',
    given: [buy(90, 1)],
    when: massCancel({ account: 7 }),
    told: ['* mass_canceled 0'],
  },
];
