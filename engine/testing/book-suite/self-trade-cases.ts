import { amend, buy, sell } from '../messages.js';
import type { BookCase } from './book-case.js';

const second = { account: 2 };
const third = { account: 3 };

export const selfTradeCases: BookCase[] = [
  {
    name: 'cancel taker: earlier fills stand, the rest is canceled, the maker stays',
    given: [sell(99, 2, second), sell(100, 5), sell(101, 5, second)],
    when: buy(101, 9, { stp: 'cancel_taker' }),
    told: [
      '* accepted #4 buy 9@101',
      'fill #1 maker 2@99 left 0 trade 1',
      'fill #4 taker 2@99 left 7 trade 1',
      'canceled #4 7@101 self_trade',
    ],
    orders: ['sell #2 5@100', 'sell #3 5@101'],
  },
  {
    name: 'cancel maker: the maker goes and matching goes on',
    given: [sell(100, 5), sell(100, 1, second), sell(101, 4)],
    when: buy(101, 3, { stp: 'cancel_maker' }),
    told: [
      '* accepted #4 buy 3@101',
      'canceled #1 5@100 self_trade',
      'fill #2 maker 1@100 left 0 trade 1',
      'fill #4 taker 1@100 left 2 trade 1',
      'canceled #3 4@101 self_trade',
    ],
    orders: ['buy #4 2@101'],
  },
  {
    name: 'cancel both: the maker first, then the rest of the taker',
    given: [sell(100, 5), sell(101, 5, second)],
    when: buy(101, 7, { stp: 'cancel_both' }),
    told: [
      '* accepted #3 buy 7@101',
      'canceled #1 5@100 self_trade',
      'canceled #3 7@101 self_trade',
    ],
    orders: ['sell #2 5@101'],
  },
  {
    name: 'decrement: the larger maker keeps the difference and its place',
    given: [sell(100, 10), sell(100, 1, second)],
    when: buy(100, 4, { stp: 'decrement' }),
    told: [
      '* accepted #3 buy 4@100',
      'amended #1 10@100 → 6@100 total 6 self_trade',
      'canceled #3 4@100 self_trade',
    ],
    orders: ['sell #1 6@100', 'sell #2 1@100'],
  },
  {
    name: 'decrement: the larger taker goes on with the difference',
    given: [sell(100, 4), sell(101, 3, second)],
    when: buy(101, 10, { stp: 'decrement' }),
    told: [
      '* accepted #3 buy 10@101',
      'canceled #1 4@100 self_trade',
      'amended #3 10@101 → 6@101 total 6 self_trade',
      'fill #2 maker 3@101 left 0 trade 1',
      'fill #3 taker 3@101 left 3 trade 1',
    ],
    orders: ['buy #3 3@101'],
  },
  {
    name: 'decrement: equal sizes take both away, after fills the totals keep what was filled',
    given: [sell(100, 6), buy(100, 2, second), sell(99, 1, third)],
    when: buy(100, 5, { stp: 'decrement' }),
    told: [
      '* accepted #4 buy 5@100',
      'fill #3 maker 1@99 left 0 trade 2',
      'fill #4 taker 1@99 left 4 trade 2',
      'canceled #1 4@100 self_trade',
      'canceled #4 4@100 self_trade',
    ],
    orders: [],
  },
  {
    name: 'decrement: totals of both shrink by the lots lost',
    given: [sell(100, 9), buy(100, 2, second), sell(99, 1, third)],
    when: buy(100, 5, { stp: 'decrement' }),
    told: [
      '* accepted #4 buy 5@100',
      'fill #3 maker 1@99 left 0 trade 2',
      'fill #4 taker 1@99 left 4 trade 2',
      'amended #1 7@100 → 3@100 total 5 self_trade',
      'canceled #4 4@100 self_trade',
    ],
    orders: ['sell #1 3@100'],
  },
  {
    name: "the maker's own mode plays no part",
    given: [sell(100, 2, { stp: 'cancel_both' })],
    when: buy(100, 2),
    told: [
      '* accepted #2 buy 2@100',
      'fill #1 maker 2@100 left 0 trade 1',
      'fill #2 taker 2@100 left 0 trade 1',
    ],
  },
  {
    name: "other accounts' orders trade as ever",
    given: [sell(100, 2, second)],
    when: buy(100, 2, { stp: 'cancel_both' }),
    told: [
      '* accepted #2 buy 2@100',
      'fill #1 maker 2@100 left 0 trade 1',
      'fill #2 taker 2@100 left 0 trade 1',
    ],
  },
  {
    name: 'IOC with cancel maker: the remainder ends as an IOC',
    given: [sell(100, 5)],
    when: buy(100, 3, { stp: 'cancel_maker', tif: 'ioc' }),
    told: [
      '* accepted #2 buy 3@100',
      'canceled #1 5@100 self_trade',
      'canceled #2 3@100 ioc_remainder',
    ],
    orders: [],
  },
  {
    name: 'an amend that crosses an own order follows the mode of the amended order',
    given: [sell(105, 5), buy(100, 3, { stp: 'decrement' })],
    when: amend({ orderId: 2, price: 105 }),
    told: [
      '* amended #2 3@100 → 3@105 total 3 user',
      'amended #1 5@105 → 2@105 total 2 self_trade',
      'canceled #2 3@105 self_trade',
    ],
    orders: ['sell #1 2@105'],
  },
];

export const fillOrKillCases: BookCase[] = [
  {
    name: 'fills completely over several levels',
    given: [sell(100, 3, second), sell(101, 4, third)],
    when: buy(101, 6, { tif: 'fok' }),
    told: [
      '* accepted #3 buy 6@101',
      'fill #1 maker 3@100 left 0 trade 1',
      'fill #3 taker 3@100 left 3 trade 1',
      'fill #2 maker 3@101 left 1 trade 2',
      'fill #3 taker 3@101 left 0 trade 2',
    ],
    orders: ['sell #2 1@101'],
  },
  {
    name: 'one lot short: nothing happens but its cancel, and its id is used up',
    given: [sell(100, 3, second), sell(102, 4, third)],
    when: buy(101, 4, { tif: 'fok' }),
    told: ['* accepted #3 buy 4@101', 'canceled #3 4@101 fok_unfillable'],
    orders: ['sell #1 3@100', 'sell #2 4@102'],
  },
  {
    name: 'a market order may be FOK as well',
    given: [sell(100, 3, second)],
    when: buy(101, 4, { tif: 'fok', market: true }),
    told: ['* accepted #2 buy 4@101', 'canceled #2 4@101 fok_unfillable'],
  },
  {
    name: 'reduce-only FOK is measured after the cut',
    positions: { 1: -2 },
    given: [sell(100, 2, second)],
    when: buy(100, 9, { tif: 'fok', reduceOnly: true }),
    told: [
      '* accepted #2 buy 2 of 9@100',
      'fill #1 maker 2@100 left 0 trade 1',
      'fill #2 taker 2@100 left 0 trade 1',
    ],
  },
  {
    name: 'reduce-only makers count what they can close then: too little',
    positions: { 2: 3 },
    given: [sell(100, 2, second), sell(101, 3, { ...second, reduceOnly: true })],
    when: buy(101, 4, { tif: 'fok' }),
    told: ['* accepted #3 buy 4@101', 'canceled #3 4@101 fok_unfillable'],
    orders: ['sell #1 2@100', 'sell #2 3@101'],
  },
  {
    name: 'reduce-only makers count what they can close then: just enough',
    positions: { 2: 3 },
    given: [sell(100, 2, second), sell(101, 3, { ...second, reduceOnly: true })],
    when: buy(101, 3, { tif: 'fok' }),
    told: [
      '* accepted #3 buy 3@101',
      'fill #1 maker 2@100 left 0 trade 1',
      'fill #3 taker 2@100 left 1 trade 1',
      'fill #2 maker 1@101 left 2 trade 2',
      'fill #3 taker 1@101 left 0 trade 2',
      'canceled #2 2@101 reduce_only',
    ],
    orders: [],
  },
  {
    name: 'cancel maker: own orders are skipped in the test and canceled on the way',
    given: [sell(100, 5), sell(101, 4, second)],
    when: buy(101, 4, { tif: 'fok', stp: 'cancel_maker' }),
    told: [
      '* accepted #3 buy 4@101',
      'canceled #1 5@100 self_trade',
      'fill #2 maker 4@101 left 0 trade 1',
      'fill #3 taker 4@101 left 0 trade 1',
    ],
    orders: [],
  },
  {
    name: 'cancel maker: an unfillable order cancels no maker',
    given: [sell(100, 5), sell(101, 4, second)],
    when: buy(101, 5, { tif: 'fok', stp: 'cancel_maker' }),
    told: ['* accepted #3 buy 5@101', 'canceled #3 5@101 fok_unfillable'],
    orders: ['sell #1 5@100', 'sell #2 4@101'],
  },
  ...(['cancel_taker', 'cancel_both', 'decrement'] as const).map((stp) => ({
    name: `${stp}: an own order on the way makes it unfillable`,
    given: [sell(100, 1, second), sell(100, 1), sell(100, 9, second)],
    when: buy(100, 4, { tif: 'fok', stp }),
    told: ['* accepted #4 buy 4@100', 'canceled #4 4@100 fok_unfillable'],
    orders: ['sell #1 1@100', 'sell #2 1@100', 'sell #3 9@100'],
  })),
  {
    name: 'an own order behind the last lot does not matter',
    given: [sell(100, 4, second), sell(100, 1)],
    when: buy(100, 4, { tif: 'fok', stp: 'cancel_taker' }),
    told: [
      '* accepted #3 buy 4@100',
      'fill #1 maker 4@100 left 0 trade 1',
      'fill #3 taker 4@100 left 0 trade 1',
    ],
    orders: ['sell #2 1@100'],
  },
  {
    name: 'without prevention own orders count',
    given: [sell(100, 4)],
    when: buy(100, 4, { tif: 'fok' }),
    told: [
      '* accepted #2 buy 4@100',
      'fill #1 maker 4@100 left 0 trade 1',
      'fill #2 taker 4@100 left 0 trade 1',
    ],
  },
];
