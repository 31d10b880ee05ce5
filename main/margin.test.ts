import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { follow, newAccount } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';

const BTC = 'BTC-PERP';
const ETH = 'ETH-PERP';
const running: ExchangeProcess[] = [];
const folders: string[] = [];

const MARKET = `tickSize = "0.1"
lotSize = "0.001"
priceMax = "10000000"
qtyMax = "10000"
minNotional = "5"
priceBand = "0.1"
initialMarginRate = "0.02"
maintenanceMarginRate = "0.01"
openOrdersMax = 100
referencePrice = "1000"
`;

/** Two markets, so that in `spread` one of them is not hosted where the account is at home. */
function configWith(higherRate: string): string {
  return `[[markets]]
id = 1
symbol = "${BTC}"
${MARKET}tiers = [
  { notionalFloor = "10000", initialMarginRate = "${higherRate}", maintenanceMarginRate = "0.05" },
]
positionMax = "100"
openInterestMax = "60"

[[markets]]
id = 2
symbol = "${ETH}"
${MARKET}tiers = [
  { notionalFloor = "10000", initialMarginRate = "${higherRate}", maintenanceMarginRate = "0.05" },
]
positionMax = "100"
openInterestMax = "60"
`;
}

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-margin-'));
  folders.push(folder);
  return folder;
}

async function start(data: string, layout: string, higherRate: string): Promise<ExchangeProcess> {
  const config = path.join(data, 'margin.toml');
  fs.writeFileSync(config, configWith(higherRate));
  const sandbox = ['--oracle', 'manual', '--no-bots', '--layout', layout];
  const exchange = await ExchangeProcess.start(['--data', data, '--config', config, ...sandbox]);
  running.push(exchange);
  for (const market of [BTC, ETH])
    await exchange.admin('POST', 'prices', { market, index: '1000' });
  return exchange;
}

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

describe.each(['inline', 'spread'])('tiers, caps and leverage in layout %s', (layout) => {
  it('bind orders in every market, are shown, and stay after a restart', async () => {
    const data = scratch();
    const exchange = await start(data, layout, '0.1');
    const key = await newAccount(exchange, '10000');
    const client = await follow(exchange, key);
    const order = (market: string, qty: string) =>
      ({ market, side: 'buy', price: '1000', qty }) as const;
    for (const { marketId, ...instrument } of client.instruments) {
      expect(marketId).toBeGreaterThan(0);
      expect(instrument).toMatchObject({
        openInterestMax: '60.000',
        positionMax: '100.000',
        marginTiers: [
          { notionalFloor: '0', initialMarginRate: '0.020000', maintenanceMarginRate: '0.010000' },
          {
            notionalFloor: '10000',
            initialMarginRate: '0.100000',
            maintenanceMarginRate: '0.050000',
          },
        ],
      });
    }
    for (const market of [BTC, ETH]) {
      const refused = (qty: string) => expect(client.place(order(market, qty))).rejects;
      await refused('100.001').toMatchObject({ code: 'position_lots_must_not_exceed_limit' });
      await refused('60.001').toMatchObject({
        code: 'open_interest_lots_must_not_exceed_limit',
        message: `open interest of ${market} must be at most 60.000, but could become 60.001`,
      });
      // 10,000 at 2 % and 50,000 at 10 %: 5,200 and a fee of 30.
      await expect(client.place(order(market, '60'))).resolves.toMatchObject({
        result: 'accepted',
      });
      await client.cancelAll({ market });
      const choose = (leverage: number) => client.setLeverage({ market, leverage });
      await expect(choose(51)).rejects.toMatchObject({
        code: 'leverage_must_be_within_1_and_limit',
        message: 'leverage must be a whole number from 1 to 50, but is 51',
      });
      await expect(choose(1.5)).rejects.toMatchObject({ code: 'integer_must_be_within_limits' });
      await expect(choose(4)).resolves.toMatchObject({ result: 'done', market });
      await refused('40').toMatchObject({ code: 'insufficient_margin' });
      await client.place(order(market, '10'));
    }
    await expect
      .poll(() => [...client.account.leverages])
      .toEqual([
        [BTC, 4],
        [ETH, 4],
      ]);
    await exchange.kill();
    // A higher rate is a change of the configuration, and becomes a command.
    const again = await start(data, layout, '0.5');
    const client2 = await follow(again, key);
    expect([...client2.account.leverages].sort()).toEqual([
      [BTC, 4],
      [ETH, 4],
    ]);
    expect(client2.instruments[0]?.marginTiers[1]?.initialMarginRate).toBe('0.500000');
    await expect(client2.setLeverage({ market: BTC, leverage: 1 })).rejects.toMatchObject({
      code: 'insufficient_margin',
    });
    expect(client2.account.valid).toBe(true);
  });
});
