import { describe, expect, it } from 'vitest';
import * as layout from '../../messages/layout.js';
import * as type from '../../messages/types.js';
import { BookTester, type CreateBook } from '../book-tester.js';
import { type EventView, readEvents } from '../events.js';
import { amend, buy, cancel, grantAmend, massCancel, replace, sell } from '../messages.js';

/** What the words of an event leave out: references, loss reserves, answers, third slots. */
export function describeFields(createBook: CreateBook): void {
  describe('fields of events', () => {
    describeOrderFields(createBook);
    describeGrants(createBook);
    describeAnswers(createBook);
    describeSlots(createBook);
  });
}

function describeOrderFields(createBook: CreateBook): void {
  it('events of an order carry its account, flags, reference and loss reserve', () => {
    const tester = new BookTester(createBook);
    const order = sell(100, 9, { account: 2, clientRef: 33, markDistance: -4, tier: 7 });
    tester.send(order);
    const own = { account: 2, orderId: 1, clientRef: 33, lossTicks: 4, flags: order.flags };
    expect(events(tester)).toMatchObject([{ ...own, type: type.EVT_ACCEPTED }]);
    tester.send(buy(100, 2, { clientRef: 44, markDistance: 6 }));
    expect(events(tester)[1]).toMatchObject({ ...own, flags: order.flags | type.FLAG_MAKER });
    expect(events(tester)[2]).toMatchObject({ account: 1, clientRef: 44, lossTicks: 6, flags: 0 });
    tester.send(cancel(1, { account: 2, clientRef: 99 }));
    const flags = order.flags | (type.REASON_USER << type.REASON_SHIFT);
    expect(events(tester)).toMatchObject([{ ...own, flags, lots: 0, remaining: 7 }]);
  });

  it('an order below the mark has no loss reserve as a buy', () => {
    const tester = new BookTester(createBook);
    tester.send(buy(100, 2, { markDistance: -6 }));
    expect(events(tester)[0]?.lossTicks).toBe(0);
  });

  it('a slide moves the distance to the mark by as much', () => {
    const tester = new BookTester(createBook);
    tester.send(sell(100, 5));
    tester.send(buy(107, 5, { postOnly: 'slide', markDistance: 10 }));
    // What was reserved before the slide is told beside it.
    expect(events(tester)[0]).toMatchObject({ price: 99, lossTicks: 2, oldLossTicks: 10 });
  });

  it('only GTD orders tell an expiry', () => {
    const tester = new BookTester(createBook);
    tester.send(buy(99, 5, { tif: 'gtd', expiryMs: 1_760_000_000_000 }));
    expect(events(tester)[0]?.expiryMs).toBe(1_760_000_000_000);
    tester.send(buy(99, 5, { tif: 'gtc', expiryMs: 1_760_000_000_000 }));
    expect(events(tester)[0]?.expiryMs).toBe(0);
    expect(tester.orders().map((order) => order.expiryMs)).toEqual([1_760_000_000_000, 0]);
  });

  it('an amend tells both loss reserves and keeps the new one, in place too', () => {
    const tester = new BookTester(createBook);
    tester.send(buy(100, 10, { markDistance: 4 }));
    tester.send(amend({ orderId: 1, price: 100, lots: 5, markDistance: 7 }));
    expect(events(tester)).toMatchObject([{ lossTicks: 7, oldLossTicks: 4, oldPrice: 100 }]);
    tester.send(amend({ orderId: 1, price: 90, markDistance: -3 }));
    expect(events(tester)).toMatchObject([{ lossTicks: 0, oldLossTicks: 7, oldPrice: 100 }]);
    expect(tester.orders()[0]?.lossTicks).toBe(0);
  });

  it('a question for reserve tells what it needs and leaves the order alone', () => {
    const tester = new BookTester(createBook);
    tester.send(buy(100, 10, { markDistance: 4, clientRef: 8 }));
    tester.send(amend({ orderId: 1, price: 103, lots: 20, markDistance: 7, clientRef: 5 }));
    const question = { lossTicks: 7, oldLossTicks: 4, oldPrice: 100, price: 103, clientRef: 8 };
    expect(events(tester)).toMatchObject([{ ...question, lots: 20, oldRemaining: 10 }]);
    expect(tester.orders()[0]).toMatchObject({ price: 100, remaining: 10, lossTicks: 4 });
  });

  it('a rejected place gives back what was reserved for it', () => {
    const tester = new BookTester(createBook);
    tester.send(sell(100, 5, { account: 2 }));
    tester.send(buy(104, 9, { postOnly: true, markDistance: 3, clientRef: 21 }));
    const rejected = { lots: 9, reservedLossTicks: 3, clientRef: 21, orderId: 0 };
    expect(events(tester)).toMatchObject([rejected]);
  });
}

function describeGrants(createBook: CreateBook): void {
  const grant = { grantRemaining: 12, grantOldRemaining: 10, grantOldLossTicks: 3 };
  const echo = {
    grantedRemaining: 12,
    grantOldRemaining: 10,
    reservedLossTicks: 7,
    reservedOldLossTicks: 3,
  };

  it.each([
    { name: 'amended', lots: 12, orderId: 2, type: type.EVT_AMENDED },
    { name: 'canceled', lots: 4, orderId: 2, type: type.EVT_CANCELED },
    { name: 'not open', lots: 12, orderId: 3, type: type.EVT_REJECTED },
  ])('the answer to a grant echoes all of it: $name', ({ lots, orderId, type: eventType }) => {
    const tester = new BookTester(createBook);
    tester.sendAll([sell(105, 1, { account: 2 }), buy(100, 10, { postOnly: 'slide' })]);
    tester.send(sell(100, 5, { account: 2 }));
    tester.send(grantAmend({ ...grant, orderId, lots, price: 107, markDistance: 7 }));
    const event = events(tester)[0];
    expect(event).toMatchObject({ ...echo, type: eventType });
    expect((event?.flags ?? 0) & type.FLAG_GRANTED).toBe(type.FLAG_GRANTED);
    // The slide to 104 took three ticks off the loss.
    if (eventType === type.EVT_AMENDED) expect(event).toMatchObject({ price: 104, lossTicks: 4 });
  });

  it('a sell has its loss on the other side of the mark', () => {
    const tester = new BookTester(createBook);
    tester.send(sell(105, 10));
    const from = { ...grant, orderId: 1, side: 'sell' as const };
    tester.send(grantAmend({ ...from, lots: 12, price: 100, markDistance: -7 }));
    expect(events(tester)).toMatchObject([{ ...echo, lossTicks: 7 }]);
  });
}

function describeAnswers(createBook: CreateBook): void {
  const from = { session: 77, request: 123 };

  it('only the answer carries session and request', () => {
    const tester = new BookTester(createBook);
    tester.ledger.setPosition(1, 5, 100);
    tester.sendAll([sell(102, 5, { reduceOnly: true }), buy(100, 4, { account: 2 })]);
    const answers = [
      replace(1, sell(100, 5, { reduceOnly: true, ...from })),
      amend({ orderId: 3, price: 101, ...from }),
      amend({ orderId: 3, lots: 9, ...from }),
      grantAmend({ orderId: 3, price: 99, lots: 9, ...from }),
      sell(100, 5, { reduceOnly: true, ...from }),
      buy(90, 5, { tif: 'fok', ...from }),
      massCancel(from),
      cancel(9, from),
    ].map((message) => {
      tester.send(message);
      return events(tester).filter((event) => event.session !== 0 || event.request !== 0);
    });
    for (const answer of answers) expect(answer).toMatchObject([from]);
  });
}

function describeSlots(createBook: CreateBook): void {
  it('an order with a string id has three slots in all of its events, the third zeroed', () => {
    const tester = new BookTester(createBook);
    tester.send(sell(100, 5, { account: 2, clientText: 'my-order', clientRef: 4 }));
    tester.send(buy(100, 1));
    expect(events(tester).map((event) => event.slots)).toEqual([2, 3, 2]);
    tester.send(amend({ orderId: 1, account: 2, lots: 3 }));
    expect(events(tester).map((event) => event.slots)).toEqual([3]);
    tester.send(cancel(1, { account: 2 }));
    expect(events(tester).map((event) => event.slots)).toEqual([3]);
    const { words } = tester.book.events;
    expect([...words.subarray(2 * layout.SLOT_WORDS, 3 * layout.SLOT_WORDS)]).toEqual(
      new Array(layout.SLOT_WORDS).fill(0),
    );
  });

  it('a replace finds its target behind a string id', () => {
    const tester = new BookTester(createBook);
    tester.send(sell(100, 5));
    expect(tester.send(replace(1, sell(101, 5, { clientText: 'a' })))).toEqual([
      'canceled #1 5@100 replaced',
      '* accepted #2 sell 5@101',
    ]);
    expect(events(tester).map((event) => event.slots)).toEqual([2, 3]);
  });

  it('what lay in the buffer before does not shine through', () => {
    const tester = new BookTester(createBook);
    tester.sendAll([
      sell(100, 5, { account: 2, clientText: 'a' }),
      buy(100, 1, { clientText: 'b' }),
    ]);
    tester.book.events.words.fill(-1);
    tester.send(cancel(1, { account: 2 }));
    const { words } = tester.book.events;
    const unused = [4, 5, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 30, 31];
    for (const at of [...unused, ...unused.map((_, i) => 32 + (i % 16))]) expect(words[at]).toBe(0);
  });
}

function events(tester: BookTester): EventView[] {
  return readEvents(tester.book.events);
}
