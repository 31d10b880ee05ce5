import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { EventConsumer, ShardPort } from '../../../engine/shard/shard-port.js';
import { createShardCore } from '../../../main/compose.js';
import { Gateway } from '../../gateway.js';
import type { GatewayLimits } from '../../limits.js';
import { CorePort, ROOMY } from '../../testing/core-port.js';
import { newTrader, type Trader } from '../../testing/exchange.js';
import { ODD } from '../../testing/test-market.js';
import { FixpDoor } from '../fixp-door.js';
import type { FixpLimits } from '../fixp-limits.js';
import { FixpClient } from './fixp-client.js';

const MONEY = 10_000_000_000;

/** A second port of a shard whose one port hands on everything: what comes here goes in with this port's number. */
class SecondPort implements ShardPort {
  readonly portId = 4;
  full = false;
  commands = 0;
  private readonly first: CorePort;
  private consumer: EventConsumer = () => {};

  constructor(first: CorePort) {
    this.first = first;
  }

  trySend(words: Int32Array, firstWord: number, slots: number): boolean {
    return this.trySendAll(words, firstWord, slots);
  }

  trySendAll(words: Int32Array, firstWord: number, slots: number): boolean {
    if (this.full) return false;
    this.commands++;
    return this.first.trySendAll(words, firstWord, slots);
  }

  flush(): void {
    this.first.flush();
  }

  onEvents(consume: EventConsumer): void {
    this.consumer = consume;
  }

  hand(words: Int32Array, floats: Float64Array, at: number, slots: number): void {
    this.consumer(words, floats, at, slots);
  }

  occupancy() {
    return { inbound: 0, outbound: 0 };
  }
}

/** A real shard with a gateway and a binary door in front, markets 1 and 2, and traders with money. */
export class FixpExchange {
  readonly shard = new CorePort(createShardCore());
  readonly port = new SecondPort(this.shard);
  readonly gateway: Gateway;
  readonly door: FixpDoor;
  readonly traders: Trader[];
  fixpPort = 0;
  wsPort = 0;
  private readonly clients: FixpClient[] = [];

  constructor(limits: Partial<GatewayLimits> = {}, fixpLimits: Partial<FixpLimits> = {}) {
    const consumers: EventConsumer[] = [];
    const firstPort: ShardPort = {
      portId: 1,
      trySend: (words, at, slots) => this.shard.trySend(words, at, slots),
      trySendAll: (words, at, slots) => this.shard.trySendAll(words, at, slots),
      flush: () => this.shard.flush(),
      onEvents: (consume) => {
        if (consume !== null) consumers.push(consume);
      },
      occupancy: () => this.shard.occupancy(),
    };
    this.shard.onEvents((words, floats, at, slots) => {
      for (const consume of consumers) consume(words, floats, at, slots);
      this.port.hand(words, floats, at, slots);
    });
    const host = '127.0.0.1';
    const all = { tickMs: 5, ...limits };
    const operatorKey = new Uint8Array(32);
    this.gateway = new Gateway({
      port: 0,
      host,
      shards: [{ port: firstPort }],
      operatorKey,
      limits: all,
    });
    const { folds } = this.gateway;
    this.door = new FixpDoor({
      port: 0,
      host,
      shards: [this.port],
      folds,
      keys: this.gateway.keys,
      limits: all,
      fixpLimits,
    });
    this.traders = [1, 2, 3].map(newTrader);
  }

  async start(): Promise<void> {
    this.wsPort = await this.gateway.listen();
    this.fixpPort = await this.door.listen();
    this.shard.open(1, ROOMY, 500_000);
    this.shard.open(2, ODD, 400);
    for (const { account, publicKey } of this.traders) this.shard.fund(account, publicKey, MONEY);
  }

  /** A client with the key of an account; not connected yet. */
  client(account: number, id?: string): FixpClient {
    const { secretKey, publicKey } = this.traders[account - 1] as Trader;
    const client = new FixpClient(this.fixpPort, signingKey(secretKey), publicKey, id);
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.clients) if (!client.ended) await client.cut().catch(() => {});
    await this.door.close();
    await this.gateway.close();
  }
}

/** The DER prefix of an Ed25519 seed. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

export function signingKey(secretKey: Uint8Array): KeyObject {
  const key = Buffer.concat([PKCS8_PREFIX, secretKey.subarray(0, 32)]);
  return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
}
