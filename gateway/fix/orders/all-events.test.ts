import { describe, expect, it } from 'vitest';
import * as types from '../../../engine/messages/types.js';
import { Xorshift } from '../../../engine/testing/xorshift.js';
import { PlimsollClient } from '../../../sdk/client.js';
import { apiKeyLogin } from '../../../sdk/login.js';
import { type FixClient, fieldsOf, shown } from '../../testing/fix-client.js';
import { FixExchange } from '../../testing/fix-exchange.js';
import type { FixMessage } from '../codec/fix-message.js';
import { MSG, TAG } from '../codec/tags.js';

const STEPS = 400;
const MARKET = 'BTC-PERP';
const MODES = ['none', 'cancel_taker', 'cancel_maker', 'cancel_both', 'decrement'] as const;
const isReport = ({ type }: FixMessage) => type === MSG.ExecutionReport;

interface Order {
  leaves: number;
  status: string;
  cum: number;
  value: number;
}

/** Lots of a quantity. */
const lots = (text: string | undefined) => Math.round(Number(text) * 1_000);

/** Takes a report as a client's order book would, and holds it against the rules of FIX. */
function take(orders: Map<string, Order>, report: FixMessage): number {
  const [id, waited, type, status] = fieldsOf(
    report,
    ...[TAG.OrderID, TAG.SecondaryOrderID, TAG.ExecType, TAG.OrdStatus],
  ) as string[];
  const [leaves, cum, quantity, last] = fieldsOf(
    report,
    ...[TAG.LeavesQty, TAG.CumQty, TAG.OrderQty, TAG.LastQty],
  ).map(lots) as [number, number, number, number];
  const what = shown(report);
  const known = orders.get(id as string) ??
    orders.get(waited as string) ?? { leaves: 0, status: '', cum: 0, value: 0 };
  // Nothing comes behind an end.
  if (id !== 'NONE') expect('248C', what).not.toContain(known.status || '-');
  const isWorking = status === '0' || status === '1';
  if (isWorking) expect(cum + leaves, what).toBe(quantity);
  else expect(leaves, what).toBe(0);
  if (status === '0') expect(cum, what).toBe(0);
  if (status === '1') expect(cum > 0 && leaves > 0, what).toBe(true);
  if (status === '2') expect(cum, what).toBe(quantity);
  const isTrade = type === 'F';
  const value = known.value + (isTrade ? last * Number(report.get(TAG.LastPx)) : 0);
  if (id !== 'NONE') expect(cum, what).toBe(known.cum + (isTrade ? last : 0));
  if (cum > 0) expect(Number(report.get(TAG.AvgPx)), what).toBeCloseTo(value / cum, 7);
  if (id !== 'NONE') {
    orders.set(id as string, { leaves, status: status as string, cum, value });
    if (waited !== undefined) orders.delete(waited);
  }
  if (!isTrade) return 0;
  return report.get(TAG.Side) === '1' ? last : -last;
}

describe.each([1, 2, 3, 4])('days of everything that the native door can do, seed %i', (seed) => {
  it('are told so that every report fits the one before, and the end fits the exchange', async () => {
    const exchange = new FixExchange({ requestsBurst: 1e6 });
    await exchange.start();
    const random = new Xorshift(seed);
    const fix: FixClient[] = [];
    const native: PlimsollClient[] = [];
    for (const account of [1, 2]) {
      const { apiKey, apiSecret } = exchange.key(account);
      fix.push(await exchange.client(account));
      native.push(
        await PlimsollClient.connect({ url: exchange.url, login: apiKeyLogin(apiKey, apiSecret) }),
      );
    }
    let mark = 50_000;
    const price = () => (mark + random.between(-300, 300)).toFixed(1);
    const command = (type: number, fields: Record<string, number>, market: number) => {
      exchange.core.command(type, 1, market, fields);
      exchange.core.flush();
    };
    const place = () => {
      const order: Record<string, unknown> = {
        market: MARKET,
        side: random.pick(['buy', 'sell']),
        qty: (random.between(1, 40) / 1_000).toFixed(3),
        price: price(),
        selfTradePrevention: random.pick(MODES),
      };
      if (random.chance(20)) order.reduceOnly = true;
      if (random.chance(30)) order.timeInForce = random.pick(['ioc', 'fok']);
      if (random.chance(40)) order.clientOrderId = `n${random.next()}`;
      return order;
    };
    const requests: (() => [string, Record<string, unknown>])[] = [
      () => ['place', place()],
      () => ['place', place()],
      () => ['place', { ...place(), orderType: 'market', price: undefined, timeInForce: 'ioc' }],
      () => [
        'place',
        { ...place(), postOnly: random.pick(['reject', 'slide']), timeInForce: 'gtc' },
      ],
      () => [
        'place',
        {
          ...place(),
          timeInForce: 'gtd',
          expiresAt: exchange.core.timeMs + random.between(1, 1_500),
        },
      ],
      () => {
        const orderType = random.pick([
          'stop_market',
          'stop_limit',
          'take_profit_market',
          'take_profit_limit',
        ]);
        const bound = orderType.endsWith('limit') ? {} : { price: undefined, timeInForce: 'ioc' };
        return ['place', { ...place(), ...bound, orderType, triggerPrice: price() }];
      },
      () => {
        const trailing = {
          orderType: 'trailing_stop_market',
          trailingAmount: '50',
          price: undefined,
        };
        return ['place', { ...place(), ...trailing, timeInForce: 'ioc' }];
      },
      () => {
        const legs = {
          takeProfitPrice: (mark + 400).toFixed(1),
          stopLossPrice: (mark - 400).toFixed(1),
        };
        return ['place', { ...place(), side: 'buy', reduceOnly: false, ...legs }];
      },
      () => {
        const lastPrice = (mark - 500).toFixed(1);
        const { market, qty, clientOrderId } = place();
        const scaled = {
          market,
          side: 'buy',
          qty,
          price: (mark - 100).toFixed(1),
          lastPrice,
          count: 3,
        };
        return ['placeScaled', { ...scaled, clientOrderId }];
      },
      () => [
        'placeTwap',
        { market: MARKET, side: 'sell', qty: '0.020', duration: 4_000, slices: 4 },
      ],
      () => ['cancelAll', { market: MARKET, side: random.pick(['buy', 'sell']) }],
    ];
    /** A request about one of the account's open orders. */
    const change = (account: number): [string, Record<string, unknown>] | null => {
      const open = exchange.sources.accounts.openOrders(account);
      if (open.length === 0) return null;
      const { orderId, qtyLots } = random.pick(open);
      const total = random.between(1, qtyLots + 20);
      const qty = (total / 1_000).toFixed(3);
      return random.pick<[string, Record<string, unknown>]>([
        ['cancel', { market: MARKET, orderId }],
        ['amend', { market: MARKET, orderId, qty }],
        ['amend', { market: MARKET, orderId, price: price() }],
        ['replace', { ...place(), timeInForce: 'gtc', targetOrderId: orderId }],
      ]);
    };
    for (let step = 0; step < STEPS; step++) {
      if (random.chance(15)) {
        mark += random.between(-150, 150);
        exchange.core.timeMs += random.between(0, 1_500);
        command(types.CMD_ORACLE_PRICE, { W_PRICE: mark * 10, F_QTY: exchange.core.timeMs }, 1);
        command(types.CMD_TIMER, {}, 0);
      }
      const account = random.between(1, 2);
      const [op, fields] = (random.chance(30) ? change(account) : null) ?? random.pick(requests)();
      const given = Object.fromEntries(
        Object.entries(fields).filter(([, value]) => value !== undefined),
      );
      await native[account - 1]?.request(op as never, given as never).catch(() => {});
    }
    const kinds = new Set<string>();
    for (const account of [1, 2]) {
      const client = fix[account - 1] as FixClient;
      client.send('1', { [TAG.TestReqID]: 'end' });
      await client.until((message) => message.get(TAG.TestReqID) === 'end');
      const orders = new Map<string, Order>();
      const reports = client.received.filter(isReport);
      const position = reports.reduce((sum, report) => sum + take(orders, report), 0);
      const open = [...orders].filter(([, { status }]) => status === '0' || status === '1');
      const told = open.map(([id, { leaves }]) => `${id} ${leaves}`).sort();
      const real = exchange.sources.accounts.openOrders(account);
      expect(told).toEqual(
        real.map(({ orderId, remainingLots }) => `1-${orderId} ${remainingLots}`).sort(),
      );
      const { positions } = await (native[account - 1] as PlimsollClient).positions();
      const held = positions.find(({ market }) => market === MARKET)?.position ?? '0';
      expect(position).toBe(lots(held));
      for (const report of reports) kinds.add(report.get(TAG.ExecType) as string);
    }
    expect([...kinds]).toEqual(expect.arrayContaining(['0', '4', 'C', 'D', 'F']));
    for (const client of native) await client.close();
    await exchange.close();
    expect(exchange.errors).toEqual([]);
  });
});
