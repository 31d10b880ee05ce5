import type { HttpResponse, TemplatedApp } from 'uWebSockets.js';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PrivateLog } from '../../gateway/feeds/private-log.js';
import { Gateway } from '../../gateway/gateway.js';
import { DEFAULT_LIMITS } from '../../gateway/limits.js';
import { AdminRequests } from '../admin/admin-requests.js';
import { AdminServer } from '../admin/admin-server.js';
import { Operator } from '../admin/operator.js';
import type { Config, Layout } from '../config/config.js';
import { StartError } from '../config/problem.js';
import { Health } from '../observe/health.js';
import { openLog } from '../observe/log.js';
import { Metrics } from '../observe/metrics.js';
import { applyConfig } from './apply-config.js';
import { openInlineShard } from './inline-shard.js';
import { appendReplayed, firstSequenceOf } from './replayed-events.js';
import { adminToken, operatorKey } from './secret-files.js';
import type { ShardAccess, ShardHooks, ShardSettings } from './shard-access.js';
import { applySeed } from './shard-seed.js';
import { openThreadedShard } from './threaded-shard.js';

export type Log = ReturnType<typeof openLog>;

/** The whole exchange in one process: shards, gateway, admin API, and what watches them. */
export class Exchange {
  readonly shards: readonly ShardAccess[];
  readonly operators: readonly Operator[];
  readonly gateway: Gateway;
  readonly health: Health;
  readonly log: Log;
  readonly operatorKey: Uint8Array;
  readonly adminToken: string;
  readonly layout: Layout;
  port = 0;
  adminPort = 0;
  /** Sentences about the start, for the operator. */
  readonly notices: string[] = [];
  /** Called for a clock that is moved by hand, after it was moved. */
  onAdvanced: (timeMs: number) => Promise<void> = async () => {};
  private readonly config: Config;
  private readonly admin: AdminServer;
  private readonly metrics: Metrics;

  /** Recovers the shards and builds everything around them; nothing listens yet. */
  static async open(config: Config, layout: Layout): Promise<Exchange> {
    makeDataFolder(config.dataDir);
    const log = openLog(config.dataDir);
    const feed = new FeedLog(config.dataDir, log);
    const shard = await openShardOf(config, layout, hooksOf(config, log, feed));
    try {
      return new Exchange(config, layout, log, [shard], feed.of(shard));
    } catch (error) {
      await shard.stop();
      throw error;
    }
  }

  private constructor(
    config: Config,
    layout: Layout,
    log: Log,
    shards: readonly ShardAccess[],
    privateLog: PrivateLog,
  ) {
    this.config = config;
    this.layout = layout;
    this.log = log;
    this.shards = shards;
    this.operatorKey = operatorKey(config.dataDir);
    this.adminToken = adminToken(config.dataDir, config.adminToken);
    this.health = new Health(shards);
    this.health.set('starting', 'the exchange is starting');
    const [shard] = shards as [ShardAccess];
    this.gateway = new Gateway({
      port: config.port,
      host: config.host,
      shardPort: shard.gatewayPort,
      operatorKey: this.operatorKey,
      venue: config.venue,
      limits: config.gatewayLimits,
      log,
      privateLog,
      exchangeTimeMs: () => this.timeMs(),
      routes: (app) => this.addRoutes(app),
    });
    for (const { seed } of shards) applySeed(seed, this.gateway.seed);
    this.operators = shards.map(({ adminPort }) => new Operator(adminPort));
    this.metrics = new Metrics(shards, this.gateway);
    this.admin = new AdminServer({
      host: config.adminHost,
      port: config.adminPort,
      token: this.adminToken,
      requests: new AdminRequests({
        shards,
        operators: this.operators,
        markets: config.markets,
        operatorKey: this.operatorKey,
        clock: config.clock,
        oracle: config.oracle,
        exchangeTimeMs: () => this.timeMs(),
        delivered: () => this.delivered(),
        onAdvanced: (timeMs) => this.onAdvanced(timeMs),
      }),
      health: () => this.health.answer(),
      metrics: () => this.metrics.text(),
      onError: (error) =>
        log.error({ err: error }, `a request to the admin API failed: ${error.message}`),
    });
  }

  /** Begins the epoch, applies the configuration, and accepts connections. */
  async start(): Promise<void> {
    for (const shard of this.shards) {
      this.notices.push(...shard.report.notices);
      await shard.begin();
    }
    for (const [i, shard] of this.shards.entries()) {
      const operator = this.operators[i] as Operator;
      this.notices.push(...(await applyConfig(this.config, shard.seed, operator)));
    }
    const { host, port, adminHost, adminPort } = this.config;
    this.port = await listening(host, port, 'port', () => this.gateway.listen());
    this.adminPort = await listening(adminHost, adminPort, 'admin-port', () => this.admin.listen());
    this.health.clear('starting');
    for (const { report } of this.shards) {
      this.log.info({ ...report, tornTail: report.tornTail }, 'a shard is open');
    }
    this.log.info({ port: this.port, adminPort: this.adminPort, layout: this.layout }, 'ready');
  }

  /** The exchange's time: real, or where the hand has left it. */
  timeMs(): number {
    if (this.config.clock === 'real') return Date.now();
    const times = this.shards.map((shard) => shard.stats.get('timeMs'));
    return Math.max(this.config.startTimeMs, ...times);
  }

  /** Stops taking orders, lets everything out, writes snapshots, closes the journals. */
  async stop(): Promise<void> {
    this.health.set('stopping', 'the exchange is stopping');
    await Promise.all(this.shards.map((shard) => shard.settle()));
    await this.gateway.close();
    await Promise.all([this.admin.close(), ...this.shards.map((shard) => shard.stop())]);
    this.log.info({}, 'stopped');
  }

  /** Public feeds collect for a tick before they send. */
  private async delivered(): Promise<void> {
    await sleep((this.config.gatewayLimits.tickMs ?? DEFAULT_LIMITS.tickMs) + 2);
  }

  private addRoutes(app: TemplatedApp): void {
    app.get('/health', (response) => {
      const { status, body } = this.health.answer();
      const line = status === 200 ? '200 OK' : '503 Service Unavailable';
      response.writeStatus(line).writeHeader('content-type', 'application/json').end(body);
    });
    app.get('/metrics', (response) => this.answerMetrics(response));
  }

  private answerMetrics(response: HttpResponse): void {
    let gone = false;
    response.onAborted(() => {
      gone = true;
    });
    void this.metrics.text().then(({ contentType, body }) => {
      if (gone) return;
      response.cork(() => response.writeHeader('content-type', contentType).end(body));
    });
  }
}

/** The log of private feeds, opened when it is known from which sequence on its events come again. */
class FeedLog {
  private log: PrivateLog | null = null;
  private readonly folder: string;
  private readonly onError: (error: Error) => void;

  constructor(dataDir: string, log: Log) {
    this.folder = path.join(dataDir, 'feeds', 'private');
    this.onError = (error) => {
      log.error({ err: error }, `the log of private feeds cannot be written: ${error.message}`);
    };
  }

  append(words: Int32Array): void {
    appendReplayed(this.open(firstSequenceOf(words) - 1), words);
  }

  of(shard: ShardAccess): PrivateLog {
    return this.open(shard.report.sequence);
  }

  private open(keepUntilSequence: number): PrivateLog {
    const { folder, onError } = this;
    this.log ??= new PrivateLog({ folder, keepUntilSequence, onError });
    return this.log;
  }
}

function hooksOf(config: Config, log: Log, feed: FeedLog): ShardHooks {
  return {
    onReplayed: (words) => feed.append(words),
    onHalt: (report) => {
      const file = path.join(config.dataDir, `halt-${report.journaledSequence}.json`);
      fs.writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o600 });
      log.fatal({ file, error: report.error }, `trading has stopped: ${report.error}; see ${file}`);
    },
    onSnapshotFailed: (error) => {
      log.error({ err: error }, `a snapshot could not be written: ${error.message}`);
    },
    onDied: (error) => {
      log.fatal({ err: error }, `trading has stopped: the shard's thread ended: ${error.message}`);
    },
  };
}

function openShardOf(config: Config, layout: Layout, hooks: ShardHooks): Promise<ShardAccess> {
  const settings: ShardSettings = {
    shardId: 0,
    dataDir: config.dataDir,
    fsync: config.fsync,
    clock: config.clock,
    startTimeMs: config.startTimeMs,
    snapshotEveryMessages: config.snapshotEveryMessages,
    snapshotEveryMs: config.snapshotEveryMs,
  };
  if (layout === 'inline') return openInlineShard(settings, hooks);
  return openThreadedShard(settings, hooks);
}

function makeDataFolder(dataDir: string): void {
  try {
    fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    fs.accessSync(dataDir, fs.constants.W_OK);
  } catch (error) {
    throw new StartError(`the data folder ${dataDir} cannot be used: ${(error as Error).message}`);
  }
}

async function listening(
  host: string,
  port: number,
  option: string,
  listen: () => Promise<number>,
): Promise<number> {
  try {
    return await listen();
  } catch {
    throw new StartError(
      `${host}:${port} cannot be listened on, most likely because something else does; choose another --${option}`,
    );
  }
}
