import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createShardCore } from '../../main/compose.js';
import { FixDoor } from '../fix/fix-door.js';
import { type FixSources, fixSources } from '../fix/fix-sources.js';
import { Gateway } from '../gateway.js';
import type { GatewayLimits } from '../limits.js';
import { type ApiKey, issueApiKey } from '../session/api-keys.js';
import { CorePort, ROOMY } from './core-port.js';
import { type ClientNumbers, FixClient } from './fix-client.js';
import { SharedPort } from './shared-port.js';
import { ODD } from './test-market.js';

const GATEWAY_PORT = 1;
const FIX_PORT = 5;
const MONEY = 100_000_000_000;

/** A real shard, a gateway and a FIX door before it, three accounts with money, and their keys. */
export class FixExchange {
  readonly core = new CorePort(createShardCore());
  readonly operatorKey = new Uint8Array(32).fill(3);
  readonly keys: ApiKey[];
  readonly errors: Error[] = [];
  gateway: Gateway;
  door: FixDoor;
  port = 0;
  url = '';
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-fix-'));
  private readonly shared = new SharedPort(this.core);
  private readonly limits: Partial<GatewayLimits>;
  private readonly clients: FixClient[] = [];

  constructor(limits: Partial<GatewayLimits> = {}) {
    this.limits = { tickMs: 5, ...limits };
    this.gateway = this.newGateway();
    this.door = this.newDoor();
    this.keys = [1, 2, 3].map((account) => issueApiKey(this.operatorKey, account));
  }

  async start(): Promise<void> {
    this.core.open(1, ROOMY, 500_000);
    this.core.open(2, ODD, 400);
    for (const account of [1, 2, 3]) this.core.fund(account, new Uint8Array(32), MONEY);
    this.url = `ws://127.0.0.1:${await this.gateway.listen()}/v1`;
    this.port = await this.door.listen();
  }

  /** A connection of an account, logged on. */
  async client(account: number, numbers?: ClientNumbers, extra = {}): Promise<FixClient> {
    const { client } = await this.connect(account, numbers);
    await client.logon(this.key(account).apiSecret, extra);
    return client;
  }

  async connect(account: number, numbers?: ClientNumbers) {
    const key = this.key(account);
    const client = await FixClient.connect(this.port, key.apiKey, numbers);
    this.clients.push(client);
    return { client, key };
  }

  key(account: number): ApiKey {
    return this.keys[account - 1] as ApiKey;
  }

  /** The door ends, and a new one takes its place. */
  async restartDoor(): Promise<void> {
    await this.door.close();
    this.door = this.newDoor();
    this.port = await this.door.listen();
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.cut();
    await this.door.close();
    await this.gateway.close();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private newGateway(): Gateway {
    return new Gateway({
      port: 0,
      host: '127.0.0.1',
      shards: [{ port: this.shared.door(GATEWAY_PORT) }],
      operatorKey: this.operatorKey,
      limits: this.limits,
      exchangeTimeMs: () => this.core.timeMs,
    });
  }

  /** What the door reads. */
  get sources(): FixSources {
    return fixSources(this.gateway.folds);
  }

  private newDoor(): FixDoor {
    return new FixDoor({
      port: 0,
      host: '127.0.0.1',
      ports: [this.shared.door(FIX_PORT)],
      ...this.sources,
      keys: this.gateway.keys,
      folder: this.folder,
      limits: this.limits,
      exchangeTimeMs: () => this.core.timeMs,
      onError: (error) => this.errors.push(error),
    });
  }
}
