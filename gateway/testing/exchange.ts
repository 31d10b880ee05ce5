import { generateKeyPairSync } from 'node:crypto';
import { type ClientOptions, PlimsollClient } from '../../sdk/client.js';
import { keyPairLogin } from '../../sdk/login.js';
import { type Gateway, type GatewayOptions, startGateway } from '../gateway.js';
import { BookPort } from './book-port.js';
import { BTC, ODD } from './test-market.js';

export interface Trader {
  account: number;
  secretKey: Uint8Array;
  publicKey: Uint8Array;
}

/** A key pair as Solana keeps it: 32 bytes of the seed, then the public key. */
export function newTrader(account: number): Trader {
  const pair = generateKeyPairSync('ed25519');
  const seed = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const publicKey = new Uint8Array(
    pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
  );
  return { account, secretKey: new Uint8Array([...seed, ...publicKey]), publicKey };
}

/** A gateway over books, with two markets and some traders, and clients for them. */
export class TestExchange {
  readonly port = new BookPort();
  readonly traders: Trader[] = [];
  readonly operatorKey = new Uint8Array(32).fill(7);
  url = '';
  private readonly clients: PlimsollClient[] = [];
  private gateway: Gateway | null = null;
  private stop: () => Promise<void> = async () => {};

  async start(options: Partial<GatewayOptions> = {}, traders = 3): Promise<void> {
    const { port, operatorKey } = this;
    const { limits, ...others } = options;
    const {
      gateway,
      port: publicPort,
      close,
    } = await startGateway({
      port: 0,
      host: '127.0.0.1',
      shards: [{ port }],
      operatorKey,
      limits: { tickMs: 5, ...limits },
      ...others,
    });
    this.gateway = gateway;
    this.url = `ws://127.0.0.1:${publicPort}/v1`;
    this.stop = close;
    port.list(1, BTC);
    port.list(2, ODD);
    for (let account = 1; account <= traders; account++) this.addTrader(account);
  }

  /** That the gateway has open. */
  get connections(): number {
    return this.gateway?.stats().connections ?? 0;
  }

  addTrader(account: number): Trader {
    const trader = newTrader(account);
    this.traders.push(trader);
    this.port.createAccount(account, trader.publicKey);
    return trader;
  }

  /** A client that is logged in as the trader with this account. */
  async client(account: number, options: Partial<ClientOptions> = {}): Promise<PlimsollClient> {
    const trader = this.traders.find((known) => known.account === account) as Trader;
    return this.connect({ login: keyPairLogin(trader.secretKey), ...options });
  }

  async connect(options: Partial<ClientOptions> = {}): Promise<PlimsollClient> {
    const client = await PlimsollClient.connect({ url: this.url, ...options });
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    await this.stop();
  }
}

/** Waits until a condition holds, with patience for a machine that others load too. */
export async function until(condition: () => boolean, sentence: string): Promise<void> {
  const end = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain until ${sentence}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
