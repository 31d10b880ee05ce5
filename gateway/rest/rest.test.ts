import { base58 } from '@scure/base';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { keyPairLogin } from '../../sdk/login.js';
import { removeScratch } from '../history/testing/scratch.js';
import { MAY_READ, MAY_TRADE } from '../identity/permissions.js';
import { issueApiKey } from '../session/api-keys.js';
import { newTrader } from '../testing/exchange.js';
import { ORDER_STATUS_ROUTE, PAGE_ROUTES } from './routes.js';
import { type Answer, RestExchange, type Signing } from './testing/rest-exchange.js';

let exchange: RestExchange;
const PRIVATE = PAGE_ROUTES.filter(({ isPrivate }) => isPrivate).map(({ path }) => path);
const PUBLIC = PAGE_ROUTES.filter(({ isPrivate }) => !isPrivate).map(({ path }) => path);

/** Thousands of requests. */
vi.setConfig({ testTimeout: 240_000 });
beforeAll(async () => {
  exchange = await RestExchange.open(3);
  exchange.trade(500);
});
afterAll(async () => {
  await exchange.close();
  removeScratch();
});

/** All rows behind a request, page by page. */
async function allPages(
  path: string,
  query: Record<string, string>,
  limit: number | (() => number),
  signing: Signing | null,
  between: () => void = () => {},
): Promise<object[]> {
  const rows: object[] = [];
  for (let cursor: string | null = null; ; ) {
    const count = typeof limit === 'number' ? limit : limit();
    const values = { ...query, limit: String(count), ...(cursor === null ? {} : { cursor }) };
    const page: Answer = await exchange.get(`${path}?${new URLSearchParams(values)}`, signing);
    if (page.status !== 200) throw new Error(`${page.status} ${JSON.stringify(page.body)}`);
    const { data, next, more } = page.body;
    expect(data.length).toBeLessThanOrEqual(count);
    rows.push(...data);
    if (!more) return rows;
    cursor = next;
    between();
  }
}

function busiest(): { account: number; key: Signing } {
  const account = 1;
  return { account, key: { key: exchange.keyOf(account) } };
}

describe('pages', () => {
  it('together are the whole, none left out or doubled, whatever their length, filter and order', async () => {
    let compared = 0;
    for (const account of exchange.accounts.slice(0, 6)) {
      const key = { key: exchange.keyOf(account) };
      for (const path of PRIVATE) {
        const whole = await allPages(path, { sort: 'oldest' }, 1_000, key);
        expect(await allPages(path, {}, 7, key)).toEqual([...whole].reverse());
        expect(await allPages(path, { sort: 'oldest' }, 3, key)).toEqual(whole);
        compared += whole.length;
        const rows = whole as { market: string; time: number; orderId?: number }[];
        for (const market of exchange.markets) {
          const own = rows.filter((row) => row.market === market);
          expect(await allPages(path, { market, sort: 'oldest' }, 50, key)).toEqual(own);
        }
        const [first, last] = [rows[3]?.time ?? 5, rows.at(-2)?.time ?? 9];
        if (first >= last) continue;
        const within = rows.filter(({ time }) => time >= first && time < last);
        const span = { from: String(first), to: String(last) };
        expect(await allPages(path, { ...span, sort: 'oldest' }, 11, key)).toEqual(within);
        expect(await allPages(path, span, 11, key)).toEqual([...within].reverse());
        const { orderId, market = '' } = rows[5] ?? {};
        if (orderId === undefined) continue;
        const query = { market, orderId: String(orderId), sort: 'oldest' };
        const ofOrder = rows.filter((row) => row.orderId === orderId && row.market === market);
        expect(await allPages(path, query, 2, key)).toEqual(ofOrder);
      }
    }
    for (const market of exchange.markets) {
      for (const path of PUBLIC) {
        const interval = path.endsWith('candles') ? { interval: '1m' } : {};
        const whole = await allPages(path, { market, ...interval, sort: 'oldest' }, 1_000, null);
        expect(await allPages(path, { market, ...interval }, 37, null)).toEqual(whole.toReversed());
        const starts = whole as { start?: number; time?: number }[];
        const timeOf = (row: (typeof starts)[0]) => row.start ?? row.time ?? 0;
        const from = timeOf(starts[2] ?? {});
        const to = timeOf(starts.at(-1) ?? {}) + 1;
        const span = { market, ...interval, sort: 'oldest', from: String(from), to: String(to) };
        const within = starts.filter((row) => timeOf(row) >= from && timeOf(row) < to);
        if (from < to) expect(await allPages(path, span, 100, null)).toEqual(within);
        compared += whole.length;
      }
    }
    expect(compared).toBeGreaterThan(700);
  });

  it('stay what they are while rows are appended', async () => {
    const { key } = busiest();
    const keyOf = (row: object) => (row as { accountSequence: number }).accountSequence;
    for (const path of PRIVATE) {
      const before = await allPages(path, { sort: 'oldest' }, 1_000, key);
      const trade = () => exchange.trade(3);
      let pages = 0;
      const down = await allPages(path, {}, () => 4 + (pages++ % 3) * 9, key, trade);
      // Orders may have changed meanwhile, but none may be missing, new or there twice.
      expect(down.map(keyOf)).toEqual(before.map(keyOf).reverse());
      const up = await allPages(path, { sort: 'oldest' }, 40, key, trade);
      expect(up.slice(0, before.length).map(keyOf)).toEqual(before.map(keyOf));
      const after = await allPages(path, { sort: 'oldest' }, 1_000, key);
      expect(after.slice(0, up.length).map(keyOf)).toEqual(up.map(keyOf));
    }
  });

  it('of the oldest first, the end of today is where tomorrow begins', async () => {
    const { key } = busiest();
    const first = await exchange.get('/v1/history/fills?sort=oldest&limit=1000', key);
    expect(first.body.more).toBe(false);
    const query = `?sort=oldest&cursor=${first.body.next}`;
    expect((await exchange.get(`/v1/history/fills${query}`, key)).body.data).toEqual([]);
    exchange.trade(150);
    const later = (await exchange.get(`/v1/history/fills${query}`, key)).body;
    const last = first.body.data.at(-1).accountSequence;
    expect(later.data.length).toBeGreaterThan(0);
    for (const { accountSequence } of later.data) expect(accountSequence).toBeGreaterThan(last);
  });

  it('of candles have no gaps, and each carries on from the one before', async () => {
    for (const market of exchange.markets) {
      const query = { market, interval: '1s', sort: 'oldest' };
      const candles = (await allPages('/v1/candles', query, 777, null)) as Record<string, string>[];
      const trades = await allPages('/v1/trades', { market, sort: 'oldest' }, 900, null);
      candles.forEach(({ start, open, trades: count, volume }, i) => {
        const before = candles[i - 1];
        if (before === undefined) return;
        expect(Number(start) - Number(before.start)).toBe(1_000);
        if (Number(count) === 0) expect([open, Number(volume)]).toEqual([before.close, 0]);
      });
      const counted = candles.reduce((sum, { trades: count }) => sum + Number(count), 0);
      expect(counted).toBe(trades.length);
    }
  });
});

describe('a cursor', () => {
  it('is good for the request that gave it and for no other', async () => {
    const { key } = busiest();
    const { next } = (await exchange.get('/v1/history/fills?limit=2', key)).body;
    const code = async (pathAndQuery: string) => (await exchange.get(pathAndQuery, key)).body.code;
    expect(await code(`/v1/history/fills?limit=9&cursor=${next}`)).toBeUndefined();
    const other = 'cursor_is_of_another_request';
    expect(await code(`/v1/history/orders?cursor=${next}`)).toBe(other);
    expect(await code(`/v1/history/fills?sort=oldest&cursor=${next}`)).toBe(other);
    expect(await code(`/v1/history/fills?market=${exchange.markets[0]}&cursor=${next}`)).toBe(
      other,
    );
    for (const bad of ['x', `${next}A`, next.slice(1), '', '%00', `${next}=`]) {
      expect(await code(`/v1/history/fills?cursor=${bad}`)).toBe('cursor_is_malformed');
    }
  });
});

describe('whoever asks for what is private', () => {
  it('gets the own rows with a right signature, and nothing with anything else', async () => {
    const [one = 1, other = 2] = exchange.accounts;
    const key = exchange.keyOf(one);
    const foreign = exchange.keyOf(other);
    const now = Date.now();
    const wrong: [string, Signing | null, string][] = [
      ['no headers', null, 'header_is_missing'],
      ['no signature', { key, signature: '' }, 'header_is_missing'],
      ['no key', { signature: 'abc' }, 'header_is_missing'],
      ['a made-up secret', { key: { ...key, apiSecret: 'guess' } }, 'signature_is_invalid'],
      [
        'the secret of another',
        { key: { ...key, apiSecret: foreign.apiSecret } },
        'signature_is_invalid',
      ],
      ['the key of another', { key: { ...key, apiKey: foreign.apiKey } }, 'signature_is_invalid'],
      [
        'a key of another operator',
        { key: issueApiKey(new Uint8Array(32).fill(8), one) },
        'signature_is_invalid',
      ],
      ['a malformed key', { key: { ...key, apiKey: 'x' } }, 'signature_is_invalid'],
      ['an account that is not there', { key: exchange.keyOf(9_999) }, 'unknown_account'],
      ['account 0', { key: exchange.keyOf(0) }, 'signature_is_invalid'],
      [
        'a signature of another path',
        { key, signedPath: '/v1/history/other' },
        'signature_is_invalid',
      ],
      ['a signature of another venue', { key, venue: 'sandbox' }, 'signature_is_invalid'],
      ['a signature cut short', { key, signature: 'AAAA' }, 'signature_is_invalid'],
      ['an old time', { key, timestamp: String(now - 31_000) }, 'timestamp_is_out_of_range'],
      ['a time ahead', { key, timestamp: String(now + 600_000) }, 'timestamp_is_out_of_range'],
      ['no time', { key, timestamp: 'now' }, 'timestamp_is_out_of_range'],
      ['a time below zero', { key, timestamp: '-1' }, 'timestamp_is_out_of_range'],
    ];
    for (const path of PRIVATE) {
      for (const [who, signing, code] of wrong) {
        const { status, body } = await exchange.get(path, signing);
        expect([status, body.code, body.data], `${path} with ${who}`).toEqual([
          401,
          code,
          undefined,
        ]);
      }
      const right = await exchange.get(path, { key });
      expect(right.status).toBe(200);
      // A signature for one query is none for another one.
      const moved = await exchange.get(`${path}?limit=5`, { key, signedPath: path });
      expect(moved.status).toBe(401);
    }
    const status = `${ORDER_STATUS_ROUTE.path}?market=${exchange.markets[0]}&orderId=1`;
    for (const [who, signing, code] of wrong) {
      const answer = await exchange.get(status, signing);
      expect([answer.status, answer.body.code], `${status} with ${who}`).toEqual([401, code]);
    }
  });

  it('may come with a key that the owner has made, for as long and from where that holds', async () => {
    const [account = 1] = exchange.accounts;
    const { keys } = exchange.gateway;
    const nowMs = exchange.exchange.nowMs;
    const wish = { accountId: account, label: '', addresses: [], expiresAtMs: 0, publicKey: '' };
    const make = async (change: object) => {
      const { apiKey, apiSecret } = await keys.create(
        { ...wish, permissions: MAY_READ, ...change },
        nowMs,
      );
      return { apiKey, apiSecret: apiSecret ?? '' };
    };
    const ask = async (signing: Signing) => {
      const { status, body } = await exchange.get('/v1/history/fills', signing);
      return status === 200 ? 200 : body.code;
    };
    const reader = await make({});
    expect(await ask({ key: reader })).toBe(200);
    expect(await ask({ key: await make({ permissions: MAY_TRADE }) })).toBe(
      'permission_is_missing',
    );
    expect(await ask({ key: await make({ expiresAtMs: nowMs }) })).toBe('api_key_has_expired');
    expect(await ask({ key: await make({ expiresAtMs: nowMs + 1 }) })).toBe(200);
    expect(await ask({ key: await make({ addresses: ['127.0.0.0/8'] }) })).toBe(200);
    const elsewhere = await make({ addresses: ['198.51.100.7'] });
    expect(await ask({ key: elsewhere })).toBe('address_is_not_allowed');
    await keys.revoke(reader.apiKey);
    expect(await ask({ key: reader })).toBe('signature_is_invalid');
    // A key pair signs for itself; the public half alone opens nothing.
    const { publicKey, secretKey } = newTrader(account);
    const pair = { publicKey: base58.encode(publicKey) };
    const made = await make(pair);
    const login = keyPairLogin(secretKey);
    const timestamp = String(Date.now());
    const text = `plimsoll-rest:v1:plimsoll:${timestamp}:GET:/v1/history/fills`;
    for (const apiKey of [made.apiKey, pair.publicKey]) {
      const key = { apiKey, apiSecret: '' };
      expect(await ask({ key, timestamp, signature: login.sign(text) })).toBe(200);
      expect(await ask({ key, timestamp, signature: login.sign(`${text} `) })).toBe(
        'signature_is_invalid',
      );
      expect(await ask({ key, timestamp })).toBe('signature_is_invalid');
    }
  });

  it('never sees a row of another account', async () => {
    const sequences = new Map<string, number>();
    for (const account of exchange.accounts) {
      for (const path of PRIVATE) {
        const rows = await allPages(path, {}, 1_000, { key: exchange.keyOf(account) });
        for (const row of rows) {
          const { market, orderId, tradeId, sequence, accountSequence } = row as Record<
            string,
            unknown
          >;
          if (path.endsWith('orders')) {
            const name = `${market}/${orderId}`;
            expect(sequences.get(name) ?? account, name).toBe(account);
            sequences.set(name, account);
          }
          expect(accountSequence).toBeGreaterThan(0);
          if (tradeId === undefined) continue;
          expect(sequences.get(`${market}/${orderId}`) ?? account, `${sequence}`).toBe(account);
        }
      }
    }
    expect(sequences.size).toBeGreaterThan(100);
    // Nor by naming the order of another one.
    const [one = 1, two = 2] = exchange.accounts;
    const [order] = await allPages('/v1/history/orders', {}, 1_000, { key: exchange.keyOf(one) });
    const { market, orderId } = order as { market: string; orderId: number };
    const key = exchange.keyOf(two);
    for (const name of ['orders', 'order-changes', 'fills']) {
      const path = `/v1/history/${name}?market=${market}&orderId=${orderId}`;
      expect((await exchange.get(path, { key })).body.data).toEqual([]);
    }
  });
});

describe('a query string', () => {
  it('is refused with the name, the value and the limit of what is wrong', async () => {
    const { key } = busiest();
    const [market = ''] = exchange.markets;
    const refused: [string, RegExp][] = [
      ['limit=0', /^limit must be an integer from 1 to 1000, but is "0"$/],
      ['limit=1001', /^limit must be an integer from 1 to 1000, but is "1001"$/],
      ['limit=-1', /limit must be an integer/],
      ['limit=1e2', /limit must be an integer/],
      ['limit=', /limit must be an integer/],
      ['limit=5&limit=6', /^limit must come once$/],
      ['from=x', /^from must be an integer from 0 to 8640000000000000, but is "x"$/],
      ['from=5&to=5', /^from must be less than to, 5, but is 5$/],
      ['sort=up', /^sort must be one of newest, oldest, but is "up"$/],
      ['market=NONE', /^market must be one of .*, but is "NONE"$/],
      ['orderId=5', /^orderId needs market/],
      [`market=${market}&orderId=0`, /orderId must be an integer from 1/],
      ['color=red', /^"color" is no parameter; there are market, orderId, accountId, from/],
      ['limit', /^the query must be NAME=VALUE/],
      ['%ff=1', /^the query must be NAME=VALUE/],
      [`cursor=${'a'.repeat(3_000)}`, /^the query must have at most 2048 characters/],
      ['__proto__=1', /is no parameter/],
    ];
    for (const [query, sentence] of refused) {
      const { status, body } = await exchange.get(`/v1/history/fills?${query}`, { ...key });
      expect([status, body.message], query).toEqual([400, expect.stringMatching(sentence)]);
    }
    const candles = await exchange.get(`/v1/candles?market=${market}&interval=2m`);
    expect(candles.body.message).toMatch(/^interval must be one of 1s, 1m, 5m, 15m, 1h, 4h, 1d/);
    for (const path of ['/v1/time?x=1', '/v1/instruments?market=a']) {
      expect((await exchange.get(path)).status).toBe(400);
    }
  });

  it('of any kind is answered with 200 or 400 in JSON', async () => {
    const { key } = busiest();
    const names = ['market', 'orderId', 'from', 'to', 'sort', 'limit', 'cursor', 'interval', 'x'];
    const text = fc.string({ unit: 'binary', maxLength: 12 }).map((raw) => {
      return raw.replace(/[\ud800-\udfff]/g, '?');
    });
    const value = fc.oneof(
      text,
      fc.constantFrom(...exchange.markets, 'newest', 'oldest', '1s', '1d'),
      fc.maxSafeNat().map(String),
      fc.base64String(),
    );
    const part = fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .tuple(fc.constantFrom(...names), value.map(encodeURIComponent))
          .map(([name, one]) => `${name}=${one}`),
      },
      { weight: 1, arbitrary: text.map((raw) => encodeURI(raw).replace(/[#?\s]/g, '')) },
      { weight: 1, arbitrary: fc.constantFrom('&&', '%', '%zz', '=', 'limit=5;from=2', '%00=%00') },
    );
    const query = fc.array(part, { maxLength: 5 }).map((parts) => parts.join('&'));
    const path = fc.constantFrom(...PRIVATE, ...PUBLIC, '/v1/time', '/v1/instruments');
    const seen = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(path, query, async (asked, sent) => {
        const { pathname, search } = new URL(`${exchange.url}${asked}?${sent}`);
        const { status, body } = await exchange.get(pathname + search, {
          ...key,
          signedPath: pathname + (search === '?' ? '' : search),
        });
        seen.set(status, (seen.get(status) ?? 0) + 1);
        expect([200, 400]).toContain(status);
        if (status === 400)
          expect(body).toEqual({ code: expect.any(String), message: expect.any(String) });
      }),
      { numRuns: 600 },
    );
    expect(seen.get(200)).toBeGreaterThan(20);
  });
});

describe('the allowance', () => {
  let strict: RestExchange;
  afterEach(() => strict.close());

  it('is told in headers, charged by rows, and its own for each account', async () => {
    strict = await RestExchange.open(5, { restRequestsPerSecond: 0.001, restRequestsBurst: 10 });
    strict.trade(100);
    const [one = 1] = strict.accounts;
    const key = { key: strict.keyOf(one) };
    const left = ({ headers }: Answer) => Number(headers.get('ratelimit-remaining'));
    const first = await strict.get('/v1/history/fills?limit=1000', key);
    expect(first.status).toBe(200);
    expect(first.headers.get('ratelimit-limit')).toBe('10');
    expect(left(first)).toBe(0);
    const refused = await strict.get('/v1/history/fills?limit=1000', key);
    expect([refused.status, refused.body.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(5);
    expect(refused.body.message).toMatch(/^the allowance of this account, 10 requests at once/);
    // Another account at the same address still has its own; the address has paid one for each request.
    const other = await strict.get('/v1/history/fills?limit=500', { key: strict.keyOf(one + 1) });
    expect([other.status, left(other)]).toEqual([200, 5]);
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await strict.get('/v1/time')).status);
    expect(statuses[0]).toBe(200);
    expect(statuses.at(-1)).toBe(429);
    // A proxy on this machine tells whose request it is.
    const through = async (chain: string) => {
      const headers = { 'x-forwarded-for': chain };
      return (await fetch(`${strict.url}/v1/time`, { headers })).headers.get('ratelimit-remaining');
    };
    expect(await through('198.51.100.7')).toBe('9');
    expect(await through('203.0.113.5, 198.51.100.7')).toBe('8');
    expect(await through('2001:db8:1:2:3:4:5:6')).toBe('9');
    expect(await through('2001:0DB8:0001:0002::9')).toBe('8');
    expect(await through('2001:db8:1:3::1')).toBe('9');
  });
});

describe('other requests', () => {
  it('are answered in JSON as well', async () => {
    const { status, body } = await exchange.get('/v1/none');
    expect([status, body.code]).toEqual([404, 'unknown_route']);
    const posted = await fetch(`${exchange.url}/v1/trades`, { method: 'POST', body: '{}' });
    expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET']);
    expect((await exchange.get('/v1/time')).body).toEqual({ time: exchange.exchange.nowMs });
    const { data } = (await exchange.get('/v1/instruments')).body;
    expect(data.map(({ market }: { market: string }) => market)).toEqual(exchange.markets);
  });
});
