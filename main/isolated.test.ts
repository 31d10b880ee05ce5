import { afterEach, describe, expect, it } from 'vitest';
import { type AccountKey, connect, newAccount } from './testing/accounts.js';
import type { ExchangeProcess } from './testing/exchange-process.js';
import { ScratchExchanges } from './testing/scratch-exchanges.js';

interface Invariants {
  stateHash: string;
  moneyDifferenceMicroUsd: string;
}

const BTC = 'BTC-PERP';
const ETH = 'ETH-PERP';
const exchanges = new ScratchExchanges('isolated');

async function connected(
  exchange: ExchangeProcess,
  key: AccountKey,
  codec: 'json' | 'msgpack' = 'json',
) {
  const client = await connect(exchange, key, { codec });
  const stages: unknown[] = [];
  client.on('liquidation', (message) => {
    const { market, stage } = message as { market?: unknown; stage: unknown };
    stages.push([market, stage]);
  });
  await client.subscribe('private');
  return { key, client, stages };
}

async function newTrader(exchange: ExchangeProcess, amount: string) {
  const key = await newAccount(exchange, amount);
  // What is not told in names in both codecs would be seen.
  return connected(exchange, key, 'msgpack');
}

async function price(exchange: ExchangeProcess, market: string, index: string): Promise<void> {
  await exchange.admin('POST', 'prices', { market, index });
}

/** The trader is 0.2 BTC long at 100,000, isolated with leverage 10, and 1 ETH long in cross margin; with a bid in both. */
async function openBoth(exchange: ExchangeProcess) {
  await price(exchange, BTC, '100000');
  await price(exchange, ETH, '4000');
  const maker = await newTrader(exchange, '10000000');
  const trader = await newTrader(exchange, '10000');
  const { client } = trader;
  await maker.client.place({ market: BTC, side: 'sell', price: '100000', qty: '0.2' });
  await maker.client.place({ market: ETH, side: 'sell', price: '4000', qty: '1' });
  await client.setLeverage({ market: BTC, leverage: 10 });
  await expect(
    client.setMarginMode({ market: BTC, marginMode: 'isolated' }),
  ).resolves.toMatchObject({ result: 'done', market: BTC });
  await client.place({ market: BTC, side: 'buy', price: '100000', qty: '0.2' });
  await client.place({ market: BTC, side: 'buy', price: '90100', qty: '0.001' });
  await client.place({ market: ETH, side: 'buy', price: '4000', qty: '1' });
  await client.place({ market: ETH, side: 'buy', price: '3900', qty: '0.1' });
  return { maker, trader };
}

afterEach(async () => {
  await exchanges.end();
});

describe.each(['inline', 'spread'])('an isolated position, layout %s', (layout) => {
  it('has collateral of its own, which comes and goes within limits, and stays after restarts', async () => {
    const data = exchanges.folder();
    const exchange = await exchanges.start(data, layout);
    const { trader } = await openBoth(exchange);
    const { client, key } = trader;
    const { account } = client;
    // A tenth of 20,000 to the position, 10 for its fee, 2 for that of ETH.
    await expect.poll(() => account.isolated.get(BTC)).toBe('2000.000000');
    await expect.poll(() => account.collateral).toBe('7988.000000');
    const move = (amount: string) => client.moveMargin({ market: BTC, amount });
    await expect(move('1000')).resolves.toMatchObject({ result: 'done', market: BTC });
    await expect.poll(() => account.isolated.get(BTC)).toBe('3000.000000');
    // (20,000 − 3,000) ÷ (0.2 × 99 %), up to the tick.
    const position = { market: BTC, position: '0.200', marginMode: 'isolated' };
    await expect(client.positions()).resolves.toMatchObject({
      collateral: '6988.000000',
      positions: [
        { ...position, collateral: '3000.000000', liquidationPrice: '85858.6' },
        { market: ETH, marginMode: 'cross' },
      ],
      isolated: [{ market: BTC, collateral: '3000.000000' }],
    });
    await expect(move('-1000.000001')).rejects.toMatchObject({
      code: 'insufficient_free_collateral',
      message:
        '1000.000001 is more than may leave: 1000.000000, above initial margin and a tenth of the notional',
    });
    await expect(move('6988.000001')).rejects.toMatchObject({
      code: 'insufficient_free_collateral',
    });
    for (const amount of ['0', '1.0000001', 'all']) {
      const code = 'amount_micro_usd_must_be_within_1_and_limit';
      await expect(move(amount)).rejects.toMatchObject({ code });
    }
    await expect(client.moveMargin({ market: ETH, amount: '1' })).rejects.toMatchObject({
      code: 'position_margin_is_not_isolated',
      message: 'margin in ETH-PERP is not isolated, so no collateral can be moved there',
    });
    await expect(client.setMarginMode({ market: BTC, marginMode: 'cross' })).rejects.toMatchObject({
      code: 'margin_mode_may_change_only_without_position_and_orders',
      message:
        'the margin mode may change only without position and open orders in BTC-PERP; the position is 0.200',
    });
    await expect(
      client.setMarginMode({ market: BTC, marginMode: 'both' as 'cross' }),
    ).rejects.toMatchObject({
      code: 'value_is_not_allowed',
    });
    await move('-1000');
    const before = await exchange.admin<Invariants>('GET', 'invariants');
    expect(before.moneyDifferenceMicroUsd).toBe('0');
    await exchange.kill();
    const replayed = await exchanges.start(data, layout);
    expect((await replayed.admin<Invariants>('GET', 'invariants')).stateHash).toBe(
      before.stateHash,
    );
    expect(await replayed.stop()).toBe(0);
    const loaded = await exchanges.start(data, layout);
    expect((await loaded.admin<Invariants>('GET', 'invariants')).stateHash).toBe(before.stateHash);
    const again = await connected(loaded, key);
    expect([...again.client.account.isolated]).toEqual([[BTC, '2000.000000']]);
    await again.client.cancelAll({ market: BTC });
    await again.client.moveMargin({ market: BTC, amount: '1' });
    await expect.poll(() => again.client.account.collateral).toBe('7987.000000');
    expect(again.client.account.valid).toBe(true);
  });

  it('is liquidated by itself: other positions, orders and collateral stay', async () => {
    const exchange = await exchanges.start(exchanges.folder(), layout);
    const { maker, trader } = await openBoth(exchange);
    const { client, stages } = trader;
    await maker.client.place({ market: BTC, side: 'buy', price: '90300', qty: '0.3' });
    // 2,000 − 1,900 = 100; one percent of 18,100 is 181.
    await price(exchange, BTC, '90500');
    await expect.poll(() => stages[0]).toEqual([BTC, 'begun']);
    await expect
      .poll(() => [...client.account.orders.values()].map((o) => o.market))
      .toEqual([ETH]);
    const bid = { side: 'buy', price: '90300', qty: '0.001' } as const;
    await expect(client.place({ market: BTC, ...bid })).rejects.toMatchObject({
      code: 'position_is_being_liquidated',
    });
    await client.place({ market: ETH, side: 'buy', price: '3800', qty: '0.1' });
    await exchange.admin('POST', 'clock', { advanceMs: 60_000 });
    await expect
      .poll(() => stages)
      .toEqual([
        [BTC, 'begun'],
        [BTC, 'slices'],
        [BTC, 'ended'],
      ]);
    const position = client.account.positions.get(BTC)?.position as string;
    expect(Number(position)).toBeGreaterThan(0);
    expect(Number(position)).toBeLessThan(0.2);
    expect(client.account.positions.get(ETH)?.position).toBe('1.000');
    expect(client.account.collateral).toBe('7988.000000');
    // What is left of the position's own comes back with its last lot.
    await client.place({ market: BTC, side: 'sell', price: '90300', qty: position });
    await expect.poll(() => client.account.isolated.get(BTC)).toBe('0.000000');
    await expect.poll(() => Number(client.account.collateral)).toBeGreaterThan(7988);
    await client.setMarginMode({ market: BTC, marginMode: 'cross' });
    await expect.poll(() => client.account.isolated.size).toBe(0);
    const after = await exchange.admin<Invariants>('GET', 'invariants');
    expect(after.moneyDifferenceMicroUsd).toBe('0');
  });
});
