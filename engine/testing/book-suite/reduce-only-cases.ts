import { amend, buy, cancel, sell } from '../messages.js';
import type { BookCase } from './book-case.js';

const second = { account: 2 };
const third = { account: 3 };
const reduceOnly = { reduceOnly: true };

export const reduceOnlyEntryCases: BookCase[] = [
  {
    name: 'without a position it is refused',
    when: sell(100, 5, reduceOnly),
    told: ['* rejected reduce_only_order_would_not_reduce_position 5 limit 0'],
  },
  {
    name: 'on the side of the position it is refused',
    positions: { 1: 10 },
    when: buy(100, 5, reduceOnly),
    told: ['* rejected reduce_only_order_would_not_reduce_position 5 limit 0'],
  },
  {
    name: 'against a long it rests',
    positions: { 1: 10 },
    when: sell(100, 10, reduceOnly),
    told: ['* accepted #1 sell 10@100'],
    orders: ['sell #1 10@100'],
  },
  {
    name: 'more than the position is cut to it',
    positions: { 1: -4 },
    when: buy(100, 10, reduceOnly),
    told: ['* accepted #1 buy 4 of 10@100'],
    orders: ['buy #1 4@100'],
  },
  {
    name: 'the reduce-only rule comes before the post-only rule',
    given: [buy(100, 1, second)],
    when: sell(100, 5, { ...reduceOnly, postOnly: true }),
    told: ['* rejected reduce_only_order_would_not_reduce_position 5 limit 0'],
  },
  {
    name: 'a taker that is cut never turns the position',
    positions: { 1: 3 },
    given: [buy(100, 10, second)],
    when: sell(100, 10, { ...reduceOnly, tif: 'ioc' }),
    told: [
      '* accepted #2 sell 3 of 10@100',
      'fill #1 maker 3@100 left 7 trade 1',
      'fill #2 taker 3@100 left 0 trade 1',
    ],
    orders: ['buy #1 7@100'],
  },
];

export const trimmingCases: BookCase[] = [
  {
    name: 'a second order makes the newest give way, the new one itself',
    positions: { 1: 10 },
    given: [sell(110, 7, reduceOnly)],
    when: sell(105, 7, reduceOnly),
    told: ['* accepted #2 sell 7@105', 'amended #2 7@105 → 3@105 total 3 reduce_only'],
    orders: ['sell #2 3@105', 'sell #1 7@110'],
  },
  {
    name: 'when others hold everything already, the new one is canceled',
    positions: { 1: 10 },
    given: [sell(110, 10, reduceOnly)],
    when: sell(105, 7, reduceOnly),
    told: ['* accepted #2 sell 7@105', 'canceled #2 7@105 reduce_only'],
    orders: ['sell #1 10@110'],
  },
  {
    name: 'other orders of the account do not count',
    positions: { 1: 10 },
    given: [sell(110, 10)],
    when: sell(105, 10, reduceOnly),
    told: ['* accepted #2 sell 10@105'],
    orders: ['sell #2 10@105', 'sell #1 10@110'],
  },
  {
    name: 'a fill of another order cuts the newest first',
    positions: { 1: 10 },
    given: [
      sell(110, 4, reduceOnly),
      sell(111, 3, reduceOnly),
      sell(112, 3, reduceOnly),
      buy(100, 5, second),
    ],
    when: sell(100, 5),
    told: [
      '* accepted #5 sell 5@100',
      'fill #4 maker 5@100 left 0 trade 1',
      'fill #5 taker 5@100 left 0 trade 1',
      'canceled #3 3@112 reduce_only',
      'amended #2 3@111 → 1@111 total 1 reduce_only',
    ],
    orders: ['sell #1 4@110', 'sell #2 1@111'],
  },
  {
    name: 'a position that turns over cancels all of them, newest first',
    positions: { 1: 4 },
    given: [sell(110, 1, reduceOnly), sell(108, 3, reduceOnly), buy(100, 9, second)],
    when: sell(100, 9),
    told: [
      '* accepted #4 sell 9@100',
      'fill #3 maker 9@100 left 0 trade 1',
      'fill #4 taker 9@100 left 0 trade 1',
      'canceled #2 3@108 reduce_only',
      'canceled #1 1@110 reduce_only',
    ],
    orders: [],
  },
  {
    name: 'filled lots stay in the total of an order that is cut',
    positions: { 1: 10 },
    given: [sell(110, 8, reduceOnly), buy(110, 2, second), buy(100, 5, second)],
    when: sell(100, 5),
    told: [
      '* accepted #4 sell 5@100',
      'fill #3 maker 5@100 left 0 trade 2',
      'fill #4 taker 5@100 left 0 trade 2',
      'amended #1 6@110 → 3@110 total 5 reduce_only',
    ],
    orders: ['sell #1 3@110'],
  },
  {
    name: 'accounts are trimmed once each, in the order of their first fills, maker before taker',
    positions: { 1: -6, 2: 2, 3: 2 },
    given: [
      buy(90, 6, reduceOnly),
      sell(200, 2, { ...second, ...reduceOnly }),
      sell(200, 2, { ...third, ...reduceOnly }),
      sell(100, 1, third),
      sell(100, 1, second),
      sell(100, 1, third),
    ],
    when: buy(100, 3),
    told: [
      '* accepted #7 buy 3@100',
      'fill #4 maker 1@100 left 0 trade 1',
      'fill #7 taker 1@100 left 2 trade 1',
      'fill #5 maker 1@100 left 0 trade 2',
      'fill #7 taker 1@100 left 1 trade 2',
      'fill #6 maker 1@100 left 0 trade 3',
      'fill #7 taker 1@100 left 0 trade 3',
      'canceled #3 2@200 reduce_only',
      'amended #1 6@90 → 3@90 total 3 reduce_only',
      'amended #2 2@200 → 1@200 total 1 reduce_only',
    ],
  },
  {
    name: 'a cancel trims nothing: positions have not moved',
    positions: { 1: 10 },
    given: [sell(110, 10, reduceOnly), sell(120, 5)],
    when: cancel(2),
    told: ['* canceled #2 5@120 user'],
    orders: ['sell #1 10@110'],
  },
];

export const reduceOnlyMakerCases: BookCase[] = [
  {
    name: 'a maker whose position went away within the command is canceled when it is reached',
    positions: { 2: 3 },
    given: [sell(100, 3, second), sell(101, 3, { ...second, ...reduceOnly }), sell(102, 4, third)],
    when: buy(102, 7),
    told: [
      '* accepted #4 buy 7@102',
      'fill #1 maker 3@100 left 0 trade 1',
      'fill #4 taker 3@100 left 4 trade 1',
      'canceled #2 3@101 reduce_only',
      'fill #3 maker 4@102 left 0 trade 2',
      'fill #4 taker 4@102 left 0 trade 2',
    ],
    orders: [],
  },
  {
    name: 'a maker fills only what it can close, and the rest of it is canceled',
    positions: { 2: 3 },
    given: [sell(100, 1, second), sell(101, 3, { ...second, ...reduceOnly }), sell(102, 4, third)],
    when: buy(102, 7),
    told: [
      '* accepted #4 buy 7@102',
      'fill #1 maker 1@100 left 0 trade 1',
      'fill #4 taker 1@100 left 6 trade 1',
      'fill #2 maker 2@101 left 1 trade 2',
      'fill #4 taker 2@101 left 4 trade 2',
      'canceled #2 1@101 reduce_only',
      'fill #3 maker 4@102 left 0 trade 3',
      'fill #4 taker 4@102 left 0 trade 3',
    ],
    orders: [],
  },
  {
    name: 'when the taker ends there, trimming cancels the rest of the maker',
    positions: { 2: 3 },
    given: [sell(100, 1, second), sell(101, 3, { ...second, ...reduceOnly })],
    when: buy(101, 3),
    told: [
      '* accepted #3 buy 3@101',
      'fill #1 maker 1@100 left 0 trade 1',
      'fill #3 taker 1@100 left 2 trade 1',
      'fill #2 maker 2@101 left 1 trade 2',
      'fill #3 taker 2@101 left 0 trade 2',
      'canceled #2 1@101 reduce_only',
    ],
    orders: [],
  },
];

export const reduceOnlyAmendCases: BookCase[] = [
  {
    name: 'a new price keeps what the position allows',
    positions: { 1: 10 },
    given: [sell(110, 10, reduceOnly)],
    when: amend({ orderId: 1, price: 105, lots: 0 }),
    told: ['* amended #1 10@110 → 10@105 total 10 user'],
    orders: ['sell #1 10@105'],
  },
  {
    name: 'a larger size is cut to the position, and then nothing grows',
    positions: { 1: 10 },
    given: [sell(110, 10, reduceOnly)],
    when: amend({ orderId: 1, lots: 50 }),
    told: ['* amended #1 10@110 → 10@110 total 10 user'],
  },
  {
    name: 'filled lots come on top of what the position allows',
    positions: { 1: 10 },
    given: [sell(110, 10, reduceOnly), buy(110, 4, second)],
    when: amend({ orderId: 1, lots: 50 }),
    told: ['* amended #1 6@110 → 6@110 total 10 user'],
  },
  {
    name: 'a growth that others leave no room for is asked for by its own closable lots',
    positions: { 1: 10 },
    given: [sell(110, 4, reduceOnly), sell(111, 6, reduceOnly)],
    when: amend({ orderId: 2, lots: 20 }),
    told: ['* reserve #2 6@111 → 10@111 total 10'],
    orders: ['sell #1 4@110', 'sell #2 6@111'],
  },
];
