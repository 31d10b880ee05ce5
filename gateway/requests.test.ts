import fc from 'fast-check';
import { pack } from 'msgpackr';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { SLOT_WORDS } from '../engine/messages/layout.js';
import { MsgpackCodec } from '../sdk/codec.js';
import { FastRequests } from './codec/fast-requests.js';
import { isUnreadable, readMsgpackRequest } from './codec/request-reader.js';
import { CommandWriter } from './commands/command-writer.js';
import { OrderDraft } from './commands/draft.js';
import { OrderFields } from './commands/order-fields.js';
import { Markets } from './markets.js';
import { MESSAGES } from './protocol/messages.js';
import { REQUESTS } from './protocol/requests.js';
import { RequestHarness } from './testing/request-harness.js';
import { BTC, ODD } from './testing/test-market.js';

const GOOD = { op: 'place', market: 'BTC-PERP', side: 'buy', price: '100.5', qty: '1.25' };

/** One row for each way a request can be wrong: what is changed, and the code that must answer. */
const WRONG: [string, object, string][] = [
  ['no id', { id: undefined }, 'id_must_be_within_1_and_limit'],
  ['id zero', { id: 0 }, 'id_must_be_within_1_and_limit'],
  ['id above the limit', { id: 2 ** 31 }, 'id_must_be_within_1_and_limit'],
  ['id as text', { id: '1' }, 'id_must_be_within_1_and_limit'],
  ['unknown op', { op: 'buy' }, 'op_is_unknown'],
  ['unknown field', { stopPrice: '1' }, 'field_is_unknown'],
  ['a field of the prototype', { constructor: 1 }, 'field_is_unknown'],
  ['no market', { market: undefined }, 'field_is_missing'],
  ['unknown market', { market: 'DOGE-PERP' }, 'unknown_market'],
  ['market of a wrong type', { market: true }, 'field_has_wrong_type'],
  ['market beyond 16 bits', { market: 70_000 }, 'unknown_market'],
  ['no side', { side: undefined }, 'field_is_missing'],
  ['unknown side', { side: 'long' }, 'value_is_not_allowed'],
  ['no price', { price: undefined }, 'field_is_missing'],
  ['price as number', { price: 100.5 }, 'field_has_wrong_type'],
  ['price zero', { price: '0' }, 'price_ticks_must_be_within_1_and_limit'],
  ['negative price', { price: '-1' }, 'decimal_is_malformed'],
  ['price NaN', { price: 'NaN' }, 'decimal_is_malformed'],
  ['price with an exponent', { price: '1e3' }, 'decimal_is_malformed'],
  ['price with two points', { price: '1.2.3' }, 'decimal_is_malformed'],
  ['empty price', { price: '' }, 'decimal_is_malformed'],
  ['price off tick', { price: '100.55' }, 'price_must_be_multiple_of_tick'],
  ['price above the limit', { price: '1000000.1' }, 'price_ticks_must_be_within_1_and_limit'],
  [
    'price beyond 2^53',
    { price: '99999999999999999999' },
    'price_ticks_must_be_within_1_and_limit',
  ],
  ['qty off lot', { qty: '0.0001' }, 'qty_must_be_multiple_of_lot'],
  ['qty zero', { qty: '0.000' }, 'qty_lots_must_be_within_1_and_limit'],
  ['qty above the limit', { qty: '1000000.001' }, 'qty_lots_must_be_within_1_and_limit'],
  ['below the minimum notional', { qty: '0.001' }, 'notional_micro_usd_must_reach_minimum'],
  ['unknown type', { orderType: 'stop' }, 'value_is_not_allowed'],
  ['stop without trigger price', { orderType: 'stop_limit' }, 'field_is_missing'],
  ['stop limit without limit', { ...STOP(), price: undefined }, 'field_is_missing'],
  [
    'trigger price of an order that does not wait',
    { triggerPrice: '99' },
    'flags_are_contradictory',
  ],
  ['triggerBy of an order that does not wait', { triggerBy: 'mark' }, 'flags_are_contradictory'],
  ['unknown price source', { ...STOP(), triggerBy: 'bid' }, 'value_is_not_allowed'],
  ['trigger price as number', { ...STOP(), triggerPrice: 99 }, 'field_has_wrong_type'],
  [
    'trigger price zero',
    { ...STOP(), triggerPrice: '0' },
    'price_ticks_must_be_within_1_and_limit',
  ],
  ['negative trigger price', { ...STOP(), triggerPrice: '-99' }, 'decimal_is_malformed'],
  ['trigger price NaN', { ...STOP(), triggerPrice: 'NaN' }, 'decimal_is_malformed'],
  [
    'trigger price off tick',
    { ...STOP(), triggerPrice: '99.55' },
    'price_must_be_multiple_of_tick',
  ],
  [
    'trigger price above the limit',
    { ...STOP(), triggerPrice: '1000000.1' },
    'price_ticks_must_be_within_1_and_limit',
  ],
  [
    'stop market that waits in the book',
    { orderType: 'stop_market', triggerPrice: '99', timeInForce: 'gtc' },
    'flags_are_contradictory',
  ],
  ['trailing stop without distance', TRAILING({}), 'trailing_distance_must_be_given_once'],
  [
    'trailing stop with two distances',
    TRAILING({ trailingAmount: '1', trailingRate: '0.1' }),
    'trailing_distance_must_be_given_once',
  ],
  [
    'stop with a distance',
    { ...STOP(), trailingAmount: '1' },
    'trailing_distance_must_be_given_once',
  ],
  [
    'trailing stop with a trigger price',
    TRAILING({ trailingAmount: '1', triggerPrice: '99' }),
    'flags_are_contradictory',
  ],
  [
    'trailing amount zero',
    TRAILING({ trailingAmount: '0' }),
    'price_ticks_must_be_within_1_and_limit',
  ],
  [
    'trailing amount off tick',
    TRAILING({ trailingAmount: '1.05' }),
    'price_must_be_multiple_of_tick',
  ],
  [
    'trailing rate zero',
    TRAILING({ trailingRate: '0' }),
    'trailing_distance_must_be_within_1_and_limit',
  ],
  [
    'trailing rate of one',
    TRAILING({ trailingRate: '1' }),
    'trailing_distance_must_be_within_1_and_limit',
  ],
  [
    'trailing rate NaN',
    TRAILING({ trailingRate: 'NaN' }),
    'trailing_distance_must_be_within_1_and_limit',
  ],
  ['trailing rate as number', TRAILING({ trailingRate: 0.1 }), 'field_has_wrong_type'],
  [
    'OCO by both names',
    { ...STOP(), ocoOrderId: 1, ocoClientOrderId: 'a' },
    'order_must_be_named_once',
  ],
  [
    'a quantity beside closePosition',
    { ...STOP(), closePosition: true },
    'flags_are_contradictory',
  ],
  ['closePosition of a plain order', { closePosition: true }, 'flags_are_contradictory'],
  ['closePosition as text', { ...STOP(), closePosition: 'yes' }, 'field_has_wrong_type'],
  ['a stop without quantity', { ...STOP(), qty: undefined }, 'field_is_missing'],
  ['OCO with order zero', { ...STOP(), ocoOrderId: 0 }, 'integer_must_be_within_limits'],
  ['OCO of a plain order', { ocoOrderId: 1 }, 'flags_are_contradictory'],
  [
    'replace by a stop',
    { op: 'replace', targetOrderId: 1, orderType: 'stop_limit' },
    'flags_are_contradictory',
  ],
  [
    'market order that waits',
    { orderType: 'market', timeInForce: 'gtc' },
    'flags_are_contradictory',
  ],
  [
    'post-only that may not rest',
    { postOnly: 'reject', timeInForce: 'ioc' },
    'flags_are_contradictory',
  ],
  ['post-only as boolean', { postOnly: true }, 'value_is_not_allowed'],
  ['gtd without expiry', { timeInForce: 'gtd' }, 'field_is_missing'],
  ['expiry without gtd', { expiresAt: 1 }, 'flags_are_contradictory'],
  [
    'expiry with a fraction',
    { timeInForce: 'gtd', expiresAt: 1.5 },
    'integer_must_be_within_limits',
  ],
  ['reduceOnly as text', { reduceOnly: 'yes' }, 'field_has_wrong_type'],
  ['unknown self-trade mode', { selfTradePrevention: 'x' }, 'value_is_not_allowed'],
  ['client id with a space', { clientOrderId: 'a b' }, 'client_order_id_is_malformed'],
  ['client id of 37 characters', { clientOrderId: 'a'.repeat(37) }, 'client_order_id_is_malformed'],
  ['client id beyond 2^53', { clientOrderId: 2 ** 53 }, 'client_order_id_is_malformed'],
  ['client id zero', { clientOrderId: 0 }, 'client_order_id_is_malformed'],
  ['negative deadline', { deadline: -1 }, 'integer_must_be_within_limits'],
  ['window without timestamp', { recvWindow: 5 }, 'field_is_missing'],
  ['window too long', { timestamp: 1, recvWindow: 60_001 }, 'integer_must_be_within_limits'],
  ['deadline and timestamp', { deadline: 1, timestamp: 1 }, 'flags_are_contradictory'],
  ['cancel of nothing', { op: 'cancel', ...NONE() }, 'order_must_be_named_once'],
  [
    'cancel by both names',
    { op: 'cancel', ...NONE(), orderId: 1, clientOrderId: 'a' },
    'order_must_be_named_once',
  ],
  [
    'cancel of order 2^53',
    { op: 'cancel', ...NONE(), orderId: 2 ** 53 },
    'integer_must_be_within_limits',
  ],
  ['amend of nothing', { op: 'amend', ...NONE(), orderId: 1 }, 'amend_must_change_something'],
  ['replace without target', { op: 'replace' }, 'order_must_be_named_once'],
  [
    'batch of none',
    { op: 'batch', ...NONE(), market: undefined, requests: [] },
    'batch_size_must_be_within_1_and_limit',
  ],
  [
    'batch that is no list',
    { op: 'batch', ...NONE(), market: undefined, requests: {} },
    'batch_size_must_be_within_1_and_limit',
  ],
  [
    'batch with a login',
    { op: 'batch', ...NONE(), market: undefined, requests: [{ op: 'ping', id: 2 }] },
    'op_is_not_allowed_in_batch',
  ],
  [
    'subscription to nothing',
    { op: 'subscribe', ...NONE(), market: undefined, channel: 'x' },
    'channel_is_unknown',
  ],
  [
    'half a resume',
    { op: 'subscribe', ...NONE(), market: undefined, channel: 'private', epoch: 1 },
    'integer_must_be_within_limits',
  ],
];

function STOP() {
  return { orderType: 'stop_limit', triggerPrice: '99' };
}

function TRAILING(fields: object) {
  return { orderType: 'trailing_stop_market', price: undefined, ...fields };
}

function NONE() {
  return { side: undefined, price: undefined, qty: undefined };
}

let harness: RequestHarness;
beforeEach(() => {
  harness = new RequestHarness();
});

describe('a wrong request', () => {
  it.each(WRONG)('%s gets its code and a sentence, and sends nothing', (_name, change, code) => {
    const answers = harness.json(JSON.stringify({ id: 1, ...GOOD, ...change }));
    expect(answers).toHaveLength(1);
    expect(answers[0]).toMatchObject({ type: 'error', code });
    expect(String(answers[0]?.message).length).toBeGreaterThan(10);
    expect(harness.port.sent).toBe(0);
  });

  it('that is not JSON or not an object is answered without an id', () => {
    for (const text of ['', '{', 'null', '[]', '1', '"x"', '\u0000']) {
      const [answer] = harness.json(text);
      expect(answer).toMatchObject({ type: 'error' });
      expect(answer).not.toHaveProperty('id');
    }
  });

  it('names field, value and limit', () => {
    const [answer] = harness.json(JSON.stringify({ id: 1, ...GOOD, price: '1000000.1' }));
    expect(String(answer?.message)).toBe('price must be from 0.1 to 1000000.0, but is "1000000.1"');
  });

  it('names the trigger price when that is wrong', () => {
    const order = { id: 1, ...GOOD, ...STOP(), triggerPrice: '0' };
    const [answer] = harness.json(JSON.stringify(order));
    expect(String(answer?.message)).toBe('triggerPrice must be from 0.1 to 1000000.0, but is "0"');
  });

  it('in a batch refuses the whole batch and says which one it is', () => {
    const bad = { ...GOOD, id: 3, price: '1.23' };
    const batch = { op: 'batch', id: 1, requests: [{ ...GOOD, id: 2 }, bad] };
    const answers = harness.json(JSON.stringify(batch));
    expect(answers).toMatchObject([{ id: 1, code: 'price_must_be_multiple_of_tick' }]);
    expect(String(answers[0]?.message)).toContain('requests[1]');
    expect(harness.port.sent).toBe(0);
  });

  it('before the login is refused', () => {
    harness.connection.account = 0;
    harness.connection.permissions = 0;
    expect(harness.json(JSON.stringify({ id: 1, ...GOOD }))).toMatchObject([
      { code: 'login_required' },
    ]);
  });
});

describe('the decoders', () => {
  it('answer any text exactly once, and send nothing that is not an order', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(harness.json(text)).toHaveLength(1);
        expect(harness.port.sent).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it('answer any bytes exactly once, or send the one command that they happen to be', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      fc.anything().map((value) => new Uint8Array(packed(value))),
    );
    fc.assert(
      fc.property(bytes, (message) => {
        const before = harness.port.sent;
        const answers = harness.msgpack(message);
        // A cancel of everything is two bytes.
        expect(answers.length + harness.port.sent - before).toBe(1);
      }),
      { numRuns: 3_000 },
    );
  });

  it('send a command or one error for any mutation of a good order', () => {
    const codec = new MsgpackCodec(() => '');
    const good = codec.encode('place', 7, { ...GOOD, op: undefined, clientOrderId: 'abc' });
    const mutation = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 3 });
    fc.assert(
      fc.property(mutation, fc.nat(good.length), (changes, cut) => {
        const bytes = good.slice(0, cut === 0 ? good.length : cut);
        for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
        const before = harness.port.sent;
        const answers = harness.msgpack(bytes);
        expect(answers.length + harness.port.sent - before).toBe(1);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('the fast decoder', () => {
  it('accepts only what the careful one accepts, and makes the same command of it', () => {
    const markets = new Markets();
    markets.put(1, BTC);
    markets.put(2, ODD);
    const fast = new FastRequests(markets);
    const careful = new OrderFields(markets);
    const fastDraft = new OrderDraft();
    const carefulDraft = new OrderDraft();
    let accepted = 0;
    fc.assert(
      fc.property(requestArrays, (values) => {
        const bytes = new Uint8Array(packed(values));
        const code = fast.decode(bytes, fastDraft);
        const request = readMsgpackRequest(bytes);
        const found = isUnreadable(request) ? request.problem : careful.read(request, carefulDraft);
        if (code === 0) return;
        accepted++;
        expect(found).toBeNull();
        if (isUnreadable(request)) return;
        expect(request.id).toBe(fast.id);
        const name = code === REQUESTS.place.code ? 'place' : 'cancel';
        expect(command(name, fastDraft)).toEqual(command(name, carefulDraft));
      }),
      { numRuns: 10_000 },
    );
    expect(accepted).toBeGreaterThan(500);
  });
});

describe('the tables of the protocol', () => {
  it('have no field that hides a name of the envelope', () => {
    for (const { fields } of Object.values(MESSAGES)) expect(fields).not.toContain('type');
    for (const { fields } of Object.values(REQUESTS)) {
      expect(fields).not.toContain('op');
      expect(fields).not.toContain('id');
    }
  });
});

const rarely = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 2 });
const place = fc.tuple(
  fc.constant(1),
  fc.integer({ min: 0, max: 2 ** 31 }),
  fc.constantFrom<unknown>('BTC-PERP', 'ODD-PERP', 1, 2, 3, 'X'),
  fc.constantFrom<unknown>(0, 1, 1, 0, 2),
  fc.constantFrom<unknown>('100', '100.5', '250.25', '0.5', '1e5', null),
  fc.constantFrom<unknown>('1', '2.5', '0.5', '10', '1.2345', null),
  rarely(fc.constantFrom<unknown>(0, 1, 2)),
  rarely(fc.integer({ min: 0, max: 4 })),
  rarely(fc.integer({ min: 0, max: 3 })),
  rarely(fc.boolean()),
  rarely(fc.integer({ min: 0, max: 5 })),
  rarely(fc.oneof(fc.integer({ min: 0 }), fc.string({ maxLength: 40 }), fc.constant('a-1'))),
  rarely(fc.integer({ min: 0, max: 2 ** 45 })),
  rarely(fc.integer({ min: 0, max: 2 ** 45 })),
);
const cancel = fc.tuple(
  fc.constant(2),
  fc.integer({ min: 1, max: 70_000 }),
  fc.constantFrom<unknown>('BTC-PERP', 2, 300),
  rarely(fc.constantFrom<unknown>(1, 5_000, 2 ** 33, 1.5, '7')),
  rarely(fc.constantFrom<unknown>('abc', '17', '017', 17)),
  rarely(fc.integer({ min: -1, max: 2 ** 40 })),
);
const requestArrays = fc
  .tuple(fc.oneof(place, cancel), fc.nat(14))
  .map(([values, cut]) => (values as unknown[]).slice(0, Math.max(4, values.length - cut)));

function packed(value: unknown): Uint8Array {
  try {
    return pack(value);
  } catch {
    return new Uint8Array([0xc1]);
  }
}

function command(name: 'place' | 'cancel', draft: OrderDraft): number[] {
  const writer = new CommandWriter(1);
  writer[name](draft, 1, 2, 3);
  return [...writer.words.subarray(0, writer.slots * SLOT_WORDS)];
}

describe('the time of a request', () => {
  it('is that of the first command of its turn, and never of a turn before', () => {
    const clock = vi.spyOn(performance, 'now');
    const sendAt = (nowMs: number, request: object) => {
      clock.mockReturnValue(nowMs);
      harness.json(JSON.stringify(request));
    };
    const session = (harness.port.portId << 24) | harness.connection.number;
    const timeOf = (id: number) => harness.times.receivedAt(session, id);
    sendAt(5, { ...GOOD, id: 1 });
    sendAt(9, { ...GOOD, id: 2 });
    expect([timeOf(1), timeOf(2)]).toEqual([5, 5]);
    harness.turns.number++;
    // It wakes no shard, so nobody notes the end of its turn.
    sendAt(20, { op: 'ping', id: 3 });
    sendAt(5_000, { ...GOOD, id: 4 });
    expect(timeOf(4)).toBe(5_000);
    clock.mockRestore();
  });
});
