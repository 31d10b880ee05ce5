import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HermesServer } from '../oracle/testing/hermes-server.js';
import { TestGuardians } from '../oracle/testing/test-guardians.js';
import { buildUpdate } from '../oracle/testing/update-builder.js';
import { PlimsollClient } from '../sdk/client.js';
import { apiKeyLogin } from '../sdk/login.js';
import { ExchangeProcess } from './testing/exchange-process.js';

interface Index {
  market: string;
  index: string | null;
  confidence: string | null;
  publishTime: number;
  heldBack: string | null;
  accepted: number;
  sources: { source: string; price: string | null; doubt: string | null }[];
}

interface OracleAnswer {
  oracle: string;
  sources: { name: string; state: string; newer: number; refused: Record<string, number> }[];
  markets: Index[];
}

const BTC = 'e62df6c8b4a85fe1a67db44dc12de5db330f7ac66b72dc658afedf0f4a415b43';
const ETH = 'ff61491a931112ddf1bd8147cd1b641375f79f5825126d665480874634fd0ace';
const SOL = 'ef0d8b6fda2ceba41da15d4095d1da392a0d2f8ed0c6c7bc0f4cfac8c280b56d';
const guardians = new TestGuardians(1, 4);
const stranger = new TestGuardians(1, 4, 'stranger');
let folder: string;
let servers: HermesServer[];
let exchange: ExchangeProcess | null = null;
let playing: NodeJS.Timeout | null = null;
/** BTC in cents, by server. */
let cents: number[];
let signers = guardians;

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-oracle-'));
  servers = [await HermesServer.start(), await HermesServer.start()];
  cents = [6_700_000, 6_700_100];
  signers = guardians;
});

afterEach(async () => {
  if (playing !== null) clearInterval(playing);
  await exchange?.kill();
  exchange = null;
  for (const server of servers) await server.stop();
  fs.rmSync(folder, { recursive: true });
});

/** Every server tells its prices ten times a second, with the time of now. */
function play(): void {
  let slot = BigInt(Date.now());
  playing = setInterval(() => {
    slot++;
    servers.forEach((server, i) => {
      const price = BigInt(cents[i] as number) * 1_000_000n;
      const common = { confidence: 1_000_000_000n, publishTimeMs: Date.now() };
      const prices = [
        { feedId: BTC, price, ...common },
        { feedId: ETH, price: price / 20n, ...common },
        { feedId: SOL, price: price / 500n, ...common },
      ];
      server.send(buildUpdate(signers, prices, { slot }));
    });
  }, 100);
}

async function start(guards = ''): Promise<ExchangeProcess> {
  const sets = path.join(folder, 'guardians.json');
  fs.writeFileSync(sets, JSON.stringify(guardians.history));
  const config = path.join(folder, 'oracle.toml');
  const urls = servers.map(({ url }) => `"${url}"`).join(', ');
  fs.writeFileSync(
    config,
    `[pricing]
indexAgeMaxSeconds = 2
[oracle]
ageMaxSeconds = 2
goodRounds = 2
retryMaxSeconds = 1
${guards}
[oracle.hermes]
urls = [${urls}]
guardianSets = "${sets}"
`,
  );
  const files = ['--data', path.join(folder, 'data'), '--config', config];
  exchange = await ExchangeProcess.start([...files, '--oracle', 'pyth', '--no-bots']);
  return exchange;
}

async function btc(): Promise<Index> {
  if (exchange === null) throw new Error('no exchange runs');
  for (;;) {
    const { markets } = await exchange.admin<OracleAnswer>('GET', 'oracle');
    const found = markets.find(({ market }) => market === 'BTC-PERP');
    // The thread has not said anything yet.
    if (found !== undefined) return found;
    await sleep(20);
  }
}

async function figure(line: string): Promise<number> {
  const page = await exchange?.page(exchange.ready.adminPort, '/metrics');
  const found = page?.text.split('\n').find((one) => one.startsWith(line));
  return Number(found?.split(' ').at(-1) ?? Number.NaN);
}

/** Index and guards of BTC as traders see them, newest last. */
async function marks(
  running: ExchangeProcess,
): Promise<{ indexPrice: string; guards: string[] }[]> {
  const { apiKey, apiSecret } = await running.admin<Record<'apiKey' | 'apiSecret', string>>(
    'POST',
    'accounts',
    {},
  );
  const login = apiKeyLogin(apiKey, apiSecret);
  const client = await PlimsollClient.connect({ url: running.url, login, reconnect: false });
  const seen: { indexPrice: string; guards: string[] }[] = [];
  for (const type of ['markSnapshot', 'mark']) {
    client.on(type, (message) => seen.push(message as never));
  }
  await client.subscribe('mark.BTC-PERP');
  return seen;
}

const PATIENCE = { timeout: 30_000, interval: 100 };

describe('an exchange with --oracle pyth', () => {
  it('takes the median of verified prices; forgeries and outages hold it back; it continues after a restart', async () => {
    play();
    const running = await start();
    await expect.poll(async () => (await btc()).index, PATIENCE).toBe('67000.5');
    const seen = await marks(running);
    await expect
      .poll(() => seen.at(-1), PATIENCE)
      .toMatchObject({ indexPrice: '67000.5', guards: [] });
    expect(await btc()).toMatchObject({ confidence: '10' });
    const { oracle, sources } = await running.admin<OracleAnswer>('GET', 'oracle');
    expect(oracle).toBe('pyth');
    expect(sources.map(({ name }) => name)).toEqual(['hermes-1', 'hermes-2']);
    cents = [6_701_000, 6_701_000];
    await expect.poll(async () => (await btc()).index, PATIENCE).toBe('67010');
    await expect(
      running.admin('POST', 'prices', { market: 'BTC-PERP', index: '1' }),
    ).rejects.toThrow(/oracle_is_not_manual/);

    // Whoever holds the servers, but not the guardians' keys, moves nothing.
    signers = stranger;
    cents = [1_000_000, 1_000_000];
    await expect.poll(async () => (await btc()).heldBack, PATIENCE).toBe('too_few_sources');
    expect(await btc()).toMatchObject({ index: '67010' });
    const refused = 'plimsoll_oracle_refused_total{source="hermes-1",reason="signature_is_wrong"}';
    expect(await figure(refused)).toBeGreaterThan(0);
    const held = () => figure('plimsoll_oracle_index_held_back{market="BTC-PERP"}');
    await expect.poll(held, PATIENCE).toBe(1);
    // Then the engine lets positions only be closed, at the index that it had.
    await expect.poll(() => seen.at(-1)?.guards, PATIENCE).toEqual(['age']);
    expect(seen.at(-1)).toMatchObject({ indexPrice: '67010.0' });
    signers = guardians;
    cents = [6_702_000, 6_702_000];
    await expect.poll(async () => (await btc()).index, PATIENCE).toBe('67020');
    await expect.poll(async () => (await btc()).heldBack, PATIENCE).toBeNull();
    await expect
      .poll(() => seen.at(-1), PATIENCE)
      .toMatchObject({ indexPrice: '67020.0', guards: [] });

    const { publishTime } = await btc();
    await running.kill();
    await start();
    expect((await btc()).publishTime).toBeGreaterThanOrEqual(publishTime);
    await expect.poll(async () => (await btc()).index, PATIENCE).toBe('67020');
    expect((await btc()).publishTime).toBeGreaterThan(publishTime);
  });

  it('leaves the doors open without any price, and wants as many sources as it was told', async () => {
    cents = [6_700_000, 6_900_000];
    const running = await start('sourcesMin = 2');
    await expect.poll(async () => (await btc()).heldBack, PATIENCE).toBe('too_few_sources');
    expect(await btc()).toMatchObject({ index: null, accepted: 0 });
    expect((await running.page(running.ready.port, '/health')).status).toBe(200);
    play();
    // Two that are three percent apart: nothing says which one is right.
    await expect
      .poll(async () => (await btc()).sources.map(({ doubt }) => doubt), PATIENCE)
      .toEqual(['too_far_from_median', 'too_far_from_median']);
    expect(await btc()).toMatchObject({ index: null, heldBack: 'too_few_sources' });
    cents = [6_700_000, 6_701_000];
    await expect.poll(async () => (await btc()).index, PATIENCE).toBe('67005');
    await servers[1]?.stop();
    await expect.poll(async () => (await btc()).heldBack, PATIENCE).toBe('too_few_sources');
    const live = () => figure('plimsoll_oracle_source_live{source="hermes-2"}');
    await expect.poll(live, PATIENCE).toBe(0);
    expect(await running.stop()).toBe(0);
    exchange = null;
  });
});
