import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fieldsOf } from '../testing/fix-client.js';
import { FixExchange } from '../testing/fix-exchange.js';
import type { FixMessage } from './codec/fix-message.js';
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
const isReport = ({ type }: FixMessage) => type === MSG.ExecutionReport;
/** ExecType, OrdStatus, LeavesQty, CumQty, AvgPx. */
const state = (message: FixMessage) => {
  return fieldsOf(message, TAG.ExecType, TAG.OrdStatus, TAG.LeavesQty, TAG.CumQty, TAG.AvgPx);
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

describe('orders', () => {
  it('are accepted, filled in parts at exact averages, and complete', async () => {
    const maker = await exchange.client(1);
    const taker = await exchange.client(2);
    for (const [id, price] of [
      ['m-1', '50000.1'],
      ['m-2', '50000.2'],
    ] as const) {
      maker.send('D', { ...BUY, [TAG.ClOrdID]: id, [TAG.Side]: 2, [TAG.Price]: price });
    }
    await maker.until(isReport, 2);
    const order = { ...BUY, [TAG.Price]: '50001.0', [TAG.OrderQty]: '0.025' };
    taker.send('D', order);
    const reports = await taker.until(isReport, 3);
    expect(reports.map(state)).toEqual([
      ['0', '0', '0.025', '0.000', '0'],
      ['F', '1', '0.015', '0.010', '50000.1'],
      ['F', '1', '0.005', '0.020', '50000.15'],
    ]);
    expect(fieldsOf(reports[1] as FixMessage, TAG.LastQty, TAG.LastPx, TAG.ClOrdID)).toEqual([
      '0.010',
      '50000.1',
      'a-1',
    ]);
    maker.send('D', { ...BUY, [TAG.ClOrdID]: 'm-3', [TAG.Side]: 2, [TAG.OrderQty]: '0.005' });
    const [last] = (await taker.until(isReport, 4)).slice(3);
    expect(state(last as FixMessage)).toEqual(['F', '2', '0.000', '0.025', '50000.32']);
    const ids = taker.received.filter(isReport).map((report) => report.get(TAG.ExecID));
    expect(new Set(ids).size).toBe(4);
  });
});
