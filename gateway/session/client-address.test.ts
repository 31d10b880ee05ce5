import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { PlimsollClient } from '../../sdk/client.js';
import { apiKeyLogin } from '../../sdk/login.js';
import { TestExchange } from '../testing/exchange.js';
import { clientOrigin } from './client-address.js';

const HERE = '127.0.0.1';
const CLIENT = '198.51.100.7';
const STRANGER = '203.0.113.5';

describe('where a client comes from', () => {
  const proxied = '';
  const of = (peer: string, more = {}, behindProxy = false) => {
    return clientOrigin({ peer, proxied, forwardedFor: CLIENT, ...more }, behindProxy);
  };

  it('is for allowances what a proxy on this machine says, and nobody else can say', () => {
    const charged = (peer: string, more = {}) => of(peer, more).charged;
    expect(charged(HERE)).toBe(CLIENT);
    expect(charged('0000:0000:0000:0000:0000:0000:0000:0001')).toBe(CLIENT);
    expect(charged('0000:0000:0000:0000:0000:ffff:7f00:0001')).toBe(CLIENT);
    expect(charged(HERE, { proxied: '192.0.2.1' })).toBe('192.0.2.1');
    expect(charged(HERE, { forwardedFor: '' })).toBe(HERE);
    expect(charged(STRANGER, { proxied: '192.0.2.1' })).toBe(STRANGER);
    expect(charged('2001:0db8:0000:0000:0000:0000:0000:0001')).toBe('2001:db8:0:0');
    expect(charged(HERE, { forwardedFor: '2001:db8:1:2::9' })).toBe('2001:db8:1:2');
    for (const nonsense of ['x'.repeat(10_000), '1.2.3', `${CLIENT}:443`]) {
      expect(charged(HERE, { forwardedFor: nonsense })).toBe(HERE);
    }
  });

  it('is for keys what the proxy says only when the operator says that there is one', () => {
    expect(of(HERE).address).toBe(HERE);
    expect(of(HERE, {}, true).address).toBe(CLIENT);
    expect(of(HERE, { forwardedFor: `${STRANGER}, ${CLIENT}` }, true).address).toBe(CLIENT);
    expect(of(HERE, { proxied: '2001:db8:1:2::9' }, true).address).toBe('2001:db8:1:2::9');
    expect(of(HERE, { forwardedFor: '' }, true).address).toBe(HERE);
    expect(of(STRANGER, {}, true).address).toBe(STRANGER);
  });
});

describe('a key that may be used from one address', () => {
  let exchange: TestExchange;
  const servers: net.Server[] = [];

  afterEach(async () => {
    await exchange.close();
    for (const server of servers.splice(0)) server.close();
  });

  /** A proxy on this machine that adds whom it speaks for; gives its port. */
  async function proxyFor(address: string): Promise<number> {
    const server = net.createServer((client) => {
      const target = net.connect(Number(new URL(exchange.url).port), HERE);
      client.once('data', (head) => {
        const text = head.toString('latin1');
        const told = text.replace('\r\n', `\r\nx-forwarded-for: ${address}\r\n`);
        target.write(told, 'latin1');
        client.pipe(target).pipe(client);
      });
      for (const socket of [client, target]) socket.on('error', () => {});
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, HERE, resolve));
    return (server.address() as net.AddressInfo).port;
  }

  /** How the native and the Binance door take a key from there. */
  async function doors(port: number, apiKey: string, secret: string): Promise<string[]> {
    const url = `ws://${HERE}:${port}/v1`;
    const login = apiKeyLogin(apiKey, secret);
    const native = await PlimsollClient.connect({ url, login, reconnect: false }).then(
      async (client) => {
        await client.close();
        return 'open';
      },
      ({ code }: { code: string }) => code,
    );
    const headers = { 'x-mbx-apikey': apiKey, connection: 'close' };
    const listenKey = `http://${HERE}:${port}/fapi/v1/listenKey`;
    const { status } = await fetch(listenKey, { method: 'POST', headers });
    return [native, `${status}`];
  }

  it.each([
    [true, CLIENT, ['open', '200']],
    [true, STRANGER, ['address_is_not_allowed', '401']],
    [false, CLIENT, ['address_is_not_allowed', '401']],
  ])('behind a proxy (%s) that speaks for %s: %j', async (behindProxy, address, outcome) => {
    exchange = new TestExchange();
    await exchange.start({ behindProxy });
    const owner = await exchange.client(1);
    const wish = { permissions: ['read' as const], addresses: ['198.51.100.0/24'] };
    const { apiKey, apiSecret } = await owner.createKey(wish);
    const port = await proxyFor(address);
    expect(await doors(port, apiKey, apiSecret as string)).toEqual(outcome);
  });
});
