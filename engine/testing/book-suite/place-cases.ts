import { buy, sell } from '../messages.js';
import type { BookCase } from './book-case.js';

const PRICE_MAX = 2 ** 31 - 1;
const LOTS_MAX = 2 ** 40;
const second = { account: 2 };
const third = { account: 3 };

export const matchingCases: BookCase[] = [
  {
    name: 'an order that meets nobody rests',
    when: buy(100, 10),
    told: ['* accepted #1 buy 10@100'],
    orders: ['buy #1 10@100'],
  },
  {
    name: 'prices that do not cross do not trade',
    given: [sell(101, 5, second)],
    when: buy(100, 5),
    told: ['* accepted #2 buy 5@100'],
    orders: ['buy #2 5@100', 'sell #1 5@101'],
  },
  {
    name: 'a trade is at the price of the maker, who is told first',
    given: [sell(98, 5, second)],
    when: buy(100, 5),
    told: [
      '* accepted #2 buy 5@100',
      'fill #1 maker 5@98 left 0 trade 1',
      'fill #2 taker 5@98 left 0 trade 1',
    ],
    orders: [],
  },
  {
    name: 'what remains of a taker rests, before every worse price',
    given: [buy(99, 1, third), sell(100, 3, second)],
    when: buy(100, 5),
    told: [
      '* accepted #3 buy 5@100',
      'fill #2 maker 3@100 left 0 trade 1',
      'fill #3 taker 3@100 left 2 trade 1',
    ],
    orders: ['buy #3 2@100', 'buy #1 1@99'],
  },
  {
    name: 'better prices trade first, then the oldest order of a price',
    given: [sell(101, 1, second), sell(100, 2, second), sell(100, 3, third), sell(99, 4, third)],
    when: buy(101, 8),
    told: [
      '* accepted #5 buy 8@101',
      'fill #4 maker 4@99 left 0 trade 1',
      'fill #5 taker 4@99 left 4 trade 1',
      'fill #2 maker 2@100 left 0 trade 2',
      'fill #5 taker 2@100 left 2 trade 2',
      'fill #3 maker 2@100 left 1 trade 3',
      'fill #5 taker 2@100 left 0 trade 3',
    ],
    orders: ['sell #3 1@100', 'sell #1 1@101'],
  },
  {
    name: 'a sell takes the highest bids first',
    given: [buy(99, 1, second), buy(101, 1, second), buy(100, 1, third)],
    when: sell(100, 3),
    told: [
      '* accepted #4 sell 3@100',
      'fill #2 maker 1@101 left 0 trade 1',
      'fill #4 taker 1@101 left 2 trade 1',
      'fill #3 maker 1@100 left 0 trade 2',
      'fill #4 taker 1@100 left 1 trade 2',
    ],
    orders: ['buy #1 1@99', 'sell #4 1@100'],
  },
  {
    name: 'a maker that is filled in part keeps its place',
    given: [sell(100, 5, second), sell(100, 5, third), buy(100, 2)],
    when: buy(100, 4),
    told: [
      '* accepted #4 buy 4@100',
      'fill #1 maker 3@100 left 0 trade 2',
      'fill #4 taker 3@100 left 1 trade 2',
      'fill #2 maker 1@100 left 4 trade 3',
      'fill #4 taker 1@100 left 0 trade 3',
    ],
    orders: ['sell #2 4@100'],
  },
  {
    name: 'self-trades are allowed when the taker has no prevention',
    given: [sell(100, 2)],
    when: buy(100, 2),
    told: [
      '* accepted #2 buy 2@100',
      'fill #1 maker 2@100 left 0 trade 1',
      'fill #2 taker 2@100 left 0 trade 1',
    ],
    orders: [],
  },
];

export const timeInForceCases: BookCase[] = [
  {
    name: 'IOC: the remainder is canceled',
    given: [sell(100, 3, second)],
    when: buy(100, 5, { tif: 'ioc' }),
    told: [
      '* accepted #2 buy 5@100',
      'fill #1 maker 3@100 left 0 trade 1',
      'fill #2 taker 3@100 left 2 trade 1',
      'canceled #2 2@100 ioc_remainder',
    ],
    orders: [],
  },
  {
    name: 'IOC without a counterparty is canceled as a whole',
    when: sell(100, 5, { tif: 'ioc' }),
    told: ['* accepted #1 sell 5@100', 'canceled #1 5@100 ioc_remainder'],
    orders: [],
  },
  {
    name: 'a market order within its bound; the rest finds no liquidity',
    given: [sell(100, 3, second), sell(106, 3, second)],
    when: buy(105, 5, { market: true, tif: 'ioc' }),
    told: [
      '* accepted #3 buy 5@105',
      'fill #1 maker 3@100 left 0 trade 1',
      'fill #3 taker 3@100 left 2 trade 1',
      'canceled #3 2@105 no_liquidity',
    ],
    orders: ['sell #2 3@106'],
  },
  {
    name: 'a market order of another time in force does not rest either',
    when: sell(95, 5, { market: true }),
    told: ['* accepted #1 sell 5@95', 'canceled #1 5@95 no_liquidity'],
    orders: [],
  },
  {
    name: 'GTD rests like any other',
    when: buy(100, 5, { tif: 'gtd', expiryMs: 1000 }),
    told: ['* accepted #1 buy 5@100'],
    orders: ['buy #1 5@100'],
  },
];

export const postOnlyCases: BookCase[] = [
  {
    name: 'post-only that does not cross rests',
    given: [sell(101, 5, second)],
    when: buy(100, 5, { postOnly: true }),
    told: ['* accepted #2 buy 5@100'],
    orders: ['buy #2 5@100', 'sell #1 5@101'],
  },
  {
    name: 'post-only that touches the best ask is refused and takes no id',
    given: [sell(100, 5, second)],
    when: buy(100, 5, { postOnly: true }),
    told: ['* rejected post_only_order_would_cross 100 limit 100'],
  },
  {
    name: 'post-only sell that crosses the best bid is refused',
    given: [buy(100, 5, second), buy(103, 5, second)],
    when: sell(102, 5, { postOnly: true }),
    told: ['* rejected post_only_order_would_cross 102 limit 103'],
  },
  {
    name: 'an own order on the other side counts as crossing',
    given: [sell(100, 5)],
    when: buy(100, 5, { postOnly: true, stp: 'cancel_maker' }),
    told: ['* rejected post_only_order_would_cross 100 limit 100'],
  },
  {
    name: 'a buy slides to one tick below the best ask',
    given: [sell(100, 5, second)],
    when: buy(105, 5, { postOnly: 'slide' }),
    told: ['* accepted #2 buy 5@99'],
    orders: ['buy #2 5@99', 'sell #1 5@100'],
  },
  {
    name: 'a sell slides to one tick above the best bid',
    given: [buy(100, 5, second)],
    when: sell(90, 5, { postOnly: 'slide' }),
    told: ['* accepted #2 sell 5@101'],
    orders: ['buy #1 5@100', 'sell #2 5@101'],
  },
  {
    name: 'a buy that does not cross does not slide',
    given: [sell(100, 5, second)],
    when: buy(90, 5, { postOnly: 'slide' }),
    told: ['* accepted #2 buy 5@90'],
  },
  {
    name: 'a buy cannot slide below tick 1',
    given: [sell(1, 5, second)],
    when: buy(7, 5, { postOnly: 'slide' }),
    told: ['* rejected post_only_order_would_cross 7 limit 1'],
  },
  {
    name: 'a sell cannot slide above the highest price',
    given: [buy(500, 5, second)],
    when: sell(499, 5, { postOnly: 'slide' }),
    told: ['* rejected post_only_order_would_cross 499 limit 500'],
    priceTicksMax: 500,
  },
];

export const farPriceCases: BookCase[] = [
  {
    name: 'the lowest and the highest price stand in one book',
    given: [buy(1, 1), sell(PRICE_MAX, 2)],
    when: sell(1_000_000_000, 3, second),
    told: ['* accepted #3 sell 3@1000000000'],
    orders: ['buy #1 1@1', 'sell #3 3@1000000000', `sell #2 2@${PRICE_MAX}`],
  },
  {
    name: 'a taker crosses gaps wider than any window',
    given: [sell(10, 1, second), sell(40_000_000, 1, second), sell(PRICE_MAX, 1, second)],
    when: buy(PRICE_MAX, 4),
    told: [
      '* accepted #4 buy 4@2147483647',
      'fill #1 maker 1@10 left 0 trade 1',
      'fill #4 taker 1@10 left 3 trade 1',
      'fill #2 maker 1@40000000 left 0 trade 2',
      'fill #4 taker 1@40000000 left 2 trade 2',
      'fill #3 maker 1@2147483647 left 0 trade 3',
      'fill #4 taker 1@2147483647 left 1 trade 3',
    ],
    orders: ['buy #4 1@2147483647'],
  },
  {
    name: 'after the far end is gone, the near one trades',
    given: [buy(PRICE_MAX, 1, second), buy(3, 1, second), sell(PRICE_MAX, 1)],
    when: sell(1, 2, { tif: 'ioc' }),
    told: [
      '* accepted #4 sell 2@1',
      'fill #2 maker 1@3 left 0 trade 2',
      'fill #4 taker 1@3 left 1 trade 2',
      'canceled #4 1@1 ioc_remainder',
    ],
    orders: [],
  },
  {
    name: 'sizes up to 2^40 lots are exact',
    given: [sell(100, LOTS_MAX, second), sell(100, LOTS_MAX, third)],
    when: buy(100, LOTS_MAX, { tif: 'fok' }),
    told: [
      '* accepted #3 buy 1099511627776@100',
      'fill #1 maker 1099511627776@100 left 0 trade 1',
      'fill #3 taker 1099511627776@100 left 0 trade 1',
    ],
    orders: ['sell #2 1099511627776@100'],
  },
  {
    name: 'one lot of 2^40 leaves 2^40 − 1',
    given: [sell(100, LOTS_MAX, second)],
    when: buy(100, 1),
    told: [
      '* accepted #2 buy 1@100',
      'fill #1 maker 1@100 left 1099511627775 trade 1',
      'fill #2 taker 1@100 left 0 trade 1',
    ],
    orders: ['sell #1 1099511627775@100'],
  },
];
