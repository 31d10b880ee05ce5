import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { base58 } from '@scure/base';
import { DirectOutput } from '../../engine/runtime/event-output.js';
import { InlinePort } from '../../engine/runtime/inline-port.js';
import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';
import type { EventConsumer, ShardPort } from '../../engine/shard/shard-port.js';
import { createShardCore } from '../../main/compose.js';
import { applyMarkets, applySeed, collectSeed } from '../../main/exchange/shard-seed.js';
import { type ClientOptions, PlimsollClient } from '../../sdk/client.js';
import { keyPairLogin } from '../../sdk/login.js';
import { BinanceClient, TestSocket } from '../binance/binance.fixture.js';
import { FixDoor } from '../fix/fix-door.js';
import { fixSources } from '../fix/fix-sources.js';
import { FixpDoor } from '../fixp/fixp-door.js';
import { FixpClient } from '../fixp/testing/fixp-client.js';
import { signingKey } from '../fixp/testing/fixp-exchange.js';
import { Gateway } from '../gateway.js';
import type { GatewayLimits } from '../limits.js';
import { type ApiKey, issueApiKey } from '../session/api-keys.js';
import { CorePort, ROOMY } from './core-port.js';
import { newTrader, type Trader } from './exchange.js';
import { type ClientNumbers, FixClient } from './fix-client.js';
import { ODD } from './test-market.js';

const GATEWAY_PORT = 1;
const FIXP_PORT = 4;
const FIX_PORT = 5;
const HOST = '127.0.0.1';
const RING_SLOTS = 16_384;
/** 10,000 USD. */
export const MONEY = 10_000_000_000;

/** Of tests that are not about limits. */
export const NO_RATES: Partial<GatewayLimits> = {
  requestsPerSecond: 1e9,
  requestsBurst: 1e9,
  strikesMax: 1e9,
  loginFailuresMax: 1e9,
};

export interface AllDoorsOptions {
  limits?: Partial<GatewayLimits>;
  /** Of each door's ring of commands. */
  ringSlots?: number;
  accounts?: number;
  /** Of each account, micro-USD. */
  money?: number;
  /** Of what a session of the binary door has sent. */
  flowBytesMax?: number;
}

/**
 * One real shard behind all doors: native WebSocket, Binance, SBE in FIXP sessions, FIX 4.4. Each door has a real ring to it, which
 * is not read while the shard is held.
 */
export class AllDoors {
  readonly core = createShardCore();
  readonly shard = new CorePort(this.core);
  readonly operatorKey = new Uint8Array(32).fill(5);
  readonly traders: Trader[];
  readonly keys: ApiKey[];
  readonly errors: Error[] = [];
  /** Hears every event of the shard. */
  observe: EventConsumer = () => {};
  /** The shard reads nothing. */
  held = false;
  /** Requests that the doors' rings have taken. */
  taken = 0;
  gateway!: Gateway;
  fixp!: FixpDoor;
  fix!: FixDoor;
  origin = '';
  fixpPort = 0;
  fixPort = 0;
  private readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-doors-'));
  private readonly inputs: RingReader[] = [];
  private readonly outputs: DirectOutput[] = [];
  private readonly options: AllDoorsOptions & { money: number };
  private readonly limits: Partial<GatewayLimits>;
  private readonly ringSlots: number;
  private readonly closers: (() => unknown)[] = [];

  constructor(options: AllDoorsOptions = {}) {
    const { limits, ringSlots = RING_SLOTS, accounts = 3, money = MONEY } = options;
    this.options = { ...options, money };
    this.limits = { tickMs: 5, ...limits };
    this.ringSlots = ringSlots;
    this.traders = Array.from({ length: accounts }, (_, i) => newTrader(i + 1));
    this.keys = this.traders.map(({ account }) => issueApiKey(this.operatorKey, account));
    this.shard.onEvents((words, floats, at, slots) => {
      this.observe(words, floats, at, slots);
      for (const { consumer } of this.outputs) consumer?.(words, floats, at, slots);
    });
  }

  async start(): Promise<void> {
    const { operatorKey, limits } = this;
    const common = { port: 0, host: HOST, limits };
    const exchangeTimeMs = () => this.shard.timeMs;
    this.gateway = new Gateway({
      ...{ ...common, operatorKey, exchangeTimeMs },
      shards: [{ port: this.door(GATEWAY_PORT) }],
    });
    const { folds, keys } = this.gateway;
    const { flowBytesMax } = this.options;
    this.fixp = new FixpDoor({
      ...{ ...common, folds, keys },
      shards: [this.door(FIXP_PORT)],
      fixpLimits: flowBytesMax === undefined ? {} : { flowBytesMax },
    });
    this.fix = new FixDoor({
      ...{ ...common, ...fixSources(folds), keys, exchangeTimeMs, folder: this.folder },
      ports: [this.door(FIX_PORT)],
      onError: (error) => this.errors.push(error),
    });
    const { epoch } = this.core;
    if (epoch > 0) {
      const seed = collectSeed(this.core, epoch);
      this.gateway.seed.shard(0, epoch, this.core.timeMs);
      applyMarkets(seed, 0, this.gateway.seed);
      applySeed(seed, 0, this.gateway.seed, () => epoch);
    }
    this.origin = `${HOST}:${await this.gateway.listen()}`;
    this.fixpPort = await this.fixp.listen();
    this.fixPort = await this.fix.listen();
    if (epoch > 0) return;
    this.shard.open(1, ROOMY, 500_000);
    this.shard.open(2, ODD, 400);
    const { money } = this.options;
    for (const { account, publicKey } of this.traders) this.shard.fund(account, publicKey, money);
  }

  /** Native, logged in by its key pair. */
  async native(account: number, options: Partial<ClientOptions> = {}): Promise<PlimsollClient> {
    const { secretKey } = this.trader(account);
    const url = `ws://${this.origin}/v1`;
    const client = await PlimsollClient.connect({
      url,
      login: keyPairLogin(secretKey),
      ...options,
    });
    this.closers.push(() => client.close());
    return client;
  }

  binance(account: number): BinanceClient {
    const timeMs = (next: boolean) => {
      if (next) this.shard.timeMs++;
      return this.shard.timeMs;
    };
    return new BinanceClient({ origin: this.origin, timeMs, ...this.key(account) });
  }

  /** A WebSocket of the Binance door. */
  async socket(name: string): Promise<TestSocket> {
    const socket = new TestSocket(`ws://${this.origin}${name}`);
    this.closers.push(() => socket.close());
    await socket.opened;
    return socket;
  }

  /** Not connected yet. */
  fixpClient(account: number, id?: string): FixpClient {
    const { secretKey, publicKey } = this.trader(account);
    const client = new FixpClient(this.fixpPort, signingKey(secretKey), publicKey, id);
    this.closers.push(() => (client.ended ? null : client.cut().catch(() => {})));
    return client;
  }

  /** Logged on. */
  async fixClient(account: number, numbers?: ClientNumbers): Promise<FixClient> {
    const { apiKey, apiSecret } = this.key(account);
    const client = await FixClient.connect(this.fixPort, apiKey, numbers);
    this.closers.push(() => client.cut());
    await client.logon(apiSecret);
    return client;
  }

  trader(account: number): Trader {
    return this.traders[account - 1] as Trader;
  }

  key(account: number): ApiKey {
    return this.keys[account - 1] as ApiKey;
  }

  publicKeyOf(account: number): string {
    return base58.encode(this.trader(account).publicKey);
  }

  /** The shard reads again, and first of all what has come. */
  release(): void {
    this.held = false;
    this.run();
  }

  /** All doors end and begin anew before the same shard, as after a restart. */
  async restart(): Promise<void> {
    await this.closeDoors();
    this.inputs.length = 0;
    this.outputs.length = 0;
    await this.start();
  }

  async close(): Promise<void> {
    await this.closeDoors();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private async closeDoors(): Promise<void> {
    for (const close of this.closers.splice(0)) await close();
    await this.fix.close();
    await this.fixp.close();
    await this.gateway.close();
  }

  private door(portId: number): ShardPort {
    const memory = createRing(this.ringSlots);
    const output = new DirectOutput();
    this.inputs.push(new RingReader(memory));
    this.outputs.push(output);
    const port = new InlinePort(portId, new RingWriter(memory), output, () => this.run());
    for (const name of ['trySend', 'trySendAll'] as const) {
      const send = port[name].bind(port);
      port[name] = (...message) => {
        const isTaken = send(...message);
        if (isTaken) this.taken++;
        return isTaken;
      };
    }
    return port;
  }

  private run(): void {
    if (this.held) return;
    for (const input of this.inputs) {
      for (let at = input.next(); at >= 0; at = input.next()) {
        this.shard.trySend(input.words, at, input.slots);
        input.advance();
      }
      input.release();
    }
    this.shard.flush();
  }
}
