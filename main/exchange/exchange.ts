import type { HttpResponse, TemplatedApp } from 'uWebSockets.js';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DIRECTORY_SHARD } from '../../engine/shard/routing.js';
import type { PrivateLog } from '../../gateway/feeds/private-log.js';
import { FixDoor } from '../../gateway/fix/fix-door.js';
import { fixSources } from '../../gateway/fix/fix-sources.js';
import { FixpDoor } from '../../gateway/fixp/fixp-door.js';
import { Gateway } from '../../gateway/gateway.js';
import { QueryPool } from '../../gateway/history/query-pool.js';
import { DEFAULT_LIMITS, type GatewayLimits } from '../../gateway/limits.js';
import {
  createSharedLimits,
  MAIN_SLOT,
  SharedLimits,
  type SharedLimitsMemory,
} from '../../gateway/shared/shared-limits.js';
import type { OracleIndex, OracleStatus } from '../../oracle/oracle.js';
import type { BusLocation } from '../../settlement/bus/provide-bus.js';
import { AdminRequests } from '../admin/admin-requests.js';
import { AdminServer } from '../admin/admin-server.js';
import { Operator } from '../admin/operator.js';
import { OperatorDesk } from '../admin/operator-desk.js';
import type { Config, Layout } from '../config/config.js';
import { StartError } from '../config/problem.js';
import { GatewayFigures } from '../gateways/gateway-figures.js';
import { GatewayThreads } from '../gateways/gateway-threads.js';
import { PAGES, type Page, type PagePath } from '../gateways/thread-messages.js';
import { HistoryFeeder } from '../history/history-feeder.js';
import { DiskWatch } from '../observe/disk-watch.js';
import { Health } from '../observe/health.js';
import { type Log, openLog } from '../observe/log.js';
import { Metrics } from '../observe/metrics.js';
import { settlementWarnings } from '../observe/settlement-warnings.js';
import { Outbox } from '../outbox/outbox.js';
import { packageFile } from '../package-root.js';
import type { SettlementStatus } from '../settlement/settlement-group.js';
import { applyConfig } from './apply-config.js';
import { makeDataFolder } from './data-folder.js';
import { limitsWithin, openFilesMax } from './door-sizes.js';
import { FeedLog } from './feed-log.js';
import { placementFor, type SpreadPlacement } from './placement.js';
import { adminToken, operatorKey } from './secret-files.js';
import type { ShardAccess } from './shard-access.js';
import { ShardGroup } from './shard-group.js';
import { complain, groupOptions, hooksOf, threadsOf } from './shard-options.js';
import {
  accountsOf,
  applyMarkets,
  applySeed,
  nameForeignIds,
  type SeededMarket,
  type ShardSeed,
} from './shard-seed.js';
import { exchangeTimeMs, feesOf } from './shown-config.js';

/** What a start has opened. */
interface OpenedParts {
  group: ShardGroup;
  placement: SpreadPlacement | null;
  /** By shard. */
  logs: readonly PrivateLog[];
  seeds: readonly ShardSeed[];
  /** Epoch of an account's last event when that came since the epoch began. */
  epochOf(account: number, shard: number): number | undefined;
}

/** The whole exchange in one process: shards, gateway, admin API, and what watches them. */
export class Exchange {
  readonly shards: readonly ShardAccess[];
  readonly operator: OperatorDesk;
  /** Lets clients in, or follows what happens for those doors that do. */
  readonly gateway: Gateway;
  readonly fixp: FixpDoor;
  readonly health: Health;
  readonly log: Log;
  readonly operatorKey: Uint8Array;
  readonly adminToken: string;
  readonly layout: Layout;
  port = 0;
  /** Null: the door is closed, see `notices`. */
  fixPort: number | null = null;
  fixpPort = 0;
  adminPort = 0;
  /** Sentences about the start, for the operator. */
  readonly notices: string[] = [];
  /** Called for a clock that is moved by hand, after it was moved. */
  onAdvanced: (timeMs: number) => Promise<void> = async () => {};
  /** Called with what an operator has set by hand, after the engine has taken it. */
  onManualPrice: (index: OracleIndex) => void = () => {};
  /** What the oracle's sources do. */
  oracleStatus: () => OracleStatus = () => ({ sources: [], markets: [] });
  /** Null: this exchange does not settle. */
  settlementStatus: () => SettlementStatus | null = () => null;
  private readonly config: Config;
  private readonly group: ShardGroup;
  /** Null: clients come to the main thread. */
  private readonly threads: GatewayThreads | null;
  private readonly seeds: readonly ShardSeed[];
  private readonly fix: FixDoor;
  private readonly admin: AdminServer;
  private readonly metrics: Metrics;
  private readonly disk: DiskWatch;
  /** What the configuration says of the gateway's limits, as far as this process may open files. */
  private readonly limits: Partial<GatewayLimits>;
  /** Null: the configuration wants no history. */
  private readonly history: HistoryFeeder | null;
  private readonly schema = fs.readFileSync(packageFile('gateway/fixp/plimsoll-sbe.xml'), 'utf8');

  /** Recovers the shards, begins their epoch, and builds everything around them; they take no commands yet. */
  static async open(config: Config, layout: Layout): Promise<Exchange> {
    await makeDataFolder(config.dataDir);
    const placement = placementFor(config, layout);
    const log = openLog(config.dataDir);
    const feeds = new Map<number, FeedLog>();
    const feedOf = (shardId: number) => {
      const shards = placement?.markets.length ?? null;
      const onError = (error: Error) => complain(log, error);
      const feed = feeds.get(shardId) ?? new FeedLog(config.dataDir, shardId, shards, onError);
      feeds.set(shardId, feed);
      return feed;
    };
    const group = await ShardGroup.open({
      ...groupOptions(config, layout, placement),
      hooks: (shardId) => hooksOf(config, log, shardId, placement !== null, feedOf(shardId)),
      onReopen: async () => {
        await Promise.all([...feeds.values()].map((feed) => feed.close()));
      },
    });
    let begun = false;
    try {
      const logs = group.shards.map((shard) => feedOf(shard.shardId).of(shard));
      group.shards.forEach((shard, i) => {
        feedOf(i).follow(shard.gatewayPort, logs[i] as PrivateLog);
      });
      begun = true;
      await group.begin();
      const seeds = await Promise.all(group.shards.map((shard) => shard.seed()));
      await nameForeignIds(group.shards, seeds);
      const epochOf = (account: number, shard: number) => feedOf(shard).epochs.get(account);
      return new Exchange(config, layout, log, { group, placement, logs, seeds, epochOf });
    } catch (error) {
      await (begun ? group.stop() : group.close());
      throw error;
    }
  }

  private constructor(config: Config, layout: Layout, log: Log, parts: OpenedParts) {
    const { group, placement, logs, seeds } = parts;
    const { shards } = group;
    this.config = config;
    this.layout = layout;
    this.log = log;
    this.group = group;
    this.shards = shards;
    this.seeds = seeds;
    this.operatorKey = operatorKey(config.dataDir);
    this.adminToken = adminToken(config.dataDir, config.adminToken);
    this.health = new Health(shards, config.clock === 'real' ? Date.now : undefined, () => {
      return settlementWarnings(this.settlementStatus());
    });
    this.health.set('starting', 'the exchange is starting');
    this.disk = new DiskWatch({ dataDir: config.dataDir, health: this.health, log });
    const pool = config.history ? new QueryPool(config.dataDir) : null;
    const shared = config.gatewayThreads === 0 ? null : createSharedLimits(this.timeMs());
    const { limits: own, notice } = limitsWithin(openFilesMax(), config.gatewayLimits);
    if (notice !== null) this.notices.push(notice);
    this.limits = own;
    const limits = { ...DEFAULT_LIMITS, ...own };
    this.gateway = new Gateway({
      port: config.port,
      host: config.host,
      shards: shards.map(({ gatewayPort: port }, i) => {
        return { port, privateLog: logs[i] as PrivateLog };
      }),
      operatorKey: this.operatorKey,
      keyFile: path.join(config.dataDir, 'api-keys.jsonl'),
      venue: config.venue,
      behindProxy: config.behindProxy,
      limits: this.limits,
      log,
      exchangeTimeMs: () => this.timeMs(),
      // Where time stands still, clients sign equal requests with equal times.
      refusesReplays: config.clock === 'real',
      feesOf: (tier) => feesOf(config.feeTiers, tier),
      routes: (app) => this.addRoutes(app),
      ...(pool === null ? {} : { history: pool }),
      ...(shared === null ? {} : { shared: new SharedLimits(shared, MAIN_SLOT, limits) }),
    });
    this.threads = shared === null ? null : this.newThreads(logs, pool, shared, limits);
    this.history = config.history ? this.newFeeder(placement !== null) : null;
    this.fix = this.newFix();
    this.fixp = this.newFixp();
    this.operator = new OperatorDesk({
      operators: shards.map(({ adminPort }) => new Operator(adminPort)),
      hostOf: (marketId) => Math.max(0, placement?.markets.indexOf(marketId) ?? 0),
      accountIsKnown: (account) => this.accountIsKnown(account),
    });
    this.applySeeds(parts.epochOf);
    const progress = this.history?.progress ?? null;
    const lengths = () => group.channelLengths();
    const doors = { fix: this.fix, fixp: this.fixp };
    const oracle = () => this.oracleStatus();
    const settlement = () => this.settlementStatus();
    const behind = {
      oracle,
      settlement,
      freeBytes: () => this.disk.freeBytes,
      aheadSeconds: () => this.health.aheadSeconds(),
    };
    const figures = new GatewayFigures(this.gateway, this.threads);
    this.metrics = new Metrics(shards, figures, doors, lengths, behind, progress);
    this.admin = this.newAdmin();
  }

  /** Lets commands in, applies the configuration, and accepts connections. */
  async start(): Promise<void> {
    this.notices.push(...this.group.notices);
    for (const notice of this.group.notices) this.log.info({}, notice);
    this.history?.start();
    await this.disk.start();
    await Promise.all(this.shards.map((shard) => shard.letIn()));
    const { makerPpm, takerPpm } = this.seeds[DIRECTORY_SHARD] as ShardSeed;
    const state = { markets: this.seededMarkets, makerPpm, takerPpm };
    this.notices.push(...(await applyConfig(this.config, state, this.operator)));
    await this.group.settle();
    const { host, port, fixpPort, adminHost, adminPort } = this.config;
    this.port = await listening(host, port, 'port', () => this.openGateway());
    this.fixPort = await this.openFix(host);
    this.fixpPort = await listening(host, fixpPort, 'fixp-port', () => this.fixp.listen());
    this.adminPort = await listening(adminHost, adminPort, 'admin-port', () => this.admin.listen());
    this.health.clear('starting');
    for (const { report } of this.shards) {
      this.log.info({ ...report, tornTail: report.tornTail }, 'a shard is open');
    }
    const { fixPort, fixpPort: fixp, adminPort: admin, layout } = this;
    this.log.info({ port: this.port, fixpPort: fixp, fixPort, adminPort: admin, layout }, 'ready');
  }

  /** The exchange's time: real, or where the hand has left it. */
  timeMs(): number {
    return exchangeTimeMs(
      this.config,
      this.shards.map(({ stats }) => stats),
    );
  }

  /** Stops taking orders, lets everything out, writes snapshots, closes the journals. */
  async stop(): Promise<void> {
    this.health.set('stopping', 'the exchange is stopping');
    this.disk.stop();
    await this.group.stopInput();
    await this.threads?.stop();
    await Promise.all([this.fix.close(), this.fixp.close(), this.gateway.close()]);
    await Promise.all([this.admin.close(), this.group.stop()]);
    await this.history?.stop();
    this.log.info({}, 'stopped');
  }

  /** Numbers of the gateway threads that have not ended; after `stop`, of those that hang where nobody can end them. */
  get runningThreads(): number[] {
    return this.threads?.running ?? [];
  }

  /** Markets as they were before this start. */
  get seededMarkets(): SeededMarket[] {
    return this.seeds.flatMap(({ markets }) => markets);
  }

  private newAdmin(): AdminServer {
    const { config, group, log } = this;
    return new AdminServer({
      host: config.adminHost,
      port: config.adminPort,
      token: this.adminToken,
      requests: new AdminRequests({
        operator: this.operator,
        markets: config.markets,
        feeTiers: config.feeTiers.map(({ tier }) => tier),
        operatorKey: this.operatorKey,
        clock: config.clock,
        oracle: config.oracle,
        exchangeTimeMs: () => this.timeMs(),
        quiescent: () => this.quiescent(),
        advanceTo: (timeMs) => group.advanceTo(timeMs),
        invariants: () => group.invariants(),
        stress: () => group.stress(),
        insuranceFunds: () => this.gateway.insurance(),
        oracleStatus: () => this.oracleStatus(),
        gatewayThreads: () => this.threads?.states() ?? [],
        drillGateway: (thread, drill) => this.threads?.drill(thread, drill) ?? false,
        onManualPrice: (index) => this.onManualPrice(index),
        onAdvanced: (timeMs) => this.onAdvanced(timeMs),
      }),
      health: () => this.health.answer(),
      metrics: () => this.metrics.text(),
      onError: (error) =>
        log.error({ err: error }, `a request to the admin API failed: ${error.message}`),
    });
  }

  private newThreads(
    logs: readonly PrivateLog[],
    history: QueryPool | null,
    memory: SharedLimitsMemory,
    limits: GatewayLimits,
  ): GatewayThreads {
    const { config, gateway, group, health, log, operatorKey } = this;
    const { behindProxy, clock, feeTiers, gatewayThreads: count, host, port } = config;
    const { startTimeMs, venue } = config;
    return new GatewayThreads({
      ...{ clock, count, feeTiers, gateway, group, health, history, host, log, logs },
      ...{ behindProxy, operatorKey, port, startTimeMs, venue },
      limits: this.limits,
      hasHistory: config.history,
      shardStats: this.shards.map(({ stats }) => stats.memory),
      shared: { memory, limits: new SharedLimits(memory, MAIN_SLOT, limits) },
      page: (path) => this.page(path),
    });
  }

  /** Gives the public port. */
  private openGateway(): Promise<number> {
    const { gateway, threads } = this;
    if (threads === null) return gateway.listen();
    gateway.follow();
    return threads.start();
  }

  private newFix(): FixDoor {
    const { config, log, shards } = this;
    return new FixDoor({
      port: config.fixPort,
      host: config.host,
      ports: shards.map(({ fixPort }) => fixPort),
      ...fixSources(this.gateway.folds),
      keys: this.gateway.keys,
      folder: path.join(config.dataDir, 'fix'),
      limits: this.limits,
      exchangeTimeMs: () => this.timeMs(),
      onError: (error) => log.error({ err: error }, `the FIX door failed: ${error.message}`),
    });
  }

  private newFixp(): FixpDoor {
    const { config, shards } = this;
    return new FixpDoor({
      port: config.fixpPort,
      host: config.host,
      shards: shards.map(({ fixpPort }) => fixpPort),
      folds: this.gateway.folds,
      keys: this.gateway.keys,
      venue: config.venue,
      limits: this.limits,
      exchangeTimeMs: () => this.timeMs(),
    });
  }

  /** The thread that publishes the journals on this bus; not started yet. */
  newOutbox(bus: BusLocation): Outbox {
    const { config, log } = this;
    return new Outbox({
      dataDir: config.dataDir,
      isSpread: this.layout === 'spread',
      stats: this.shards.map(({ stats }) => stats.memory),
      neverSyncs: config.fsync === 'never',
      hasSpareCore:
        os.availableParallelism() > threadsOf(this.config, this.layout, this.shards.length) + 1,
      bus,
      onNotice: (sentence) => log.warn({}, sentence),
      onTrouble: (sentence) => log.error({}, `fills are not published for now: ${sentence}`),
      onStopped: (sentence) => log.fatal({}, `fills are not published any more: ${sentence}`),
    });
  }

  private newFeeder(isSpread: boolean): HistoryFeeder {
    const { config, log } = this;
    const limits = { ...DEFAULT_LIMITS, ...config.gatewayLimits };
    return new HistoryFeeder({
      dataDir: config.dataDir,
      isSpread,
      stats: this.shards.map(({ stats }) => stats.memory),
      neverSyncs: config.fsync === 'never',
      hasSpareCore:
        os.availableParallelism() > threadsOf(this.config, this.layout, this.shards.length) + 1,
      candlesKept: limits.candlesSnapshotMax,
      onCandles: (candles) => {
        this.gateway.sawCandles(candles);
        this.threads?.sawCandles(candles);
      },
      onNotice: (sentence) => log.warn({}, sentence),
      onError: (error) => {
        log.error({ err: error }, `the history is not fed for now: ${error.message}`);
      },
    });
  }

  /** A port that nobody has chosen may be another exchange's already: then this one does without. */
  private async openFix(host: string): Promise<number | null> {
    const { fixPort, isFixPortChosen } = this.config;
    try {
      return await listening(host, fixPort, 'fix-port', () => this.fix.listen());
    } catch (error) {
      if (isFixPortChosen) throw error;
      this.notices.push(`no FIX door: ${(error as Error).message}`);
      return null;
    }
  }

  private applySeeds(epochOf: OpenedParts['epochOf']): void {
    const { seed: gateway } = this.gateway;
    this.seeds.forEach((seed, shard) => {
      gateway.shard(shard, seed.epochNow, seed.timeMs);
      applyMarkets(seed, shard, gateway);
    });
    this.seeds.forEach((seed, shard) => {
      applySeed(seed, shard, gateway, (account) => epochOf(account, shard));
      for (const account of accountsOf(seed)) this.operator.noteHome(account, shard);
    });
  }

  private async accountIsKnown(account: number): Promise<void> {
    while (!this.gateway.knows(account) && !this.group.hasStopped) await sleep(1);
    await this.threads?.know(account);
  }

  /** All consequences are out; public feeds collect for a tick before they send. */
  private async quiescent(): Promise<void> {
    await this.group.settle();
    await this.threads?.settle();
    await sleep((this.config.gatewayLimits.tickMs ?? DEFAULT_LIMITS.tickMs) + 2);
  }

  private addRoutes(app: TemplatedApp): void {
    for (const path of PAGES) app.get(path, (response) => this.answerPage(response, path));
  }

  private answerPage(response: HttpResponse, path: PagePath): void {
    let gone = false;
    response.onAborted(() => {
      gone = true;
    });
    void this.page(path).then(({ status, contentType, body }) => {
      if (gone) return;
      response.cork(() => {
        response.writeStatus(status).writeHeader('content-type', contentType).end(body);
      });
    });
  }

  private async page(path: PagePath): Promise<Page> {
    if (path === '/metrics') return { status: '200 OK', ...(await this.metrics.text()) };
    if (path === '/health') {
      const { status, body } = this.health.answer();
      const line = status === 200 ? '200 OK' : '503 Service Unavailable';
      return { status: line, contentType: 'application/json', body };
    }
    return { status: '200 OK', contentType: 'application/xml', body: this.schema };
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
