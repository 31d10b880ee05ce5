import { amend, buy, grantAmend, sell } from '../messages.js';
import type { BookCase } from './book-case.js';

const second = { account: 2 };
const third = { account: 3 };

export const amendCases: BookCase[] = [
  {
    name: 'size down at the same price keeps the place',
    given: [buy(100, 10), buy(100, 1, second)],
    when: amend({ orderId: 1, lots: 4 }),
    told: ['* amended #1 10@100 → 4@100 total 4 user'],
    orders: ['buy #1 4@100', 'buy #2 1@100'],
  },
  {
    name: 'the same price spelled out keeps the place too',
    given: [buy(100, 10), buy(100, 1, second)],
    when: amend({ orderId: 1, price: 100, lots: 4 }),
    told: ['* amended #1 10@100 → 4@100 total 4 user'],
    orders: ['buy #1 4@100', 'buy #2 1@100'],
  },
  {
    name: 'the size of an amend is a total: fills are in it',
    given: [buy(100, 10), sell(100, 3, second)],
    when: amend({ orderId: 1, lots: 8 }),
    told: ['* amended #1 7@100 → 5@100 total 8 user'],
    orders: ['buy #1 5@100'],
  },
  {
    name: 'a new price loses the place, at the new price as well',
    given: [buy(100, 10), buy(99, 1, second)],
    when: amend({ orderId: 1, price: 99 }),
    told: ['* amended #1 10@100 → 10@99 total 10 user'],
    orders: ['buy #2 1@99', 'buy #1 10@99'],
  },
  {
    name: 'a new price and a smaller size at once lose the place',
    given: [sell(101, 1, second), sell(100, 10)],
    when: amend({ orderId: 2, price: 101, lots: 5 }),
    told: ['* amended #2 10@100 → 5@101 total 5 user'],
    orders: ['sell #1 1@101', 'sell #2 5@101'],
  },
  {
    name: 'the same price and size lose the place',
    given: [buy(100, 10), buy(100, 1, second)],
    when: amend({ orderId: 1, price: 100, lots: 10 }),
    told: ['* amended #1 10@100 → 10@100 total 10 user'],
    orders: ['buy #2 1@100', 'buy #1 10@100'],
  },
  {
    name: 'a total of what is filled cancels the order',
    given: [buy(100, 10), sell(100, 3, second)],
    when: amend({ orderId: 1, lots: 3 }),
    told: ['* canceled #1 7@100 user'],
    orders: [],
  },
  {
    name: 'a total below what is filled cancels the order',
    given: [buy(100, 10), sell(100, 3, second)],
    when: amend({ orderId: 1, price: 90, lots: 1 }),
    told: ['* canceled #1 7@100 user'],
    orders: [],
  },
  {
    name: 'a price that crosses trades at once and the rest rests',
    given: [sell(105, 4, second), buy(100, 10)],
    when: amend({ orderId: 2, price: 106 }),
    told: [
      '* amended #2 10@100 → 10@106 total 10 user',
      'fill #1 maker 4@105 left 0 trade 1',
      'fill #2 taker 4@105 left 6 trade 1',
    ],
    orders: ['buy #2 6@106'],
  },
  {
    name: 'a price that crosses may fill it completely',
    given: [sell(105, 14, second), buy(100, 10)],
    when: amend({ orderId: 2, price: 105 }),
    told: [
      '* amended #2 10@100 → 10@105 total 10 user',
      'fill #1 maker 10@105 left 4 trade 1',
      'fill #2 taker 10@105 left 0 trade 1',
    ],
    orders: ['sell #1 4@105'],
  },
  {
    name: 'an order that is not open is not amended',
    when: amend({ orderId: 77, price: 100 }),
    told: ['* rejected order_is_not_open 77 limit 0'],
  },
  {
    name: "another account's order is not amended",
    given: [buy(100, 10, second)],
    when: amend({ orderId: 1, lots: 1 }),
    told: ['* rejected order_is_not_open 1 limit 0'],
  },
];

export const amendPostOnlyCases: BookCase[] = [
  {
    name: 'an amend that would cross is refused and leaves the order',
    given: [sell(105, 4, second), buy(100, 10, { postOnly: true })],
    when: amend({ orderId: 2, price: 105, lots: 3 }),
    told: ['* rejected post_only_order_would_cross 105 limit 105'],
  },
  {
    name: 'with sliding it stops one tick before',
    given: [sell(105, 4, second), buy(100, 10, { postOnly: 'slide' })],
    when: amend({ orderId: 2, price: 120 }),
    told: ['* amended #2 10@100 → 10@104 total 10 user'],
    orders: ['buy #2 10@104', 'sell #1 4@105'],
  },
  {
    name: 'a slide back to its own price with a smaller size keeps the place',
    given: [sell(101, 4, second), buy(100, 10, { postOnly: 'slide' }), buy(100, 1, third)],
    when: amend({ orderId: 2, price: 120, lots: 6 }),
    told: ['* amended #2 10@100 → 6@100 total 6 user'],
    orders: ['buy #2 6@100', 'buy #3 1@100', 'sell #1 4@101'],
  },
  {
    name: 'a cancel by size comes before the post-only rule',
    given: [sell(105, 4, second), buy(100, 10, { postOnly: true }), sell(100, 4, third)],
    when: amend({ orderId: 2, price: 105, lots: 4 }),
    told: ['* canceled #2 6@100 user'],
  },
];

export const reserveCases: BookCase[] = [
  {
    name: 'a larger size asks first and changes nothing',
    given: [buy(100, 10), buy(100, 1, second)],
    when: amend({ orderId: 1, lots: 12 }),
    told: ['* reserve #1 10@100 → 12@100 total 12'],
    orders: ['buy #1 10@100', 'buy #2 1@100'],
  },
  {
    name: 'the remaining lots are asked for, with fills apart',
    given: [buy(100, 10), sell(100, 4, second)],
    when: amend({ orderId: 1, price: 99, lots: 12 }),
    told: ['* reserve #1 6@100 → 8@99 total 12'],
  },
  {
    name: 'a price that could lose more asks first',
    given: [buy(100, 10, { markDistance: 5 })],
    when: amend({ orderId: 1, price: 101, markDistance: 6 }),
    told: ['* reserve #1 10@100 → 10@101 total 10'],
    orders: ['buy #1 10@100'],
  },
  {
    name: 'less at a worse price does not ask when it could not lose more: 6 × 10 = 10 × 6',
    given: [buy(100, 10, { markDistance: 6 })],
    when: amend({ orderId: 1, price: 104, lots: 6, markDistance: 10 }),
    told: ['* amended #1 10@100 → 6@104 total 6 user'],
  },
  {
    name: 'less at a worse price asks when it could lose more: 7 × 10 > 10 × 6',
    given: [buy(100, 10, { markDistance: 6 })],
    when: amend({ orderId: 1, price: 104, lots: 7, markDistance: 10 }),
    told: ['* reserve #1 10@100 → 7@104 total 7'],
  },
  {
    name: 'a sell loses below the mark',
    given: [sell(100, 10, { markDistance: -5 })],
    when: amend({ orderId: 1, price: 99, markDistance: -6 }),
    told: ['* reserve #1 10@100 → 10@99 total 10'],
  },
  {
    name: 'a sell above the mark has nothing to lose',
    given: [sell(100, 10, { markDistance: 5 })],
    when: amend({ orderId: 1, price: 97, markDistance: 2 }),
    told: ['* amended #1 10@100 → 10@97 total 10 user'],
  },
  {
    name: 'without a price the loss stays what it was, whatever the distance says',
    given: [buy(100, 10, { markDistance: 6 })],
    when: amend({ orderId: 1, lots: 9, markDistance: 500 }),
    told: ['* amended #1 10@100 → 9@100 total 9 user'],
  },
  {
    name: 'products above 2^53 are compared exactly: 2^30 × 2^30 > (2^30 + 1) × (2^30 − 1)',
    given: [sell(2 ** 31 - 1, 2 ** 30 + 1, { markDistance: 1 - 2 ** 30 })],
    when: amend({ orderId: 1, price: 5, lots: 2 ** 30, markDistance: -(2 ** 30) }),
    told: ['* reserve #1 1073741825@2147483647 → 1073741824@5 total 1073741824'],
  },
  {
    name: 'products above 2^53 are compared exactly: an equal one does not ask',
    given: [sell(2 ** 31 - 1, 2 ** 31, { markDistance: -(2 ** 29) })],
    when: amend({ orderId: 1, price: 5, lots: 2 ** 30, markDistance: -(2 ** 30) }),
    told: ['* amended #1 2147483648@2147483647 → 1073741824@5 total 1073741824 user'],
  },
  {
    name: 'the slid price is what is asked for',
    given: [sell(105, 4, second), buy(100, 10, { postOnly: 'slide', markDistance: 0 })],
    when: amend({ orderId: 2, price: 120, markDistance: 20 }),
    told: ['* reserve #2 10@100 → 10@104 total 10'],
  },
];

export const grantCases: BookCase[] = [
  {
    name: 'a granted size up goes to the end of the queue',
    given: [buy(100, 10), buy(100, 1, second)],
    when: grantAmend({ orderId: 1, price: 100, lots: 12, grantRemaining: 12 }),
    told: ['* amended #1 10@100 → 12@100 total 12 user granted 12'],
    orders: ['buy #2 1@100', 'buy #1 12@100'],
  },
  {
    name: 'fills since the question are taken off; the event still says what was granted',
    given: [buy(100, 10), sell(100, 4, second)],
    when: grantAmend({ orderId: 1, price: 100, lots: 12, grantRemaining: 12 }),
    told: ['* amended #1 6@100 → 8@100 total 12 user granted 12'],
    orders: ['buy #1 8@100'],
  },
  {
    name: 'a grant is not asked for again, however much it is',
    given: [buy(100, 1)],
    when: grantAmend({ orderId: 1, price: 500, lots: 99, markDistance: 77, grantRemaining: 99 }),
    told: ['* amended #1 1@100 → 99@500 total 99 user granted 99'],
  },
  {
    name: 'an order that another amend made smaller meanwhile: the grant does not cover it, so it asks again',
    given: [buy(100, 10), amend({ orderId: 1, lots: 4 })],
    when: grantAmend({
      orderId: 1,
      price: 100,
      lots: 12,
      grantRemaining: 12,
      grantOldRemaining: 10,
    }),
    told: ['* reserve #1 4@100 → 12@100 total 12 granted 12'],
    orders: ['buy #1 4@100'],
  },
  {
    name: 'a granted amend matches',
    given: [sell(101, 3, second), buy(100, 1)],
    when: grantAmend({ orderId: 2, price: 101, lots: 5, grantRemaining: 5 }),
    told: [
      '* amended #2 1@100 → 5@101 total 5 user granted 5',
      'fill #1 maker 3@101 left 0 trade 1',
      'fill #2 taker 3@101 left 2 trade 1',
    ],
    orders: ['buy #2 2@101'],
  },
  {
    name: 'an order that was filled meanwhile: the grant is told in the rejection',
    given: [buy(100, 10), sell(100, 10, second)],
    when: grantAmend({ orderId: 1, price: 100, lots: 12, grantRemaining: 12 }),
    told: ['* rejected order_is_not_open 1 limit 0 granted 12'],
  },
  {
    name: 'a granted amend that would cross by now is refused, with the grant',
    given: [buy(100, 10, { postOnly: true }), sell(101, 1, second)],
    when: grantAmend({ orderId: 1, price: 103, lots: 12, grantRemaining: 12 }),
    told: ['* rejected post_only_order_would_cross 103 limit 101 granted 12'],
  },
  {
    name: 'a granted reduce-only amend is cut to the position of now',
    positions: { 1: 4 },
    given: [sell(110, 2, { reduceOnly: true })],
    when: grantAmend({ orderId: 1, side: 'sell', price: 110, lots: 9, grantRemaining: 4 }),
    told: ['* amended #1 2@110 → 4@110 total 4 user granted 4'],
  },
  {
    name: 'a grant that shrinks by now stays in place',
    given: [buy(100, 10), buy(100, 1, second)],
    when: grantAmend({ orderId: 1, price: 100, lots: 9, grantRemaining: 9 }),
    told: ['* amended #1 10@100 → 9@100 total 9 user granted 9'],
    orders: ['buy #1 9@100', 'buy #2 1@100'],
  },
  {
    name: 'a grant of no more than what is filled by now cancels, with the grant',
    given: [buy(100, 10), sell(100, 6, second)],
    when: grantAmend({ orderId: 1, price: 100, lots: 5, grantRemaining: 5 }),
    told: ['* canceled #1 4@100 user granted 5'],
    orders: [],
  },
];
