import fs from 'node:fs';
import path from 'node:path';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { PlimsollClient } from '../../sdk/client.js';
import { apiKeyLogin } from '../../sdk/login.js';
import type { NewOrder } from '../../sdk/requests.js';
import type { Layout } from '../config/config.js';
import { createShardIn } from '../exchange/placement.js';
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

interface ShardCut {
  shard: number;
  sequence: number;
}

interface Invariants {
  sequence: number;
  stateHash: string;
  /** With several shards only. */
  shards?: ShardCut[];
  sumOfPositions: Record<string, number>;
  moneyDifferenceMicroUsd: string;
}

/** Markets that are traded, with the ticks around which. */
const MARKETS = [
  { market: 'BTC-PERP', middleTicks: 1_000_000, decimals: 1, lotSize: 0.001, lotDecimals: 3 },
  { market: 'ETH-PERP', middleTicks: 350_000, decimals: 2, lotSize: 0.001, lotDecimals: 3 },
  { market: 'SOL-PERP', middleTicks: 180_000, decimals: 3, lotSize: 0.1, lotDecimals: 1 },
];
const TRADERS = 3;
const IN_FLIGHT = 16;
const RUN_MS_MIN = 20;
const RUN_MS_MAX = 400;
/** A start takes about as long: kills hit recovery, the beginning of the epoch, and the first moments. */
const START_MS_MAX = 900;

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
  private lastLayout: Layout = 'inline';
  /** Over all rounds. */
  orders = 0;
  checkedOrders = 0;
  killedStarts = 0;

  constructor(folder: string, seed: number) {
    this.folder = folder;
    this.random = new Xorshift(seed);
    fs.writeFileSync(path.join(folder, 'drill.toml'), CONFIG);
  }

  /** Starts, checks what the round before left, loads, kills. */
  async round(layout: Layout): Promise<void> {
    this.lastLayout = layout;
    while (this.random.below(3) === 0) {
      const afterMs = this.random.below(START_MS_MAX);
      await ExchangeProcess.startAndKill(this.argsFor(layout), afterMs);
      this.killedStarts++;
    }
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
      await new Promise((resolve) => setTimeout(resolve, runMs / 2));
      // Under load, with messages under way between shards.
      this.checkSums(await exchange.admin<Invariants>('GET', 'invariants'));
      await new Promise((resolve) => setTimeout(resolve, runMs / 2));
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
    const exchange = await this.start(this.lastLayout === 'spread' ? 'spread' : 'inline');
    await this.checkState(exchange);
    const clients = await Promise.all(this.traders.map((trader) => connect(exchange, trader)));
    await this.checkOrders(clients);
    await Promise.all(clients.map((client) => client.close()));
    return exchange.stop();
  }

  private start(layout: Layout): Promise<ExchangeProcess> {
    return ExchangeProcess.start(this.argsFor(layout));
  }

  private argsFor(layout: Layout): string[] {
    const data = ['--data', this.dataDir, '--config', path.join(this.folder, 'drill.toml')];
    const rest = ['--fsync', 'always', '--oracle', 'manual', '--no-bots', '--layout', layout];
    return [...data, ...rest];
  }

  private get dataDir(): string {
    return path.join(this.folder, 'data');
  }

  private async checkState(exchange: ExchangeProcess): Promise<void> {
    const now = await exchange.admin<Invariants>('GET', 'invariants');
    const shards = now.shards ?? [{ shard: 0, sequence: now.sequence }];
    // From the journal alone, and from the newest snapshots and what follows them.
    for (const command of ['replay', 'hash'] as const) {
      const hash = this.hashBy(command, shards);
      if (hash === now.stateHash) continue;
      const sentence = `the state hash is ${now.stateHash}, ${command} gives ${hash}`;
      throw new Error(`sequence ${now.sequence}: ${sentence}`);
    }
    this.checkSums(now);
  }

  private checkSums(now: Invariants): void {
    if (now.moneyDifferenceMicroUsd !== '0') {
      throw new Error(`money differs by ${now.moneyDifferenceMicroUsd} micro-USD`);
    }
    for (const [market, lots] of Object.entries(now.sumOfPositions)) {
      if (lots !== 0) throw new Error(`positions of ${market} sum to ${lots}`);
    }
  }

  /** What `npm run journal` prints. */
  private hashBy(command: 'replay' | 'hash', shards: readonly ShardCut[]): string {
    let out = '';
    let notes = '';
    const until = shards.flatMap(({ shard, sequence }) => ['--until', `${shard}:${sequence}`]);
    const args = [command, '--data', this.dataDir, ...until, '--json'];
    const code = runJournalCommand(args, createShardIn, {
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
    for (const { market, middleTicks, decimals } of MARKETS) {
      const index = (middleTicks / 10 ** decimals).toFixed(decimals);
      await exchange.admin('POST', 'prices', { market, index });
    }
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
          if (this.random.below(3) === 0) await client.cancel({ market: order.market, orderId });
        } catch {
          // A refusal, or the kill itself: then nothing is known of the order, and nothing promised.
        }
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
  }

  /** In any market around one price, so that some trade and most rest. */
  private nextOrder(): NewOrder {
    const traded = MARKETS[this.random.below(MARKETS.length)] as (typeof MARKETS)[number];
    const ticks = traded.middleTicks + this.random.below(200) - 100;
    return {
      market: traded.market,
      side: this.random.below(2) === 0 ? 'buy' : 'sell',
      price: (ticks / 10 ** traded.decimals).toFixed(traded.decimals),
      qty: (traded.lotSize * (1 + this.random.below(9))).toFixed(traded.lotDecimals),
      clientOrderId: ++this.lastClientId,
    };
  }
}

function connect(exchange: ExchangeProcess, { apiKey, apiSecret }: Trader) {
  const login = apiKeyLogin(apiKey, apiSecret);
  return PlimsollClient.connect({ url: exchange.url, login, codec: 'msgpack', reconnect: false });
}
