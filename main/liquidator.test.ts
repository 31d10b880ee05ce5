import { afterEach, describe, expect, it } from 'vitest';
import { PlimsollClient } from '../sdk/client.js';
import type { ServerMessage } from '../sdk/codec.js';
import { LiquidatorBot } from '../sdk/examples/liquidator-bot.js';
import { apiKeyLogin } from '../sdk/login.js';
import { newAccount } from './testing/accounts.js';
import type { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';
import { ScratchExchanges } from './testing/scratch-exchanges.js';

interface Invariants {
  stateHash: string;
  sumOfPositions: Record<string, number>;
  moneyDifferenceMicroUsd: string;
}

const BTC = 'BTC-PERP';
const CHANNEL = `liquidations.${BTC}`;
const exchanges = new ScratchExchanges('liquidator');
const bots: LiquidatorBot[] = [];

async function newTrader(exchange: ExchangeProcess, amount: string) {
  const key = await newAccount(exchange, amount);
  const login = apiKeyLogin(key.apiKey, key.apiSecret);
  const client = await PlimsollClient.connect({ url: exchange.url, login, codec: 'msgpack' });
  const told: ServerMessage[] = [];
  for (const type of ['liquidation', 'transfer', 'insurance']) {
    client.on(type, (message) => told.push(message));
  }
  await client.subscribe('private');
  const position = () => client.account.positions.get(BTC)?.position ?? '0';
  const stages = () => told.flatMap(({ stage }) => (stage === undefined ? [] : [stage]));
  return { accountId: key.accountId, client, told, position, stages };
}

function price(exchange: ExchangeProcess, index: string) {
  return exchange.admin('POST', 'prices', { market: BTC, index });
}

function pass(exchange: ExchangeProcess, advanceMs: number) {
  return exchange.admin('POST', 'clock', { advanceMs });
}

async function fundOf(exchange: ExchangeProcess): Promise<string | undefined> {
  type Funds = { insuranceFunds: Record<string, string> };
  return (await exchange.admin<Funds>('GET', 'insurance')).insuranceFunds[BTC];
}

/** Long 1 BTC at 100,000 with 2,950 USD after the fee: below 98,030 it is liquidated, at 97,050 nothing is left. */
async function begin(exchange: ExchangeProcess) {
  await price(exchange, '100000');
  const maker = await newTrader(exchange, '1000000');
  const trader = await newTrader(exchange, '3000');
  await maker.client.place({ market: BTC, side: 'sell', price: '100000', qty: '1' });
  await trader.client.place({ market: BTC, side: 'buy', price: '100000', qty: '1' });
  return { maker, trader };
}

/** Money and positions balance, and a kill loses nothing of it. */
async function survivesAKill(exchange: ExchangeProcess, data: string, layout: string) {
  const before = await exchange.admin<Invariants>('GET', 'invariants');
  expect(before.moneyDifferenceMicroUsd).toBe('0');
  expect(before.sumOfPositions[BTC]).toBe(0);
  const fund = await fundOf(exchange);
  await exchange.kill();
  const again = await exchanges.start(data, layout);
  const after = await again.admin<Invariants>('GET', 'invariants');
  expect(after.stateHash).toBe(before.stateHash);
  expect(await fundOf(again)).toBe(fund);
}

afterEach(async () => {
  for (const bot of bots.splice(0)) await bot.stop();
  await exchanges.end();
});

describe.each(LAYOUTS)('behind the book, layout %s', (layout) => {
  it('a liquidator that connects like anybody takes a position over, no more than it wants, and works it off', async () => {
    const data = exchanges.folder();
    const exchange = await exchanges.start(data, layout);
    const { maker, trader } = await begin(exchange);
    const liquidator = await newTrader(exchange, '50000');
    const { accountId, client } = liquidator;
    await exchange.admin('POST', 'liquidators', { accountId, enabled: true });
    const bot = new LiquidatorBot(client, {
      markets: [BTC],
      wantedDiscount: 0.005,
      positionMaxUsd: 50_000,
      lookEveryMs: 20,
    });
    bots.push(bot);
    await bot.start();
    await price(exchange, '98000');
    await expect.poll(trader.stages).toContain('begun');
    client.drop();
    // The first slice finds nobody, and a second later there is an auction.
    await pass(exchange, 1_200);
    await expect.poll(trader.stages).toEqual(['begun', 'slices', 'auction']);
    await expect.poll(() => client.liquidations(BTC).auctions.size).toBe(1);
    await pass(exchange, 1_300);
    // The price is 0.5 % below the mark after 1 s, where the clock has stood for a moment, 0.75 % at the end; 50,000 USD are 0.51 BTC.
    await expect.poll(liquidator.position).toBe('0.510');
    expect(liquidator.told.at(-1)).toMatchObject({
      reason: 'take_over',
      side: 'buy',
      price: expect.stringMatching(/^(97510|97265)\.0$/),
      qty: '0.510',
    });
    await expect.poll(trader.position).toBe('0.490');
    await pass(exchange, 1_000);
    await expect.poll(trader.stages).toEqual(['begun', 'slices', 'auction', 'ended']);
    await expect.poll(() => client.liquidations(BTC).auctions.size).toBe(0);
    const own = () => [...client.account.orders.values()];
    await expect.poll(own).toMatchObject([{ side: 'sell', price: '97804.0', remaining: '0.510' }]);
    await price(exchange, '98200');
    await expect.poll(own).toMatchObject([{ price: '98003.6', remaining: '0.510' }]);
    await maker.client.place({ market: BTC, side: 'buy', price: '98003.6', qty: '0.7' });
    await expect.poll(liquidator.position).toBe('0');
    expect(Number(client.account.collateral)).toBeGreaterThan(50_200);
    await bot.stop();
    await survivesAKill(exchange, data, layout);
  });

  it('the insurance fund pays for who is bankrupt, to the micro-dollar', async () => {
    const data = exchanges.folder();
    const exchange = await exchanges.start(data, layout);
    const { maker, trader } = await begin(exchange);
    await maker.client.subscribe(CHANNEL);
    const fills: unknown[] = [];
    maker.client.on('liquidations', (message) => fills.push(...message.fills));
    expect(await fundOf(exchange)).toBe('250000');
    await maker.client.place({ market: BTC, side: 'buy', price: '96400', qty: '1' });
    await price(exchange, '96500');
    await pass(exchange, 30_000);
    await expect.poll(trader.stages).toEqual(['begun', 'fund', 'ended']);
    expect(trader.position()).toBe('0');
    expect(trader.client.account.collateral).toBe('0.000000');
    // 3,600 USD lost and 48.20 of fees, of which 2,950 were there.
    expect(await fundOf(exchange)).toBe('249301.8');
    const told = () => maker.client.liquidations(BTC).insuranceFund;
    await expect.poll(told).toBe('249301.800000');
    const paid = trader.told.filter(({ type }) => type === 'insurance');
    expect(paid[0]).toMatchObject({ market: BTC, reason: 'shortfall' });
    const sum = paid.reduce((total, { payment }) => total + Number(payment), 0);
    expect(sum).toBeCloseTo(-698.2, 6);
    await expect
      .poll(() => fills[0])
      .toMatchObject({ side: 'sell', price: '96400.0', qty: '0.250' });
    await survivesAKill(exchange, data, layout);
  });

  it('where the fund is empty, whoever has won is deleveraged at the bankruptcy price', async () => {
    const data = exchanges.folder();
    const exchange = await exchanges.start(data, layout);
    const { maker, trader } = await begin(exchange);
    await maker.client.subscribe(CHANNEL);
    const deleveraged: unknown[] = [];
    maker.client.on('liquidations', (message) => deleveraged.push(...message.deleveragings));
    await exchange.admin('POST', 'insurance', { market: BTC, amount: '-250000' });
    await price(exchange, '96500');
    await pass(exchange, 30_000);
    await expect.poll(trader.stages).toEqual(['begun', 'fund', 'deleveraging', 'ended']);
    expect(trader.client.account.collateral).toBe('0.000000');
    await expect.poll(maker.position).toBe('0');
    expect(maker.told).toMatchObject([
      { reason: 'deleveraging', side: 'buy', qty: '1.000', price: '97050.0' },
    ]);
    await expect
      .poll(() => deleveraged)
      .toEqual([{ side: 'sell', qty: '1.000', price: '97050.0' }]);
    expect(await fundOf(exchange)).toBe('0');
    await survivesAKill(exchange, data, layout);
  });
});
