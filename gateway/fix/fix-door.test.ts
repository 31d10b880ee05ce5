import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { candidatesMessage } from '../../engine/messages/candidates.js';
import * as types from '../../engine/messages/types.js';
import { PlimsollClient } from '../../sdk/client.js';
import { apiKeyLogin } from '../../sdk/login.js';
import { type FixClient, fieldsOf } from '../testing/fix-client.js';
import { FixExchange } from '../testing/fix-exchange.js';
import type { FixMessage } from './codec/fix-message.js';
import { timestampOf } from './codec/frame-writer.js';
import { MSG, TAG } from './codec/tags.js';

const BUY = {
  [TAG.ClOrdID]: 'a-1',
  [TAG.Symbol]: 'BTC-PERP',
  [TAG.Side]: 1,
  [TAG.OrdType]: 2,
  [TAG.OrderQty]: '0.010',
  [TAG.Price]: '50000.0',
  [TAG.TransactTime]: '20260101-00:00:00',
};
const SELL = { ...BUY, [TAG.Side]: 2 };
const NATIVE = { market: 'BTC-PERP', side: 'buy', price: '49000.0', qty: '0.010' } as const;

const isReport = ({ type }: FixMessage) => type === MSG.ExecutionReport;
/** ExecType, OrdStatus, LeavesQty, CumQty, AvgPx, Text. */
const state = (message: FixMessage) => {
  const tags = [TAG.ExecType, TAG.OrdStatus, TAG.LeavesQty, TAG.CumQty, TAG.AvgPx, TAG.Text];
  return fieldsOf(message, ...tags);
};

let exchange: FixExchange;

beforeEach(async () => {
  exchange = new FixExchange();
  await exchange.start();
});
afterEach(async () => {
  await exchange.close();
  expect(exchange.errors).toEqual([]);
});

async function native(account: number): Promise<PlimsollClient> {
  const { apiKey, apiSecret } = exchange.key(account);
  const login = apiKeyLogin(apiKey, apiSecret);
  return PlimsollClient.connect({ url: exchange.url, login });
}

/** A report and what it was that it said. */
async function last(client: FixClient, count: number): Promise<FixMessage> {
  return (await client.until(isReport, count))[count - 1] as FixMessage;
}

function command(type: number, fields: Record<string, number>, market = 1): void {
  exchange.core.command(type, 1, market, fields);
  exchange.core.flush();
}

function mark(price: number): void {
  command(types.CMD_ORACLE_PRICE, { W_PRICE: price * 10, F_QTY: exchange.core.timeMs });
}

describe('orders', () => {
  it('are accepted, filled in parts at exact averages, and complete', async () => {
    const maker = await exchange.client(1);
    const taker = await exchange.client(2);
    for (const [id, price] of [
      ['m-1', '50000.1'],
      ['m-2', '50000.2'],
    ] as const) {
      maker.send('D', { ...SELL, [TAG.ClOrdID]: id, [TAG.Price]: price });
    }
    await maker.until(isReport, 2);
    taker.send('D', { ...BUY, [TAG.Price]: '50001.0', [TAG.OrderQty]: '0.025' });
    const found = await taker.until(isReport, 3);
    expect(found.map(state)).toEqual([
      ['0', '0', '0.025', '0.000', '0', undefined],
      ['F', '1', '0.015', '0.010', '50000.1', undefined],
      ['F', '1', '0.005', '0.020', '50000.15', undefined],
    ]);
    const tags = [TAG.LastQty, TAG.LastPx, TAG.ClOrdID, TAG.LastLiquidityInd, TAG.OrderQty];
    expect(fieldsOf(found[1] as FixMessage, ...tags)).toEqual([
      '0.010',
      '50000.1',
      'a-1',
      '2',
      '0.025',
    ]);
    maker.send('D', { ...SELL, [TAG.ClOrdID]: 'm-3', [TAG.OrderQty]: '0.005' });
    expect(state(await last(taker, 4))).toEqual([
      'F',
      '2',
      '0.000',
      '0.025',
      '50000.32',
      undefined,
    ]);
    const ids = taker.received.filter(isReport).map((report) => report.get(TAG.ExecID));
    expect(new Set(ids).size).toBe(4);
    expect(fieldsOf(await last(maker, 3), TAG.LastLiquidityInd, TAG.ClOrdID)).toEqual(['1', 'm-1']);
  });

  it('are canceled and replaced by the names that replacements gave them', async () => {
    const client = await exchange.client(1);
    client.send('D', BUY);
    const target = { [TAG.Symbol]: 'BTC-PERP', [TAG.Side]: 1 };
    const replacement = {
      ...target,
      [TAG.OrdType]: 2,
      [TAG.OrderQty]: '0.020',
      [TAG.Price]: '50010.0',
    };
    // Without waiting for answers: each names the one before.
    client.send('G', { ...replacement, [TAG.OrigClOrdID]: 'a-1', [TAG.ClOrdID]: 'a-2' });
    client.send('G', {
      ...replacement,
      [TAG.OrderQty]: '0.030',
      [TAG.OrigClOrdID]: 'a-2',
      [TAG.ClOrdID]: 'a-3',
    });
    client.send('F', { ...target, [TAG.OrigClOrdID]: 'a-3', [TAG.ClOrdID]: 'a-4' });
    const found = await client.until(isReport, 4);
    const names = [TAG.ExecType, TAG.ClOrdID, TAG.OrigClOrdID, TAG.OrderQty, TAG.LeavesQty];
    expect(found.map((one) => fieldsOf(one, ...names))).toEqual([
      ['0', 'a-1', undefined, '0.010', '0.010'],
      ['5', 'a-2', 'a-1', '0.020', '0.020'],
      ['5', 'a-3', 'a-2', '0.030', '0.030'],
      ['4', 'a-4', 'a-3', '0.030', '0.000'],
    ]);
    // The order has been known by all of these.
    client.send('F', { ...target, [TAG.OrigClOrdID]: 'a-2', [TAG.ClOrdID]: 'a-5' });
    client.send('F', { ...target, [TAG.OrigClOrdID]: 'nobody', [TAG.ClOrdID]: 'a-6' });
    client.send('G', { ...replacement, [TAG.OrigClOrdID]: 'a-1', [TAG.ClOrdID]: 'a-2' });
    const refused = await client.until(({ type }) => type === MSG.OrderCancelReject, 3);
    const why = [TAG.ClOrdID, TAG.CxlRejResponseTo, TAG.CxlRejReason, TAG.OrdStatus, TAG.OrderID];
    const answers = refused.map((one) => fieldsOf(one, ...why));
    // What is refused at the door overtakes what the exchange is asked for.
    answers.sort((a, b) => ((a[0] as string) < (b[0] as string) ? -1 : 1));
    expect(answers).toEqual([
      ['a-2', '2', '6', '4', '1-1'],
      ['a-5', '1', '0', '4', '1-1'],
      ['a-6', '1', '1', '8', 'NONE'],
    ]);
  });

  it('are canceled when they are replaced by less than was filled', async () => {
    const client = await exchange.client(1);
    const other = await exchange.client(2);
    client.send('D', BUY);
    await client.until(isReport);
    other.send('D', { ...SELL, [TAG.OrderQty]: '0.006' });
    await client.until(isReport, 2);
    const terms = {
      ...BUY,
      [TAG.OrigClOrdID]: 'a-1',
      [TAG.ClOrdID]: 'a-2',
      [TAG.OrderQty]: '0.005',
    };
    client.send('G', terms);
    const canceled = await last(client, 3);
    expect(state(canceled)).toEqual(['4', '4', '0.000', '0.006', '50000.0', undefined]);
    expect(fieldsOf(canceled, TAG.ClOrdID, TAG.OrigClOrdID)).toEqual(['a-2', 'a-1']);
  });

  it('end by themselves with the reason', async () => {
    const client = await exchange.client(1);
    const expires = {
      [TAG.TimeInForce]: 6,
      [TAG.ExpireTime]: timestampOf(exchange.core.timeMs + 1_000),
    };
    client.send('D', { ...BUY, ...expires });
    expect(fieldsOf(await last(client, 1), TAG.TimeInForce, TAG.ExpireTime)).toEqual([
      '6',
      expires[TAG.ExpireTime],
    ]);
    exchange.core.timeMs += 2_000;
    command(types.CMD_TIMER, {}, 0);
    expect(state(await last(client, 2))).toEqual(['C', 'C', '0.000', '0.000', '0', 'expired']);
    client.send('D', { ...BUY, [TAG.ClOrdID]: 'b', [TAG.TimeInForce]: 3 });
    expect(state(await last(client, 4))).toEqual([
      '4',
      '4',
      '0.000',
      '0.000',
      '0',
      'ioc_remainder',
    ]);
    client.send('D', { ...BUY, [TAG.ClOrdID]: 'c', [TAG.TimeInForce]: 4 });
    expect(state(await last(client, 6))).toEqual([
      '4',
      '4',
      '0.000',
      '0.000',
      '0',
      'fok_unfillable',
    ]);
    client.send('D', { ...BUY, [TAG.ClOrdID]: 'd' });
    client.send('D', { ...SELL, [TAG.ClOrdID]: 'e' });
    const selfTrade = await last(client, 9);
    expect(fieldsOf(selfTrade, TAG.ClOrdID, TAG.ExecType, TAG.Text)).toEqual([
      'e',
      '4',
      'self_trade',
    ]);
  });

  it('that wait are told of when they fire, and keep their name', async () => {
    const client = await exchange.client(1);
    const other = await exchange.client(2);
    other.send('D', { ...SELL, [TAG.Price]: '51000.0' });
    await other.until(isReport);
    client.send('D', { ...BUY, [TAG.OrdType]: 4, [TAG.StopPx]: '50500.0', [TAG.Price]: '52000.0' });
    const waits = await last(client, 1);
    expect(fieldsOf(waits, TAG.OrdType, TAG.StopPx, TAG.Price, TAG.OrdStatus)).toEqual([
      '4',
      '50500.0',
      '52000.0',
      '0',
    ]);
    mark(50_600);
    const [, fired, filled] = await client.until(isReport, 3);
    expect(
      fieldsOf(fired as FixMessage, TAG.ExecType, TAG.ExecRestatementReason, TAG.Text),
    ).toEqual(['D', '99', 'triggered']);
    expect(fieldsOf(fired as FixMessage, TAG.SecondaryOrderID)).toEqual([waits.get(TAG.OrderID)]);
    expect(fired?.get(TAG.OrderID)).not.toBe(waits.get(TAG.OrderID));
    expect(state(filled as FixMessage)).toEqual(['F', '2', '0.000', '0.010', '51000.0', undefined]);
    expect(filled?.get(TAG.ClOrdID)).toBe('a-1');
    const touched = { ...BUY, [TAG.OrdType]: 'J', [TAG.StopPx]: '49000.0', [TAG.ClOrdID]: 'mit' };
    client.send('D', touched);
    expect(fieldsOf(await last(client, 4), TAG.OrdType, TAG.StopPx)).toEqual(['J', '49000.0']);
    client.send('F', { ...SELL, [TAG.OrigClOrdID]: 'mit', [TAG.ClOrdID]: 'x' }, {});
    await client.until(({ type }) => type === MSG.Reject);
    client.send('F', { [TAG.Symbol]: 'BTC-PERP', [TAG.OrigClOrdID]: 'mit', [TAG.ClOrdID]: 'x' });
    expect(state(await last(client, 5))).toEqual(['4', '4', '0.000', '0.000', '0', undefined]);
  });

  it('that were fired without margin are rejected', async () => {
    const client = await exchange.client(1);
    const stop = { ...BUY, [TAG.OrdType]: 3, [TAG.StopPx]: '50500.0', [TAG.OrderQty]: '900.000' };
    const { [TAG.Price]: _, ...terms } = stop as Record<number, string | number>;
    client.send('D', terms);
    await client.until(isReport);
    mark(50_600);
    const rejected = await last(client, 2);
    expect(fieldsOf(rejected, TAG.ExecType, TAG.OrdStatus, TAG.LeavesQty)).toEqual([
      '8',
      '8',
      '0.000',
    ]);
    expect(rejected.get(TAG.Text)).toMatch(/^insufficient_margin: .* free collateral/);
  });

  it('are refused with field, value and limit, and nothing is done', async () => {
    const client = await exchange.client(1);
    const wrong: [Record<number, string | number>, string, RegExp][] = [
      [{ [TAG.Price]: '50000.05' }, '99', /price must be a multiple of the tick size 0.1/],
      [{ [TAG.OrderQty]: '0.0001' }, '13', /qty must be a multiple of the lot size 0.001/],
      [{ [TAG.Price]: '-1' }, '99', /price must be a decimal number/],
      [{ [TAG.Symbol]: 'DOGE-PERP' }, '1', /unknown_market/],
      [{ [TAG.Side]: 5 }, '99', /Side must be 1 \(buy\) or 2 \(sell\), but is "5"/],
      [{ [TAG.OrdType]: 'P' }, '99', /OrdType must be/],
      [{ [TAG.TimeInForce]: 7 }, '99', /TimeInForce must be 0, 1, 3, 4 or 6, but is "7"/],
      [{ [TAG.ExecInst]: 'G' }, '99', /ExecInst must be/],
      [{ [TAG.Account]: '2' }, '99', /Account must be 1, the API key, or absent/],
      [{ [TAG.ClOrdID]: 'no spaces' }, '99', /client_order_id_is_malformed/],
      [{ [TAG.OrderQty]: '1000.000' }, '3', /insufficient_margin/],
      [{ [TAG.ExecInst]: 'E' }, '99', /reduce_only_order_would_not_reduce_position/],
    ];
    for (const [change] of wrong) client.send('D', { ...BUY, ...change });
    const found = await client.until(isReport, wrong.length);
    found.forEach((one, i) => {
      expect(fieldsOf(one, TAG.ExecType, TAG.OrdStatus, TAG.OrdRejReason)).toEqual([
        '8',
        '8',
        wrong[i]?.[1],
      ]);
      expect(one.get(TAG.Text)).toMatch(wrong[i]?.[2] as RegExp);
    });
    expect(new Set(found.map((one) => one.get(TAG.ExecID))).size).toBe(wrong.length);
    client.send('AF', { [TAG.MassStatusReqID]: 's', [TAG.MassStatusReqType]: 7 });
    const [none] = await client.until(({ type }) => type === MSG.BusinessMessageReject);
    expect(none?.get(TAG.Text)).toBe('there are no open orders');
  });

  it('of a day are good until canceled, or immediate when they have no price', async () => {
    const client = await exchange.client(1);
    const day = { ...BUY, [TAG.TimeInForce]: 0, [TAG.Account]: exchange.key(1).apiKey };
    client.send('D', day);
    const { [TAG.Price]: _, ...market } = { ...day, [TAG.OrdType]: 1, [TAG.ClOrdID]: 'm' };
    client.send('D', market);
    const found = await client.until(isReport, 3);
    expect(found.map((one) => fieldsOf(one, TAG.ExecType, TAG.TimeInForce))).toEqual([
      ['0', '1'],
      ['0', '3'],
      ['4', '3'],
    ]);
  });

  it('with a ClOrdID that was used tell how the first one stands', async () => {
    const client = await exchange.client(1);
    client.send('D', BUY);
    client.send('D', { ...BUY, [TAG.OrderQty]: '0.500' }, { [TAG.PossResend]: 'Y' });
    const [first, second] = await client.until(isReport, 2);
    expect(fieldsOf(second as FixMessage, TAG.ExecType, TAG.OrdStatus, TAG.OrderQty)).toEqual([
      'I',
      '0',
      '0.010',
    ]);
    expect(second?.get(TAG.OrderID)).toBe(first?.get(TAG.OrderID));
  });

  it('of other doors are told as well, and can be canceled here', async () => {
    const client = await exchange.client(1);
    const other = await native(1);
    const placed = await other.place(NATIVE);
    const named = await other.place({ ...NATIVE, clientOrderId: 'native' });
    await other.request('amend', {
      market: 'BTC-PERP',
      orderId: named.orderId as number,
      qty: '0.008',
    });
    const [first, , amended] = await client.until(isReport, 3);
    expect(fieldsOf(first as FixMessage, TAG.OrderID, TAG.ClOrdID)).toEqual([
      `1-${placed.orderId}`,
      undefined,
    ]);
    const change = [TAG.ExecType, TAG.ExecRestatementReason, TAG.ClOrdID, TAG.OrderQty];
    expect(fieldsOf(amended as FixMessage, ...change)).toEqual(['D', '99', 'native', '0.008']);
    const cancel = { [TAG.Symbol]: 'BTC-PERP', [TAG.OrigClOrdID]: 'NONE', [TAG.ClOrdID]: 'x' };
    client.send('F', { ...cancel, [TAG.OrderID]: `1-${placed.orderId}` });
    expect(fieldsOf(await last(client, 4), TAG.ExecType, TAG.OrderID)).toEqual([
      '4',
      `1-${placed.orderId}`,
    ]);
    await other.close();
  });

  it('of other accounts cannot be touched or seen', async () => {
    const owner = await exchange.client(1);
    const thief = await exchange.client(2);
    owner.send('D', BUY);
    const id = (await last(owner, 1)).get(TAG.OrderID) as string;
    const target = { [TAG.Symbol]: 'BTC-PERP', [TAG.OrigClOrdID]: 'a-1', [TAG.ClOrdID]: 'x' };
    thief.send('F', target);
    thief.send('F', { ...target, [TAG.OrderID]: id, [TAG.ClOrdID]: 'y' });
    thief.send('G', { ...BUY, ...target, [TAG.OrderID]: id, [TAG.ClOrdID]: 'z' });
    const refused = await thief.until(({ type }) => type === MSG.OrderCancelReject, 3);
    expect(refused.map((one) => one.get(TAG.CxlRejReason))).toEqual(['1', '1', '1']);
    thief.send('H', { [TAG.ClOrdID]: 'a-1', [TAG.OrderID]: id, [TAG.Symbol]: 'BTC-PERP' });
    thief.send('q', { [TAG.ClOrdID]: 'all', [TAG.MassCancelRequestType]: 7 });
    const [status] = await thief.until(isReport);
    expect(fieldsOf(status as FixMessage, TAG.OrdStatus, TAG.OrdRejReason)).toEqual(['8', '5']);
    const [mass] = await thief.until(({ type }) => type === MSG.OrderMassCancelReport);
    expect(mass?.get(TAG.TotalAffectedOrders)).toBe('0');
    owner.send('H', { [TAG.ClOrdID]: 'a-1', [TAG.Symbol]: 'BTC-PERP', [TAG.Side]: 1 });
    expect(fieldsOf(await last(owner, 2), TAG.ExecType, TAG.OrdStatus)).toEqual(['I', '0']);
  });

  it('are shown though the session has forgotten them for the many that came behind them', async () => {
    const client = await exchange.client(1);
    for (let i = 0; i < 300; i++) {
      client.send('D', { ...BUY, [TAG.ClOrdID]: `o-${i}`, [TAG.TimeInForce]: 3 });
    }
    const reports = await client.until(isReport, 600);
    const id = reports.find((one) => one.get(TAG.ClOrdID) === 'o-1')?.get(TAG.OrderID);
    client.send('H', { [TAG.ClOrdID]: 'o-1', [TAG.Symbol]: 'BTC-PERP', [TAG.Side]: 1 });
    const byName = await last(client, 601);
    client.send('H', { [TAG.ClOrdID]: 'x', [TAG.OrderID]: id as string, [TAG.Symbol]: 'BTC-PERP' });
    for (const one of [byName, await last(client, 602)]) {
      expect(fieldsOf(one, TAG.ExecType, TAG.OrdStatus, TAG.OrderID)).toEqual(['I', '4', id]);
      expect(fieldsOf(one, TAG.ClOrdID, TAG.LeavesQty, TAG.CumQty)).toEqual([
        'o-1',
        '0.000',
        '0.000',
      ]);
    }
    client.send('H', { [TAG.ClOrdID]: 'never', [TAG.Symbol]: 'BTC-PERP', [TAG.Side]: 1 });
    expect(fieldsOf(await last(client, 603), TAG.OrdStatus)).toEqual(['8']);
  });

  it('are canceled all at once, by market or everywhere', async () => {
    const client = await exchange.client(1);
    for (const id of ['1', '2', '3']) client.send('D', { ...BUY, [TAG.ClOrdID]: id });
    client.send('D', { ...SELL, [TAG.ClOrdID]: '4', [TAG.Price]: '52000' });
    const odd = { [TAG.Symbol]: 'ODD-PERP', [TAG.Price]: '100.00', [TAG.OrderQty]: '1.0' };
    client.send('D', { ...BUY, [TAG.ClOrdID]: '5', ...odd });
    await client.until(isReport, 5);
    client.send('AF', {
      [TAG.MassStatusReqID]: 's',
      [TAG.MassStatusReqType]: 1,
      [TAG.Symbol]: 'ODD-PERP',
    });
    expect(
      fieldsOf(await last(client, 6), TAG.ClOrdID, TAG.TotNumReports, TAG.LastRptRequested),
    ).toEqual(['5', '1', 'Y']);
    const inMarket = { [TAG.MassCancelRequestType]: 1, [TAG.Symbol]: 'BTC-PERP', [TAG.Side]: 1 };
    client.send('q', { [TAG.ClOrdID]: 'm1', ...inMarket });
    client.send('q', { [TAG.ClOrdID]: 'm2', [TAG.MassCancelRequestType]: 7 });
    const found = await client.until(({ type }) => type === MSG.OrderMassCancelReport, 2);
    const tags = [TAG.ClOrdID, TAG.MassCancelResponse, TAG.TotalAffectedOrders];
    expect(found.map((one) => fieldsOf(one, ...tags))).toEqual([
      ['m1', '1', '3'],
      ['m2', '7', '2'],
    ]);
    expect((await last(client, 9)).get(TAG.Text)).toBe('mass_cancel');
    client.send('q', { [TAG.ClOrdID]: 'm3', [TAG.MassCancelRequestType]: 1 });
    const [, , refused] = await client.until(({ type }) => type === MSG.OrderMassCancelReport, 3);
    expect(
      fieldsOf(refused as FixMessage, TAG.MassCancelResponse, TAG.MassCancelRejectReason),
    ).toEqual(['0', '99']);
  });

  it('of a liquidation, and what is taken over, are told as trades that add up', async () => {
    const fallen = await exchange.client(1);
    const winner = await exchange.client(2);
    const big = { [TAG.OrderQty]: '50.000' };
    winner.send('D', { ...SELL, ...big });
    fallen.send('D', { ...BUY, ...big });
    fallen.send('D', { ...BUY, [TAG.ClOrdID]: 'rests', [TAG.Price]: '46000.0' });
    await fallen.until(isReport, 3);
    const bidder = await exchange.client(3);
    bidder.send('D', { ...BUY, [TAG.Price]: '48100.0', [TAG.OrderQty]: '20.000' });
    await bidder.until(isReport);
    mark(48_200);
    exchange.core.trySend(candidatesMessage([1]), 0, 2);
    exchange.core.flush();
    const canceled = await last(fallen, 4);
    expect(fieldsOf(canceled, TAG.ClOrdID, TAG.ExecType, TAG.Text)).toEqual([
      'rests',
      '4',
      'liquidation',
    ]);
    for (let i = 0; i < 40 && fallen.received.filter(isReport).length < 6; i++) {
      exchange.core.timeMs += 1_000;
      mark(48_200);
      exchange.core.trySend(candidatesMessage([1]), 0, 2);
      command(types.CMD_TIMER, {}, 0);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const sold = await last(fallen, 6);
    expect(fieldsOf(sold, TAG.ExecType, TAG.Side, TAG.ClOrdID, TAG.Text)).toEqual([
      'F',
      '2',
      undefined,
      'liquidation',
    ]);
    const view = await native(1);
    await view.subscribe('private');
    const position = view.account.positions.get('BTC-PERP')?.position as string;
    await view.close();
    fallen.send('1', { [TAG.TestReqID]: 'all' });
    await fallen.until((message) => message.get(TAG.TestReqID) === 'all');
    const trades = fallen.received.filter((one) => isReport(one) && one.get(TAG.ExecType) === 'F');
    const sum = trades.reduce((total, one) => {
      const lots = Math.round(Number(one.get(TAG.LastQty)) * 1000);
      return total + (one.get(TAG.Side) === '1' ? lots : -lots);
    }, 0);
    expect((sum / 1000).toFixed(3)).toBe(position);
    for (const one of trades) {
      const [quantity, leaves, filled] = fieldsOf(one, TAG.OrderQty, TAG.LeavesQty, TAG.CumQty).map(
        Number,
      );
      expect((leaves as number) + (filled as number)).toBeCloseTo(quantity as number, 9);
    }
  });
});
