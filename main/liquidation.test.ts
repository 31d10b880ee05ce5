import { afterEach, describe, expect, it } from 'vitest';
import { connect, newAccount } from './testing/accounts.js';
import type { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';
import { ScratchExchanges } from './testing/scratch-exchanges.js';

interface Invariants {
  stateHash: string;
  moneyDifferenceMicroUsd: string;
}

interface Stress {
  insuranceFund: string;
  accounts: number;
  scenarios: { movePercent: number; belowMargin: number }[];
}

const BTC = 'BTC-PERP';
const exchanges = new ScratchExchanges('liquidation');

function start(data: string, layout: string, threads = '0'): Promise<ExchangeProcess> {
  return exchanges.start(data, layout, '--sweep-threads', threads);
}

async function newTrader(exchange: ExchangeProcess, amount: string) {
  const key = await newAccount(exchange, amount);
  const client = await connect(exchange, key);
  // Beginning and end; which rungs come between, liquidator.test.ts looks at.
  const stages: string[] = [];
  client.on('liquidation', ({ stage }: { stage: string }) => {
    if (stage === 'begun' || stage === 'ended') stages.push(stage);
  });
  await client.subscribe('private');
  return { key, client, stages };
}

function price(exchange: ExchangeProcess, index: string) {
  return exchange.admin<{ markPrice: string }>('POST', 'prices', { market: BTC, index });
}

afterEach(async () => {
  await exchanges.end();
});

describe.each(LAYOUTS)('an account below its margin, layout %s', (layout) => {
  it.each(['0', '2'])(
    'with %s threads that sweep, loses its orders, then slices of its position, until it is above again',
    async (threads) => {
      const data = exchanges.folder();
      const exchange = await start(data, layout, threads);
      await price(exchange, '100000');
      const maker = await newTrader(exchange, '10000000');
      const trader = await newTrader(exchange, '3000');
      await maker.client.place({ market: BTC, side: 'sell', price: '100000', qty: '1' });
      await trader.client.place({ market: BTC, side: 'buy', price: '100000', qty: '1' });
      await trader.client.place({ market: BTC, side: 'buy', price: '91000', qty: '0.001' });
      // Equity 3,000 − 50 fee − 1,900 = 1,050; 1 % of 98,100 is 981: still above.
      await price(exchange, '98100');
      expect(trader.stages).toEqual([]);
      const bid = { market: BTC, side: 'buy', price: '97900', qty: '0.3' } as const;
      await maker.client.place(bid);
      // Equity 2,950 − 2,000 = 950; 1 % of 98,000 is 980.
      await price(exchange, '98000');
      await expect.poll(() => trader.stages).toEqual(['begun']);
      await expect.poll(() => trader.client.account.orders.size).toBe(0);
      const order = { market: BTC, side: 'buy', price: '97000', qty: '0.001' } as const;
      if (trader.stages.length === 1) {
        await expect(trader.client.place(order)).rejects.toMatchObject({
          code: 'account_is_being_liquidated',
        });
      }
      await exchange.admin('POST', 'clock', { advanceMs: 5_000 });
      await expect.poll(() => trader.stages).toEqual(['begun', 'ended']);
      // A quarter at 97,900: 25 USD lost and a fee; 0.75 BTC needs 735 USD, and 912 are left.
      expect(trader.client.account.positions.get(BTC)?.position).toBe('0.750');
      await expect(trader.client.place(order)).rejects.toMatchObject({
        code: 'insufficient_margin',
      });
      const before = await exchange.admin<Invariants>('GET', 'invariants');
      expect(before.moneyDifferenceMicroUsd).toBe('0');
      await exchange.kill();
      const again = await start(data, layout);
      const after = await again.admin<Invariants>('GET', 'invariants');
      expect(after.stateHash).toBe(before.stateHash);
    },
  );

  it('is in the stress report before it comes to that', async () => {
    const exchange = await start(exchanges.folder(), layout);
    const empty = await exchange.admin<Stress>('GET', 'stress');
    expect(empty).toMatchObject({ insuranceFund: '400000', accounts: 0 });
    for (const [market, amount] of [
      [BTC, '-250000'],
      ['ETH-PERP', '-100000'],
      ['SOL-PERP', '-50000'],
    ]) {
      await exchange.admin('POST', 'insurance', { market, amount });
    }
    await price(exchange, '100000');
    const maker = await newTrader(exchange, '10000000');
    const trader = await newTrader(exchange, '3050');
    await maker.client.place({ market: BTC, side: 'sell', price: '100000', qty: '1' });
    await trader.client.place({ market: BTC, side: 'buy', price: '100000', qty: '1' });
    // 3,000 USD behind 100,000.
    // In layout spread each home hears of the fill by itself.
    const stressed = async () => (await exchange.admin<Stress>('GET', 'stress')).accounts;
    await expect.poll(stressed).toBe(2);
    const { scenarios } = await exchange.admin<Stress>('GET', 'stress');
    expect((await exchange.admin<Stress>('GET', 'stress')).insuranceFund).toBe('0');
    expect(scenarios.map(({ movePercent }) => movePercent)).toEqual([
      -40, -20, -10, -5, 5, 10, 20, 40,
    ]);
    expect(scenarios[3]).toEqual({
      movePercent: -5,
      belowMargin: 1,
      belowZero: 1,
      shortfall: '2000',
      fundAfter: '0',
      notCovered: '2000',
    });
    expect(scenarios[4]).toMatchObject({ belowMargin: 0, belowZero: 0, shortfall: '0' });
  });

  it('may close by a market order while it has nothing free, bounded where nothing would be left', async () => {
    const exchange = await start(exchanges.folder(), layout);
    await price(exchange, '100000');
    const maker = await newTrader(exchange, '10000000');
    const trader = await newTrader(exchange, '3000');
    await maker.client.place({ market: BTC, side: 'sell', price: '100000', qty: '1' });
    await trader.client.place({ market: BTC, side: 'buy', price: '100000', qty: '1' });
    // Equity 1,050; initial margin 1,962.
    await price(exchange, '98100');
    for (const [at, qty] of [
      ['98000', '0.5'],
      ['97000', '1'],
    ] as const) {
      await maker.client.place({ market: BTC, side: 'buy', price: at, qty });
    }
    const sell = { market: BTC, side: 'sell', qty: '1', orderType: 'market' } as const;
    await expect(trader.client.place(sell)).rejects.toMatchObject({
      code: 'insufficient_margin',
    });
    const limit = { ...sell, orderType: 'limit', reduceOnly: true, price: '95000' } as const;
    await expect(trader.client.place(limit)).rejects.toMatchObject({
      code: 'insufficient_margin',
    });
    await trader.client.place({ ...sell, reduceOnly: true });
    // Half at 98,000; at 97,000 the other half would have cost more than there is.
    const position = () => trader.client.account.positions.get(BTC)?.position;
    await expect.poll(position).toBe('0.500');
    expect(trader.stages).toEqual([]);
  });

  it('is never sold below the price at which nothing would be left; a deposit sets it free', async () => {
    const exchange = await start(exchanges.folder(), layout);
    await price(exchange, '100000');
    const maker = await newTrader(exchange, '10000000');
    const trader = await newTrader(exchange, '3000');
    await maker.client.place({ market: BTC, side: 'sell', price: '100000', qty: '1' });
    await trader.client.place({ market: BTC, side: 'buy', price: '100000', qty: '1' });
    // Somebody waits for it far below: 2,950 USD of equity are gone at 97,098.6.
    await maker.client.place({ market: BTC, side: 'buy', price: '97090', qty: '1' });
    await price(exchange, '97500');
    await exchange.admin('POST', 'clock', { advanceMs: 120_000 });
    await expect.poll(() => trader.stages).toEqual(['begun']);
    expect(trader.client.account.positions.get(BTC)?.position).toBe('1.000');
    const { accountId } = trader.key;
    await exchange.admin('POST', 'deposits', { accountId, amount: '5000' });
    await exchange.admin('POST', 'clock', { advanceMs: 61_000 });
    await expect.poll(() => trader.stages).toEqual(['begun', 'ended']);
    expect(trader.client.account.positions.get(BTC)?.position).toBe('1.000');
  });
});
