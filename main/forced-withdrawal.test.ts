import { afterEach, describe, expect, it } from 'vitest';
import { connect, newAccount } from './testing/accounts.js';
import type { ExchangeProcess } from './testing/exchange-process.js';
import { ScratchExchanges } from './testing/scratch-exchanges.js';

const BTC = 'BTC-PERP';
const ETH = 'ETH-PERP';
const exchanges = new ScratchExchanges('forced-withdrawal');

async function newTrader(exchange: ExchangeProcess, amount: string) {
  const key = await newAccount(exchange, amount);
  const client = await connect(exchange, key, { codec: 'json' });
  await client.subscribe('private');
  return { key, client };
}

/** The trader is 0.2 BTC long, isolated with 5,000, and 1 ETH long; orders at both ends lock what else he has. */
async function lockedUp(exchange: ExchangeProcess) {
  for (const [market, index] of [
    [BTC, '100000'],
    [ETH, '4000'],
  ]) {
    await exchange.admin('POST', 'prices', { market, index });
  }
  const { client: maker } = await newTrader(exchange, '10000000');
  const { client, key } = await newTrader(exchange, '10000');
  await maker.place({ market: BTC, side: 'sell', price: '100000', qty: '0.2' });
  await maker.place({ market: ETH, side: 'sell', price: '4000', qty: '1' });
  await client.setLeverage({ market: BTC, leverage: 10 });
  await client.setMarginMode({ market: BTC, marginMode: 'isolated' });
  await client.place({ market: BTC, side: 'buy', price: '100000', qty: '0.2' });
  await client.place({ market: ETH, side: 'buy', price: '4000', qty: '1' });
  await client.moveMargin({ market: BTC, amount: '3000' });
  await client.setLeverage({ market: ETH, leverage: 10 });
  for (let i = 0; i < 5; i++) {
    await client.place({ market: ETH, side: 'buy', price: `39${i}0`, qty: '2' });
  }
  await expect.poll(() => client.account.collateral).toBe('4988.000000');
  await expect.poll(() => client.account.orders.size).toBe(5);
  return { client, accountId: key.accountId };
}

afterEach(async () => {
  await exchanges.end();
});

describe.each(['inline', 'spread'])('a withdrawal by force, layout %s', (layout) => {
  it('cancels orders and moves isolated collateral back, as far as that is missing', async () => {
    const exchange = await exchanges.start(exchanges.folder(), layout);
    const { client, accountId } = await lockedUp(exchange);
    const ask = (amount: string, more: object) => {
      return exchange.admin('POST', 'withdrawals', { accountId, amount, ...more });
    };
    // Orders stand for it, then the isolated position.
    await expect(ask('2000', {})).rejects.toThrow('409');
    expect(client.account.orders.size).toBe(5);
    // 400 are a tenth of the position in ETH; of the 5,000 of BTC 2,000 are its initial margin.
    const wanted = { idempotencyKey: 'forced:1', force: true };
    expect(await ask('7000', wanted)).toEqual({ collateral: '400' });
    await expect.poll(() => client.account.orders.size).toBe(0);
    await expect.poll(() => client.account.isolated.get(BTC)).toBe('2588.000000');
    // The same once more is the same withdrawal.
    await ask('7000', wanted);
    await expect.poll(() => client.account.collateral).toBe('400.000000');
    await expect(ask('1000', { force: true })).rejects.toThrow('insufficient_free_collateral');
    await expect(ask('100', { force: 'yes' })).rejects.toThrow('400');
    const { moneyDifferenceMicroUsd } = (await exchange.admin('GET', 'invariants')) as {
      moneyDifferenceMicroUsd: string;
    };
    expect(moneyDifferenceMicroUsd).toBe('0');
  });
});
