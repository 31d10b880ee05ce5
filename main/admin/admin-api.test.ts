import fs from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExchangeProcess } from '../testing/exchange-process.js';

let exchange: ExchangeProcess;
let data: string;

beforeAll(async () => {
  data = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-admin-'));
  const sandbox = ['--clock', 'manual', '--oracle', 'manual', '--no-bots'];
  exchange = await ExchangeProcess.start(['--data', data, ...sandbox]);
});

afterAll(async () => {
  expect(await exchange.stop('SIGINT')).toBe(0);
  fs.rmSync(data, { recursive: true });
});

async function call(method: string, path_: string, body?: unknown, token?: string) {
  const { adminPort, adminToken } = exchange.ready;
  const response = await fetch(`http://127.0.0.1:${adminPort}${path_}`, {
    method,
    // A connection that was idle for long may be closed by now.
    headers: { authorization: `Bearer ${token ?? adminToken}`, connection: 'close' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? JSON.parse(text) : text };
}

describe('the admin API', () => {
  it('lets in only who has the token', async () => {
    for (const token of ['', 'wrong', `${exchange.ready.adminToken}x`]) {
      const answer = await call('GET', '/admin/v1/invariants', undefined, token);
      expect(answer).toMatchObject({ status: 401, body: { error: { code: 'token_is_wrong' } } });
    }
  });

  it('keeps token and operator key for the owner alone, and the same for every start', () => {
    for (const [name, length] of [
      ['admin.token', 32],
      ['operator.key', 64],
    ] as const) {
      const file = path.join(data, name);
      expect(fs.statSync(file).mode & 0o777).toBe(0o600);
      expect(fs.readFileSync(file, 'utf8').trim()).toHaveLength(length);
    }
    const token = fs.readFileSync(path.join(data, 'admin.token'), 'utf8').trim();
    expect(token).toBe(exchange.ready.adminToken);
    const log = fs.readFileSync(path.join(data, 'log', 'exchange.log'), 'utf8');
    expect(log).not.toContain(token);
  });

  it('creates accounts, and refuses the same key twice', async () => {
    const publicKey = 'Cktq7uRNtFYHrhyHfkpCvwqhBKZ1K6fVdvM1eAj6fdQe';
    const first = await call('POST', '/admin/v1/accounts', { publicKey });
    expect(first.status).toBe(200);
    expect(Object.keys(first.body)).toEqual(['accountId', 'apiKey', 'apiSecret']);
    const again = await call('POST', '/admin/v1/accounts', { publicKey });
    expect(again).toMatchObject({
      status: 409,
      body: { error: { code: 'public_key_is_already_used' } },
    });
  });

  it('books a deposit once for each idempotency key', async () => {
    const { body } = await call('POST', '/admin/v1/accounts', {});
    const { accountId } = body;
    const deposit = (amount: string, idempotencyKey?: string) =>
      call('POST', '/admin/v1/deposits', { accountId, amount, idempotencyKey });
    expect((await deposit('1.5', 'first')).body).toEqual({ collateral: '1.5' });
    expect((await deposit('1.5', 'first')).body).toEqual({ collateral: '1.5' });
    expect((await deposit('1.5', 'second')).body).toEqual({ collateral: '3' });
    expect((await deposit('0.000001')).body).toEqual({ collateral: '3.000001' });
  });

  it('pays out what is free, once for each idempotency key, and no more', async () => {
    const { accountId } = (await call('POST', '/admin/v1/accounts', {})).body;
    const withdraw = (amount: unknown, idempotencyKey?: string) =>
      call('POST', '/admin/v1/withdrawals', { accountId, amount, idempotencyKey });
    await call('POST', '/admin/v1/deposits', { accountId, amount: '10' });
    expect((await withdraw('4', 'out')).body).toEqual({ collateral: '6' });
    expect((await withdraw('4', 'out')).body).toEqual({ collateral: '6' });
    expect(await withdraw('6.000001')).toMatchObject({
      status: 409,
      body: {
        error: {
          code: 'insufficient_free_collateral',
          message:
            '6.000001 is more than may leave: 6.000000, above initial margin and a tenth of the notional',
        },
      },
    });
    expect((await withdraw('6')).body).toEqual({ collateral: '0' });
    const { body } = await call('GET', '/admin/v1/invariants');
    expect(body.moneyDifferenceMicroUsd).toBe('0');
  });

  it('puts an account into a fee tier that has rates', async () => {
    const { accountId } = (await call('POST', '/admin/v1/accounts', {})).body;
    const set = (tier: unknown) => call('POST', '/admin/v1/fee-tiers', { accountId, tier });
    expect((await set(1)).body).toEqual({ accountId, tier: 1 });
    for (const [tier, message] of [
      [2, 'tier must be one of 0, 1, which the configuration has, but is 2'],
      [16, 'tier must be an integer from 0 to 15, but is 16'],
    ]) {
      const error = { code: 'field_is_invalid', field: 'tier', message };
      expect(await set(tier)).toMatchObject({ status: 400, body: { error } });
    }
  });

  it('pays into an insurance fund and out of it, once for each idempotency key, and never below zero', async () => {
    const pay = (amount: unknown, idempotencyKey?: string) =>
      call('POST', '/admin/v1/insurance', { market: 'SOL-PERP', amount, idempotencyKey });
    const balances = async () => (await call('GET', '/admin/v1/insurance')).body.insuranceFunds;
    expect(await balances()).toEqual({
      'BTC-PERP': '250000',
      'ETH-PERP': '100000',
      'SOL-PERP': '50000',
    });
    expect((await pay('1.5', 'fund-1')).body).toEqual({ insuranceFund: '50001.5' });
    expect((await pay('1.5', 'fund-1')).body).toEqual({ insuranceFund: '50001.5' });
    expect((await pay('-50001')).body).toEqual({ insuranceFund: '0.5' });
    expect(await pay('-0.500001')).toMatchObject({
      status: 409,
      body: { error: { code: 'insurance_micro_usd_must_be_within_0_and_limit' } },
    });
    expect(await balances()).toMatchObject({ 'BTC-PERP': '250000', 'SOL-PERP': '0.5' });
    const { body } = await call('GET', '/admin/v1/invariants');
    expect(body.moneyDifferenceMicroUsd).toBe('0');
    const metrics = (await call('GET', '/metrics')).body;
    expect(metrics).toContain('plimsoll_insurance_fund_usd{market="SOL-PERP"} 0.5');
    expect(metrics).toMatch(/^plimsoll_liquidations 0$/m);
  });

  it('registers liquidators, and unregisters them', async () => {
    const { accountId } = (await call('POST', '/admin/v1/accounts', {})).body;
    const set = (fields: object) => call('POST', '/admin/v1/liquidators', { accountId, ...fields });
    expect((await set({ enabled: true })).body).toEqual({ accountId, enabled: true });
    expect((await set({ enabled: false })).body).toEqual({ accountId, enabled: false });
    expect(await set({})).toMatchObject({
      status: 400,
      body: {
        error: { field: 'enabled', message: 'enabled must be true or false, but is missing' },
      },
    });
    expect(await set({ accountId: 4_000_000, enabled: true })).toMatchObject({
      status: 404,
      body: { error: { code: 'unknown_account' } },
    });
  });

  it('rounds a price to the nearest tick', async () => {
    const price = (index: string) =>
      call('POST', '/admin/v1/prices', { market: 'BTC-PERP', index });
    expect((await price('100000.04')).body).toEqual({ indexPrice: '100000', markPrice: '100000' });
    expect((await price('100000.05')).body.indexPrice).toBe('100000.1');
    expect((await price('99999.949999')).body.indexPrice).toBe('99999.9');
    const old = { market: 'BTC-PERP', index: '1', publishTime: 1 };
    expect(await call('POST', '/admin/v1/prices', old)).toMatchObject({
      status: 409,
      body: { error: { code: 'publish_time_must_not_go_back' } },
    });
  });

  it('shows what an index is made of, and in the metrics', async () => {
    const price = { market: 'ETH-PERP', index: '2500.5', confidence: '0.25', publishTime: 1.8e12 };
    await call('POST', '/admin/v1/prices', price);
    const { body } = await call('GET', '/admin/v1/oracle');
    const counts = { repeats: 0, older: 0, refused: {} };
    expect(body).toMatchObject({
      oracle: 'manual',
      sources: [{ name: 'manual', state: 'live', problem: null, ...counts }],
    });
    expect(body.markets[1]).toEqual({
      market: 'ETH-PERP',
      index: '2500.5',
      confidence: '0.25',
      publishTime: 1.8e12,
      heldBack: null,
      accepted: 1,
      heldBackCount: 0,
      leftOut: {},
      sources: [{ source: 'manual', price: '2500.5', publishTime: 1.8e12, doubt: null }],
    });
    expect(body.markets[2]).toMatchObject({ market: 'SOL-PERP', index: null, confidence: null });
    const metrics = (await call('GET', '/metrics')).body;
    expect(metrics).toContain('plimsoll_oracle_index_accepted_total{market="ETH-PERP"} 1');
    expect(metrics).toContain('plimsoll_oracle_source_live{source="manual"} 1');
  });

  it('moves a market from state to state, as far as it may', async () => {
    const state = (name: string) =>
      call('POST', '/admin/v1/markets/SOL-PERP/state', { state: name });
    expect((await state('cancel_only')).body).toEqual({ state: 'cancel_only' });
    expect((await state('open')).body).toEqual({ state: 'open' });
    expect((await state('settling')).body).toEqual({ state: 'settling' });
    expect(await state('open')).toMatchObject({
      status: 409,
      body: { error: { code: 'market_state_transition_is_not_allowed' } },
    });
  });

  it('refuses what is wrong, names it, and changes nothing', async () => {
    const before = (await call('GET', '/admin/v1/invariants')).body;
    const cases: [string, unknown, number, RegExp][] = [
      ['accounts', { publicKey: 'abc' }, 400, /publicKey must be .* but is 3 bytes/],
      ['accounts', { publicKey: '0OIl' }, 400, /publicKey must be .* but is not base58/],
      ['accounts', { publicKey: 7 }, 400, /publicKey must be a text/],
      ['accounts', { pubkey: 'x' }, 400, /'pubkey' is not a field; the fields are publicKey/],
      ['accounts', [], 400, /body must be a JSON object/],
      ['accounts', '{', 400, /body must be JSON/],
      ['accounts', `{"publicKey":"${'1'.repeat(70_000)}"}`, 413, /at most 65536 bytes/],
      ['deposits', { accountId: 99999, amount: '1' }, 404, /the account does not exist/],
      ['deposits', { accountId: 1.5, amount: '1' }, 400, /accountId must be an integer from 1/],
      ['deposits', { accountId: 1, amount: 1 }, 400, /amount must be a decimal in quotes/],
      ['deposits', { accountId: 1, amount: '0' }, 400, /amount must not be below 0.000001/],
      ['deposits', { accountId: 1, amount: '-1' }, 400, /amount must not be below/],
      ['deposits', { accountId: 1, amount: '0.0000001' }, 400, /amount must/],
      ['deposits', { accountId: 1, amount: '1e9' }, 400, /amount must be digits/],
      ['deposits', { accountId: 1, amount: '99999999999' }, 400, /amount must not exceed/],
      ['withdrawals', { accountId: 99999, amount: '1' }, 404, /the account does not exist/],
      ['withdrawals', { accountId: 1, amount: '-1' }, 400, /amount must not be below/],
      ['fee-tiers', { accountId: 99999, tier: 1 }, 404, /the account does not exist/],
      ['deposits', { amount: '1' }, 400, /accountId must be .* but is missing/],
      ['prices', { market: 'XRP-PERP', index: '1' }, 404, /market must be one of BTC-PERP, /],
      ['prices', { market: 'BTC-PERP', index: 'NaN' }, 400, /index must be a plain decimal/],
      ['prices', { market: 'BTC-PERP', index: '0' }, 400, /index must be from 1 to/],
      ['prices', { market: 'BTC-PERP', index: '99999999999' }, 400, /index must be from 1 to/],
      ['prices', { market: 'BTC-PERP' }, 400, /index must be .* but is missing/],
      ['prices', { market: 'BTC-PERP', index: '1', publishTime: -1 }, 400, /publishTime must be/],
      ['clock', { advanceMs: -1 }, 400, /advanceMs must be an integer from 0/],
      ['clock', {}, 400, /advanceMs must be .* but is missing/],
      ['markets/BTC-PERP/state', { state: 'opne' }, 400, /state must be one of initializing, /],
      ['markets/%FF/state', { state: 'open' }, 404, /market must be one of/],
      ['nothing', {}, 404, /there is no POST/],
    ];
    for (const [route, body, status, sentence] of cases) {
      const answer = await call('POST', `/admin/v1/${route}`, body);
      expect({ route, body, status: answer.status }).toEqual({ route, body, status });
      expect(answer.body.error.message).toMatch(sentence);
      expect(answer.body.error.code).toMatch(/^[a-z0-9_]+$/);
    }
    const after = (await call('GET', '/admin/v1/invariants')).body;
    expect(after.stateHash).toBe(before.stateHash);
  });

  it('shows health and figures on both ports, without the token', async () => {
    for (const port of [exchange.ready.port, exchange.ready.adminPort]) {
      const health = await exchange.page(port, '/health');
      expect(health.status).toBe(200);
      expect(JSON.parse(health.text)).toEqual({ status: 'ok', reasons: [] });
      const metrics = await exchange.page(port, '/metrics');
      for (const name of [
        'plimsoll_orders_total{shard="0"}',
        'plimsoll_rejections_total{shard="0",code="unknown_account"}',
        'plimsoll_journal_lag_messages{shard="0"}',
        'plimsoll_ring_occupancy{shard="0",port="gateway",direction="in"}',
        'plimsoll_connections',
        'nodejs_eventloop_lag_p99_seconds',
        'process_resident_memory_bytes',
      ]) {
        expect(metrics.text).toContain(`\n${name} `);
      }
    }
  });
});

describe('a start that cannot be', () => {
  const sandbox = ['--oracle', 'manual', '--no-bots'];

  it('says that the data folder is in use', async () => {
    await expect(ExchangeProcess.start(['--data', data, ...sandbox])).rejects.toThrow(
      /ended with code 1:\nplimsoll: .*lock says that process \d+ .* has this shard open/,
    );
  });

  it('says that a port is in use, and leaves the data folder free', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as { port: number };
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-admin-'));
    for (const option of ['--port', '--fixp-port', '--admin-port']) {
      const args = ['--data', folder, ...sandbox, option, String(port)];
      await expect(ExchangeProcess.start(args)).rejects.toThrow(
        new RegExp(
          `ended with code 1:\nplimsoll: 127.0.0.1:${port} cannot be listened on.*${option}`,
        ),
      );
    }
    holder.close();
    const now = await ExchangeProcess.start(['--data', folder, ...sandbox]);
    expect(await now.stop()).toBe(0);
    fs.rmSync(folder, { recursive: true });
  });

  it('refuses prices by real time under a clock that is moved by hand', async () => {
    const args = ['--data', data, '--oracle', 'pyth', '--clock', 'manual'];
    await expect(ExchangeProcess.start(args)).rejects.toThrow(
      /ended with code 2:\nplimsoll: --oracle pyth needs --clock real/,
    );
  });

  it.each(['inline', 'compact'])('refuses a damaged journal in layout %s', async (layout) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-admin-'));
    const args = ['--data', folder, ...sandbox, '--layout', layout];
    const first = await ExchangeProcess.start(args);
    await first.kill();
    const journal = path.join(folder, 'shard-0', 'journal');
    const [segment = ''] = fs.readdirSync(journal);
    const bytes = fs.readFileSync(path.join(journal, segment));
    bytes[200] = (bytes[200] as number) ^ 1;
    fs.writeFileSync(path.join(journal, segment), bytes);
    await expect(ExchangeProcess.start(args)).rejects.toThrow(
      /ended with code 1:\nplimsoll: .*damaged at byte \d+, sequence 2: .*Nothing was changed/,
    );
    fs.rmSync(folder, { recursive: true });
  });
});
