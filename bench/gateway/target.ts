import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SUBPROTOCOL_MSGPACK } from '../../gateway/protocol/messages.js';
import type { LoadTask } from './load-task.js';
import type { PriceLadder } from './order-flow.js';
import { startServer } from './server-process.js';

export type Layout = 'inline' | 'compact' | 'spread';

/** A running server, and what a client needs to know of it. */
export interface Target {
  port: number;
  subprotocol: string;
  logins: LoadTask['logins'];
  stop(): Promise<void>;
}

export const LADDER: PriceLadder = {
  market: 'BTC-PERP',
  middle: 100_000,
  tickSize: 0.1,
  decimals: 1,
  qty: '0.001',
};

/** As many accounts as connections at most, so that no account's row is hotter than in real life. */
const ACCOUNTS = 50;

/** What a benchmark sends at full speed is far above what one client may send. */
const CONFIG = `
[gateway]
requestsPerSecond = 10000000
requestsBurst = 10000000
cancelsPerSecond = 10000000
cancelsBurst = 10000000
strikesMax = 1000000000
orderWindowFree = 1000000000000
`;

export async function startEcho(): Promise<Target> {
  const file = fileURLToPath(new URL('./echo-server.js', import.meta.url));
  const server = await startServer(file, []);
  return {
    port: server.ready.port as number,
    subprotocol: '',
    logins: [],
    stop: () => server.stop(),
  };
}

/** The exchange as its operators start it, with its journal in a folder of its own. */
export async function startExchange(layout: Layout): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const config = join(folder, 'bench.toml');
  writeFileSync(config, CONFIG);
  const file = fileURLToPath(new URL('../../main/start.js', import.meta.url));
  const ports = ['--port', '0', '--admin-port', '0', '--fixp-port', '0', '--fix-port', '0'];
  const rest = ['--data', join(folder, 'data'), '--config', config, '--layout', layout];
  const server = await startServer(file, [...ports, ...rest, '--no-bots', '--oracle', 'manual']);
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { port, adminPort, adminToken } = server.ready as Record<string, unknown>;
    const admin = new Admin(adminPort as number, adminToken as string);
    const logins = await admin.prepare();
    return { port: port as number, subprotocol: SUBPROTOCOL_MSGPACK, logins, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

class Admin {
  private readonly base: string;
  private readonly token: string;

  constructor(port: number, token: string) {
    this.base = `http://127.0.0.1:${port}/admin/v1`;
    this.token = token;
  }

  /** A price for the market, and accounts with more money than the orders can use up. */
  async prepare(): Promise<LoadTask['logins']> {
    await this.post('prices', { market: LADDER.market, index: String(LADDER.middle) });
    const logins: LoadTask['logins'] = [];
    for (let i = 0; i < ACCOUNTS; i++) {
      const { accountId, apiKey, apiSecret } = await this.post('accounts', {});
      await this.post('deposits', { accountId, amount: '1000000000' });
      logins.push({ apiKey: String(apiKey), apiSecret: String(apiSecret), venue: 'plimsoll' });
    }
    return logins;
  }

  private async post(path: string, body: object): Promise<Record<string, unknown>> {
    const response = await fetch(`${this.base}/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }
}
