import { createHmac } from 'node:crypto';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { slotsOf } from '../../../engine/messages/layout.js';
import type { EventConsumer, ShardPort } from '../../../engine/shard/shard-port.js';
import { Gateway } from '../../gateway.js';
import type * as QueryPoolModule from '../../history/query-pool.js';
import { ShardHistory } from '../../history/shard-history.js';
import { RandomExchange } from '../../history/testing/random-exchange.js';
import { makeScratch } from '../../history/testing/scratch.js';
import type { GatewayLimits } from '../../limits.js';
import { type ApiKey, issueApiKey } from '../../session/api-keys.js';

/** Threads run compiled code; `npm test` compiles before it starts. */
const COMPILED = pathToFileURL(path.resolve('dist/gateway/history/query-pool.js')).href;

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into it
  body: any;
}

export interface Signing {
  key?: ApiKey;
  timestamp?: string;
  signature?: string;
  /** What is signed in place of what is asked. */
  signedPath?: string;
  venue?: string;
}

/** Lets a gateway hear the events of a shard that it does not send to. */
class HeardShard implements ShardPort {
  readonly portId = 1;
  consume: EventConsumer = () => {};
  trySend = () => false;
  trySendAll = () => false;
  flush(): void {}
  onEvents(consume: EventConsumer): void {
    this.consume = consume;
  }
  occupancy = () => ({ inbound: 0, outbound: 0 });
}

/** Random trading, its history, and a gateway that serves both. */
export class RestExchange {
  readonly dataDir = makeScratch();
  readonly operatorKey = new Uint8Array(32).fill(7);
  readonly exchange: RandomExchange;
  readonly gateway: Gateway;
  history: ShardHistory | null = null;
  url = '';

  static async open(seed: number, limits: Partial<GatewayLimits> = {}): Promise<RestExchange> {
    const { QueryPool } = (await import(COMPILED)) as typeof QueryPoolModule;
    const plenty = { restRequestsPerSecond: 1e6, restRequestsBurst: 1e6, tickMs: 5 };
    return new RestExchange(seed, { ...plenty, ...limits }, QueryPool).start();
  }

  private constructor(
    seed: number,
    limits: Partial<GatewayLimits>,
    QueryPool: typeof QueryPoolModule.QueryPool,
  ) {
    const port = new HeardShard();
    this.exchange = new RandomExchange(this.dataDir, seed);
    this.exchange.onEvents = (_shard, { words, floats, length }) => {
      for (let slot = 0; slot < length; ) {
        const slots = slotsOf(words[slot * 16] as number);
        port.consume(words, floats, slot * 16, slots);
        slot += slots;
      }
    };
    this.gateway = new Gateway({
      port: 0,
      host: '127.0.0.1',
      shards: [{ port }],
      operatorKey: this.operatorKey,
      limits,
      exchangeTimeMs: () => this.exchange.nowMs,
      history: new QueryPool(this.dataDir),
    });
  }

  private async start(): Promise<this> {
    this.url = `http://127.0.0.1:${await this.gateway.listen()}`;
    this.exchange.start();
    return this;
  }

  /** Trades on, and tells the history. */
  trade(steps: number): void {
    for (let i = 0; i < steps; i++) this.exchange.step();
    const { dataDir, exchange } = this;
    this.history ??= new ShardHistory({ dataDir, shardId: 0, createShard: exchange.createShard });
    for (let more = true; more; ) {
      const candles = this.history.step(exchange.written());
      if (candles !== null) this.gateway.sawCandles(candles);
      more = candles !== null;
    }
  }

  get accounts(): number[] {
    const { accounts } = this.exchange.knowledge;
    return Array.from({ length: accounts }, (_, i) => i + 1);
  }

  get markets(): string[] {
    // What was asked to be listed may have been refused.
    const markets = this.exchange.shards.flatMap((shard) => shard.markets);
    return markets.map(({ params }) => params.symbol);
  }

  keyOf(account: number): ApiKey {
    return issueApiKey(this.operatorKey, account);
  }

  async get(pathAndQuery: string, signing: Signing | null = null): Promise<Answer> {
    const headers = signing === null ? {} : headersFor(pathAndQuery, signing);
    const response = await fetch(this.url + pathAndQuery, { headers });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) };
  }

  async close(): Promise<void> {
    this.history?.close();
    await this.gateway.close();
    await this.exchange.stop();
  }
}

/** As PROTOCOL.md tells a stranger to do it. */
function headersFor(pathAndQuery: string, signing: Signing): Record<string, string> {
  const { key, timestamp = String(Date.now()), venue = 'plimsoll' } = signing;
  const text = `plimsoll-rest:v1:${venue}:${timestamp}:GET:${signing.signedPath ?? pathAndQuery}`;
  const secret = key?.apiSecret ?? '';
  const signature = createHmac('sha256', secret).update(text).digest('base64url');
  return {
    'plimsoll-key': key?.apiKey ?? '',
    'plimsoll-timestamp': timestamp,
    'plimsoll-signature': signing.signature ?? signature,
  };
}
