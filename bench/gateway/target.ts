import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { base58 } from '@scure/base';
import type { Login } from './load-task.js';
import type { PriceLadder } from './order-mix.js';
import { type ServerProcess, startServer } from './server-process.js';

export type Layout = 'inline' | 'compact' | 'spread';

/** A running server, and what a client needs to know of it. */
export interface Target {
  port: number;
  /** Of the binary door. */
  fixpPort: number;
  server: ServerProcess;
  /**
   * Accounts that have done nothing yet, with more money than their orders can use up; an echo has none. What an account has done stays
   * with it: sessions of the binary door go on collecting, the Binance door remembers its orders.
   */
  newLogins(count: number): Promise<Login[]>;
  stop(): Promise<void>;
}

const BTC: PriceLadder = {
  market: 'BTC-PERP',
  marketId: 1,
  binanceSymbol: 'BTCUSDT',
  middle: 100_000,
  tickSize: 0.1,
  decimals: 1,
  qty: '0.001',
};

/** The three markets of the default configuration. */
export const LADDERS: readonly [PriceLadder, ...PriceLadder[]] = [
  BTC,
  {
    market: 'ETH-PERP',
    marketId: 2,
    binanceSymbol: 'ETHUSDT',
    middle: 4_000,
    tickSize: 0.01,
    decimals: 2,
    qty: '0.01',
  },
  {
    market: 'SOL-PERP',
    marketId: 3,
    binanceSymbol: 'SOLUSDT',
    middle: 200,
    tickSize: 0.001,
    decimals: 3,
    qty: '0.1',
  },
];

const KEY_BYTES = 32;

/** What a benchmark sends at full speed is far above what one client may send. */
const CONFIG = `
[gateway]
requestsPerSecond = 10000000
requestsBurst = 10000000
cancelsPerSecond = 10000000
cancelsBurst = 10000000
strikesMax = 1000000000
orderWindowFree = 1000000000000
connectionsPerAddressMax = 20000
loginTimeoutMs = 600000
`;

/** Threads that follow the journal when trading leaves them time: they share cores with what is measured. */
const FOLLOWERS_OFF = `
[history]
enabled = false
[settlement]
enabled = "off"
`;

export interface ExchangeOptions {
  layout: Layout;
  /** History and settlement run as well. */
  hasFollowers: boolean;
  /** Further options for Node. */
  nodeOptions?: readonly string[];
}

/** A WebSocket echo. */
export function startEcho(): Promise<Target> {
  return startEchoOf(new URL('./echo-server.js', import.meta.url));
}

/** A bare TCP echo. */
export function startTcpEcho(): Promise<Target> {
  return startEchoOf(new URL('./tcp-echo-server.js', import.meta.url));
}

async function startEchoOf(module: URL): Promise<Target> {
  const server = await startServer(fileURLToPath(module), []);
  const port = server.ready.port as number;
  return { port, fixpPort: port, server, newLogins: async () => [], stop: () => server.stop() };
}

/** The exchange as its operators start it, with its journal in a folder of its own. */
export async function startExchange(options: ExchangeOptions): Promise<Target> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-bench-'));
  const config = join(folder, 'bench.toml');
  writeFileSync(config, options.hasFollowers ? CONFIG : CONFIG + FOLLOWERS_OFF);
  const file = fileURLToPath(new URL('../../main/start.js', import.meta.url));
  const ports = ['port', 'admin-port', 'fixp-port', 'fix-port', 'custody-port', 'chain-port'];
  const args = ports.flatMap((name) => [`--${name}`, '0']);
  args.push('--data', join(folder, 'data'), '--config', config, '--layout', options.layout);
  args.push('--no-bots', '--oracle', 'manual');
  const server = await startServer(file, args, options.nodeOptions);
  const stop = async (): Promise<void> => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const { port, fixpPort, adminPort, adminToken } = server.ready as Record<string, unknown>;
    const admin = new Admin(adminPort as number, adminToken as string);
    await admin.setPrices();
    const newLogins = (count: number) => admin.newLogins(count);
    return { port: port as number, fixpPort: fixpPort as number, server, newLogins, stop };
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

  async setPrices(): Promise<void> {
    for (const { market, middle } of LADDERS) {
      await this.post('prices', { market, index: String(middle) });
    }
  }

  async newLogins(count: number): Promise<Login[]> {
    const logins: Login[] = [];
    for (let i = 0; i < count; i++) {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const key = publicKey.export({ format: 'der', type: 'spki' }).subarray(-KEY_BYTES);
      const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-KEY_BYTES);
      const account = await this.post('accounts', { publicKey: base58.encode(key) });
      const { accountId, apiKey, apiSecret } = account;
      await this.post('deposits', { accountId, amount: '1000000000' });
      logins.push({
        apiKey: String(apiKey),
        apiSecret: String(apiSecret),
        venue: 'plimsoll',
        publicKey: key.toString('hex'),
        seed: seed.toString('hex'),
      });
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
