import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packageFile } from './package-root.js';
import { newTrader } from './testing/accounts.js';
import { ExchangeProcess } from './testing/exchange-process.js';
import { LAYOUTS } from './testing/layouts.js';

const HOUR_MS = 3_600_000;
const SWITCH_MS = 1_000;
const ORDER = { market: 'SOL-PERP', side: 'buy', price: '179.990', qty: '1.0' } as const;
let folder: string;
const running: ExchangeProcess[] = [];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-clock-'));
  fs.writeFileSync(path.join(folder, 'offset'), '0');
});

afterEach(async () => {
  for (const exchange of running.splice(0)) await exchange.kill();
  fs.rmSync(folder, { recursive: true });
});

/** Every thread of the process takes the system's clock to be off by what a file says. */
function withOffset(file: string): string {
  const code = `
    import fs from 'node:fs';
    const real = Date.now;
    let offsetMs = 0;
    let readAtMs = -1000;
    Date.now = () => {
      if (performance.now() - readAtMs > 20) {
        readAtMs = performance.now();
        offsetMs = Number(fs.readFileSync(${JSON.stringify(file)}, 'utf8'));
      }
      return real() + offsetMs;
    };`;
  return `--import=data:text/javascript,${encodeURIComponent(code)}`;
}

async function start(layout: string): Promise<ExchangeProcess> {
  const shim = withOffset(path.join(folder, 'offset'));
  const command = [process.execPath, shim, packageFile('dist/main/start.js')];
  const options = ['--layout', layout, '--oracle', 'manual', '--no-bots'];
  const exchange = await ExchangeProcess.start(
    ['--data', path.join(folder, 'data'), ...options],
    command,
  );
  running.push(exchange);
  return exchange;
}

async function timeOf(exchange: ExchangeProcess): Promise<number> {
  const { text } = await exchange.page(exchange.ready.port, '/v1/time');
  return (JSON.parse(text) as { time: number }).time;
}

/** An order with a dead man's switch, which is one of the things that wait for a time. */
async function switchFalls(exchange: ExchangeProcess): Promise<void> {
  await exchange.admin('POST', 'prices', { market: ORDER.market, index: '180' });
  const client = await newTrader(exchange, '10000');
  await client.subscribe('private');
  let fallen = 0;
  client.on('cancelAllAfter', () => fallen++);
  await client.place(ORDER);
  await client.cancelAllAfter(SWITCH_MS);
  await expect.poll(() => fallen).toBe(1);
  await expect.poll(() => client.account.orders.size).toBe(0);
  client.close();
}

describe('a system clock that is set back by an hour', () => {
  it.each(LAYOUTS)(
    'lets time go on, prices come in and switches fall, over a kill too (%s)',
    async (layout) => {
      const exchange = await start(layout);
      await switchFalls(exchange);
      const before = await timeOf(exchange);
      fs.writeFileSync(path.join(folder, 'offset'), String(-HOUR_MS));
      await switchFalls(exchange);
      const between = await timeOf(exchange);
      expect(between - before).toBeGreaterThanOrEqual(SWITCH_MS);
      const { status, text } = await exchange.page(exchange.ready.port, '/health');
      expect(status).toBe(200);
      expect(text).toMatch(/exchange's time is 3\d{3} s ahead/);

      await exchange.kill();
      const again = await start(layout);
      await switchFalls(again);
      expect((await timeOf(again)) - between).toBeGreaterThanOrEqual(SWITCH_MS);
    },
  );
});
