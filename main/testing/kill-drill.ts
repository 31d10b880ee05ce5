import fs from 'node:fs';
import path from 'node:path';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { PlimsollClient } from '../../sdk/client.js';
import { apiKeyLogin } from '../../sdk/login.js';
import type { NewOrder } from '../../sdk/requests.js';
import { createShardCore } from '../compose.js';
import { runJournalCommand } from '../journal/run.js';
import { ExchangeProcess } from './exchange-process.js';

interface Trader {
  apiKey: string;
  apiSecret: string;
}

/** An order that the exchange has acknowledged: it may never be gone again. */
interface Acknowledged {
  trader: number;
  order: NewOrder;
  orderId: number;
}

interface Invariants {
  sequence: number;
  stateHash: string;
  sumOfPositions: Record<string, number>;
  moneyDifferenceMicroUsd: string;
}

const MARKET = 'BTC-PERP';
const TRADERS = 3;
const IN_FLIGHT = 16;
const RUN_MS_MIN = 20;
const RUN_MS_MAX = 400;

/** Small snapshots often, so that kills also hit them; limits that the load does not reach. */
const CONFIG = `
[snapshots]
everyMessages = 1000
[gateway]
requestsPerSecond = 1000000
requestsBurst = 1000000
`;

/**
 * Kills an exchange under load at random moments, restarts it on what is left, and compares: the state with that of an
 * uninterrupted replay of the same journal, and every acknowledged order with what the exchange says of it now.
 */
export class KillDrill {
  private readonly folder: string;
  private readonly random: Xorshift;
  private traders: Trader[] = [];
  private acknowledged: Acknowledged[] = [];
  private lastClientId = 0;
  /** Over all rounds. */
  orders = 0;
  checkedOrders = 0;

  constructor(folder: string, seed: number) {
    this.folder = folder;
    this.random = new Xorshift(seed);
    fs.writeFileSync(path.join(folder, 'drill.toml'), CONFIG);
  }

  /** Starts, checks what the round before left, loads, kills. */
  async round(layout: 'inline' | 'compact'): Promise<void> {
    const exchange = await this.start(layout);
    try {
      await this.checkState(exchange);
      if (this.traders.length === 0) await this.prepare(exchange);
      const clients = await Promise.all(this.traders.map((trader) => connect(exchange, trader)));
      await this.checkOrders(clients);
      const killed = { yes: false };
      const load = clients.map((client, trader) => this.load(client, trader, killed));
      const span = RUN_MS_MAX - RUN_MS_MIN;
      const runMs = RUN_MS_MIN + this.random.below(span);
      await new Promise((resolve) => setTimeout(resolve, runMs));
      await exchange.kill();
      killed.yes = true;
      await Promise.all(load);
      await Promise.all(clients.map((client) => client.close()));
    } catch (error) {
      await exchange.kill();
      throw error;
    }
  }

  /** The last kill's check, and a graceful end. */
  async finish(): Promise<number | null> {
    const exchange = await this.start('inline');
    await this.checkState(exchange);
    const clients = await Promise.all(this.traders.map((trader) => connect(exchange, trader)));
    await this.checkOrders(clients);
    await Promise.all(clients.map((client) => client.close()));
    return exchange.stop();
  }

  private start(layout: string): Promise<ExchangeProcess> {
    const data = ['--data', this.dataDir, '--config', path.join(this.folder, 'drill.toml')];
    const rest = ['--fsync', 'always', '--oracle', 'manual', '--no-bots', '--layout', layout];
    return ExchangeProcess.start([...data, ...rest]);
  }

  private get dataDir(): string {
    return path.join(this.folder, 'data');
  }

  private async checkState(exchange: ExchangeProcess): Promise<void> {
    const now = await exchange.admin<Invariants>('GET', 'invariants');
    const replayed = this.replay(now.sequence);
    if (replayed !== now.stateHash) {
      throw new Error(
        `sequence ${now.sequence}: the state hash is ${now.stateHash}, a replay gives ${replayed}`,
      );
    }
    if (now.moneyDifferenceMicroUsd !== '0') {
      throw new Error(`money differs by ${now.moneyDifferenceMicroUsd} micro-USD`);
    }
    for (const [market, lots] of Object.entries(now.sumOfPositions)) {
      if (lots !== 0) throw new Error(`positions of ${market} sum to ${lots}`);
    }
  }

  /** State hash from the journal alone, without snapshots: what `npm run journal -- replay` prints. */
  private replay(until: number): string {
    let out = '';
    let notes = '';
    const args = ['replay', '--data', this.dataDir, '--until', String(until), '--json'];
    const code = runJournalCommand(args, () => createShardCore(), {
      out: (text) => {
        out += text;
      },
      note: (text) => {
        notes += `${text}\n`;
      },
    });
    if (code !== 0) throw new Error(`the journal cannot be replayed: ${notes}`);
    return JSON.parse(out).stateHash;
  }

  private async prepare(exchange: ExchangeProcess): Promise<void> {
    await exchange.admin('POST', 'prices', { market: MARKET, index: '100000' });
    for (let i = 0; i < TRADERS; i++) {
      const { accountId, ...key } = await exchange.admin<Trader & { accountId: number }>(
        'POST',
        'accounts',
        {},
      );
      await exchange.admin('POST', 'deposits', { accountId, amount: '1000000000' });
      this.traders.push(key);
    }
  }

  /** The same order with the same client id again: the exchange has to know which order it is. */
  private async checkOrders(clients: readonly PlimsollClient[]): Promise<void> {
    const acknowledged = this.acknowledged.splice(0);
    await Promise.all(
      acknowledged.map(async ({ trader, order, orderId }) => {
        const answer = await (clients[trader] as PlimsollClient).place(order);
        if (answer.result === 'duplicate' && answer.orderId === orderId) return;
        const id = order.clientOrderId;
        throw new Error(
          `order ${orderId} (client id ${id}) was acknowledged, and is ${JSON.stringify(answer)} now`,
        );
      }),
    );
    this.checkedOrders += acknowledged.length;
  }

  private async load(client: PlimsollClient, trader: number, killed: { yes: boolean }) {
    client.on('error', () => {});
    const lane = async () => {
      while (!killed.yes && client.connected) {
        const order = this.nextOrder();
        try {
          const { orderId = 0 } = await client.place(order);
          this.acknowledged.push({ trader, order, orderId });
          this.orders++;
          if (this.random.below(3) === 0) await client.cancel({ market: MARKET, orderId });
        } catch {
          // A refusal, or the kill itself: then nothing is known of the order, and nothing promised.
        }
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  }

  /** Around one price, so that some trade and most rest. */
  private nextOrder(): NewOrder {
    const ticks = 1_000_000 + this.random.below(200) - 100;
    return {
      market: MARKET,
      side: this.random.below(2) === 0 ? 'buy' : 'sell',
      price: (ticks / 10).toFixed(1),
      qty: (0.001 * (1 + this.random.below(9))).toFixed(3),
      clientOrderId: ++this.lastClientId,
    };
  }
}

function connect(exchange: ExchangeProcess, { apiKey, apiSecret }: Trader) {
  const login = apiKeyLogin(apiKey, apiSecret);
  return PlimsollClient.connect({ url: exchange.url, login, codec: 'msgpack', reconnect: false });
}
