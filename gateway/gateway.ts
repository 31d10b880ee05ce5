import uWS, { type TemplatedApp, type us_listen_socket } from 'uWebSockets.js';
import type { ShardPort } from '../engine/shard/shard-port.js';
import { BinanceDialect } from './binance/dialect.js';
import { PastOrders } from './binance/past-orders.js';
import { EventMessages } from './codec/event-messages.js';
import { EventRouter } from './event-router.js';
import { FamilyRequests } from './family-requests.js';
import { AccountViews } from './feeds/account-views.js';
import { OpenOrders } from './feeds/open-orders.js';
import { OrderFold } from './feeds/order-fold.js';
import type { PrivateEvents } from './feeds/private-events.js';
import { PrivateFeed } from './feeds/private-feed.js';
import { PrivateLog } from './feeds/private-log.js';
import { PrivateSnapshots } from './feeds/private-snapshot.js';
import { PublicFeeds } from './feeds/public-feeds.js';
import { TwapViews } from './feeds/twap-views.js';
import type { GatewayFolds } from './gateway-folds.js';
import type { GatewayOptions, GatewayStats, PublicMemory } from './gateway-options.js';
import type { HistoryQueries } from './history/query-pool.js';
import type { CandleRow } from './history/rows.js';
import { type KeyEntry, KeyStore } from './identity/key-store.js';
import { DEFAULT_LIMITS, type GatewayLimits } from './limits.js';
import { Markets } from './markets.js';
import { Barriers } from './order-status/barriers.js';
import { type FindOrder, OrderStatusDesk, SHARD_WITHIN_MS } from './order-status/order-status.js';
import { Outbox } from './outbox.js';
import { CLOSE } from './protocol/close-codes.js';
import { Requests } from './requests.js';
import { RestServer } from './rest/rest-server.js';
import { GatewaySeed } from './seed.js';
import { Accounts } from './session/accounts.js';
import { Admission } from './session/admission.js';
import { Allowances, type AllowanceTable } from './session/allowances.js';
import { Backlogs } from './session/backlogs.js';
import { Connection, type ConnectionData, type Socket } from './session/connection.js';
import { Connections } from './session/connections.js';
import { FamilyAllowances } from './session/family-allowances.js';
import { KeyRequests } from './session/key-requests.js';
import { listenOn } from './session/listen.js';
import { LoadLevels } from './session/load-levels.js';
import { LoginChallenge, type LoginContext } from './session/login.js';
import { type OrderCounts, OrderRatios } from './session/order-ratios.js';
import { OwnPauses } from './session/own-pauses.js';
import { replyHello } from './session/replies.js';
import { RequestTimes } from './session/request-times.js';
import { SOCKET_BYTES_MAX, socketOptions } from './session/socket-options.js';
import { upgrade } from './session/upgrade.js';
import { SessionRequests } from './session-requests.js';
import type { SharedLimits } from './shared/shared-limits.js';
import { Turns } from './turns.js';

export type { GatewayLog, GatewayOptions, GatewayShard, GatewayStats } from './gateway-options.js';

const HOUSEKEEPING_MS = 1_000;

/** The door for traders: WebSocket at `/v1`. Construct it, put in the state at start-up (`seed`), then `listen`. */
export class Gateway {
  /** API keys of the accounts. */
  readonly keys: KeyStore;
  /** Puts in what was there before the first event. */
  readonly seed: GatewaySeed;
  /** For other doors to the same shards. */
  readonly folds: GatewayFolds;
  private readonly limits: GatewayLimits;
  private readonly options: GatewayOptions;
  private readonly accounts = new Accounts();
  /** What each account may send. */
  private readonly allowances: AllowanceTable<number>;
  private readonly ratios: OrderCounts;
  /** Of this thread and its rings: what is left undone first when there is too much to do. */
  private readonly load: LoadLevels;
  private readonly admission: Admission;
  private readonly backlogs: Backlogs;
  private readonly markets = new Markets();
  private readonly views = new AccountViews();
  private readonly openOrders = new OpenOrders();
  private readonly connections: Connections;
  private readonly privateLogs: readonly PrivateEvents[];
  private readonly privateFeed: PrivateFeed;
  private readonly publicFeeds: PublicFeeds;
  private readonly routers: readonly EventRouter[];
  private readonly outbox: Outbox;
  private readonly times = new RequestTimes();
  private readonly requests: Requests;
  private readonly loginContext: LoginContext;
  private readonly rest: RestServer;
  private readonly barriers: Barriers;
  private readonly orderStatus: OrderStatusDesk;
  /** The door for clients of Binance's futures. */
  readonly binance: BinanceDialect;
  private readonly shared: SharedLimits | null;
  private keyRequests: KeyRequests = null as never;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly pauses = new OwnPauses(HOUSEKEEPING_MS, Date.now());
  private app: TemplatedApp | null = null;
  private listenSocket: us_listen_socket | null = null;
  private readonly turns: Turns;

  constructor(options: GatewayOptions) {
    const { shards } = options;
    this.options = options;
    const { desk = null, history = null, shared = null } = options;
    this.shared = shared;
    this.keys = options.keys ?? new KeyStore(options.operatorKey, options.keyFile ?? null);
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { limits, markets, views } = this;
    const allowances = shared?.accounts ?? new Allowances<number>(limits);
    this.allowances = new FamilyAllowances(allowances, this.accounts);
    this.ratios = shared?.orders ?? new OrderRatios(limits);
    this.admission = this.newAdmission();
    this.backlogs = new Backlogs(limits);
    this.load = new LoadLevels(limits.tickMs, shards);
    const messages = new EventMessages(markets);
    const twaps = new TwapViews();
    const orders = new OrderFold(this.openOrders);
    const alone = shards.length === 1;
    const ownOrders = alone ? this.openOrders : new OpenOrders();
    const privateOrders = alone ? orders : new OrderFold(ownOrders, false);
    this.connections = new Connections(limits.connectionsMax);
    this.privateLogs = shards.map(({ privateLog }) => privateLog ?? new PrivateLog());
    this.outbox = new Outbox(messages, this.times, this.backlogs);
    const hasHistory = history !== null;
    this.publicFeeds = new PublicFeeds(markets, views, orders, this.outbox, limits, hasHistory);
    const logOf = (account: number) => {
      return this.privateLogs[this.accounts.homeOf(account)] as PrivateEvents;
    };
    const snapshots = new PrivateSnapshots(markets, views, ownOrders, twaps);
    this.privateFeed = new PrivateFeed(logOf, views, snapshots, messages, this.backlogs);
    const { accounts, connections, outbox, privateFeed, publicFeeds } = this;
    const epoch = () => this.epoch;
    const bookOf = (marketId: number) => orders.book(marketId);
    const drawnFrom = { allowances: this.allowances, load: this.load, ratios: this.ratios };
    const own = { accounts, markets, openOrders: ownOrders, views };
    const findOrder: FindOrder = (wanted) => this.orderStatus.find(wanted);
    this.folds = { ...drawnFrom, ...own, bookOf, epoch, logOf, findOrder };
    const folds = { accounts, markets, views, twaps, orders, privateOrders, publicFeeds };
    this.turns = new Turns(shards, outbox, () => this.binance);
    this.binance = new BinanceDialect({
      pastOrders: new PastOrders(findOrder),
      apiKeys: this.keys,
      limits,
      log: options.log,
      exchangeTimeMs: this.exchangeTimeMs,
      refusesReplays: options.refusesReplays ?? true,
      feesOf: options.feesOf ?? (() => ({ makerPpm: 0, takerPpm: 0 })),
      ports: shards.map(({ port }) => port),
      number: connections.reserve(),
      wake: this.turns.wake,
      admission: this.admission,
      backlogs: this.backlogs,
      catchUp: this.catchUp,
      ...{ desk, shared, history },
      ...{ ...drawnFrom, accounts, markets, views, orders: ownOrders, books: orders, logOf },
    });
    if (shared !== null) publicFeeds.withOtherThreads();
    publicFeeds.onBook = (...published) => this.binance.published(...published);
    const barriers = this.newBarriers(connections.reserve());
    this.barriers = barriers;
    const statusSources = { barriers, accounts, markets, views, logOf, history };
    this.orderStatus = new OrderStatusDesk({ ...statusSources, desk });
    const sides = { alone, observer: this.binance, barriers, ratios: this.ratios };
    const targets = { ...folds, connections, privateFeed, outbox, ...sides };
    this.routers = shards.map(({ port: { portId } }, shard) => {
      const log = this.privateLogs[shard] as PrivateEvents;
      return new EventRouter({ ...targets, shard, portId, log });
    });
    this.seed = new GatewaySeed({ ...folds, routers: this.routers });
    this.loginContext = this.newLoginContext();
    this.requests = this.newRequests(shards.map(({ port }) => port));
    this.rest = this.newRest(history);
    this.hearShards();
  }

  /** Accepts connections; gives the port. */
  async listen(): Promise<number> {
    const app = uWS.App();
    this.app = app;
    this.admission.watch(app);
    this.options.routes?.(app);
    this.rest.addTo(app);
    this.binance.register(app);
    app.ws<ConnectionData>('/v1', {
      ...socketOptions(SOCKET_BYTES_MAX, this.limits.idleTimeoutS),
      upgrade: (res, req, context) => upgrade(res, req, context, this.admission),
      open: (socket) => this.open(socket),
      message: (socket, message, isBinary) => {
        const { owner } = socket as Socket;
        if (owner !== undefined) this.requests.receive(owner, message, isBinary);
      },
      drain: (socket) => (socket as Socket).owner?.drained(),
      close: (socket) => this.closed(socket),
    });
    this.startTimers();
    this.listenSocket = await listenOn(app, this.options);
    return uWS.us_socket_local_port(this.listenSocket as never);
  }

  /** Follows the shards without a door of its own: other doors ask it, and other threads let clients in. */
  follow(): void {
    this.startTimers();
  }

  /** Takes in what another thread has changed about API keys, and ends what was let in by a key that opens nothing any more. */
  learnKey(entry: KeyEntry, ends: boolean): void {
    this.keys.learn(entry);
    if (entry.kind === 'revoked' && ends) this.keyRequests.endAll(entry.apiKey);
  }

  /** Resolves when all that was sent here for the account in the market has come to its end; false: not in time. */
  async reach(accountId: number, marketId: number): Promise<boolean> {
    return (await this.barriers.reach(accountId, marketId, SHARD_WITHIN_MS)) !== null;
  }

  /** Cancels all orders of an account, on nobody's request. */
  cancelAllOf(accountId: number): void {
    this.requests.cancelAllOf(accountId, this.accounts.homeOf(accountId));
  }

  /** What public feeds show of before, for a gateway that begins now; all events have to be taken in. */
  publicMemory(): PublicMemory {
    this.tick(true);
    return { feeds: this.publicFeeds.memory(), binance: this.binance.memory() };
  }

  /** Goes on from there; the state itself has been seeded. Before anybody listens. */
  restorePublic({ feeds, binance }: PublicMemory): void {
    this.publicFeeds.restore(feeds, this.epoch, this.requests.coarseNowMs);
    this.binance.restore(binance);
  }

  /** Looks after what collects for a tick, now. */
  tickNow(): void {
    this.tick(true);
  }

  /** Candles have changed, oldest first: from whoever feeds the history. */
  sawCandles(candles: readonly CandleRow[]): void {
    this.publicFeeds.sawCandles(candles);
  }

  /** Whether the owner of an account may log in. */
  knows(accountId: number): boolean {
    return this.accounts.has(accountId);
  }

  /** The account that a public key (base58) logs in to; 0: none. */
  accountOfKey(publicKey: string): number {
    return this.accounts.accountOfKey(publicKey);
  }

  stats(): GatewayStats {
    return {
      connections: this.admission.connections,
      ...this.requests.counters,
      events: this.routers.reduce((sum, { events }) => sum + events, 0),
      openOrders: this.openOrders.count,
      liquidations: this.views.liquidations,
      loadLevel: this.load.level,
      shedRequests: this.load.shedRequests,
      slowTicks: this.load.slowTicks,
      refusedSockets: this.admission.refusedSockets,
    };
  }

  /** How long orders and other commands of the native door took to be answered. */
  get answerTimes(): RequestTimes {
    return this.times;
  }

  /** What the insurance fund of each market has, and how many of its auctions are open. */
  insurance(): { market: string; fundMicroUsd: number; auctions: number }[] {
    return this.markets.all().map(({ params, insuranceMicroUsd, auctions }) => {
      return { market: params.symbol, fundMicroUsd: insuranceMicroUsd, auctions: auctions.size };
    });
  }

  /** Ends all connections with a code that asks them to come back, and writes the log of private feeds to its end. */
  async close(): Promise<void> {
    this.endConnections('the exchange stops');
    if (this.listenSocket !== null) uWS.us_listen_socket_close(this.listenSocket);
    this.barriers.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    this.app?.close();
    this.app = null;
    await Promise.all(this.privateLogs.map((log) => log.close()));
    await this.keys.close();
    await this.options.history?.close();
  }

  /**
   * Ends everything within this call, for a thread that cannot go on: none may end with sockets open, and the addon ends the process when a
   * handler that has failed leaves its request unanswered.
   */
  abandon(): void {
    try {
      this.endConnections('a part of the exchange begins anew');
    } finally {
      this.app?.close();
      this.app = null;
    }
  }

  private hearShards(): void {
    this.options.shards.forEach(({ port }, shard) => {
      const { consume } = this.routers[shard] as EventRouter;
      port.onEvents((words, floats, firstWord, slots) => {
        consume(words, floats, firstWord, slots);
        this.turns.eventsCame();
      });
    });
  }

  private endConnections(why: string): void {
    for (const timer of this.timers.splice(0)) clearInterval(timer);
    this.connections.forEach((connection) => {
      connection.end(CLOSE.going_away, `${why}; reconnect and resume`);
    });
    this.binance.close();
  }

  /** All shards begin the same epoch at a start. */
  private get epoch(): number {
    return (this.routers[0] as EventRouter).epoch;
  }

  private readonly exchangeTimeMs = (): number => this.options.exchangeTimeMs?.() ?? Date.now();

  private newLoginContext(): LoginContext {
    const { accounts, exchangeTimeMs, keys, limits } = this;
    return {
      venue: this.options.venue ?? 'plimsoll',
      keys,
      exchangeTimeMs,
      accounts,
      challengeLifeMs: limits.challengeLifeMs,
      timeToleranceMs: limits.loginTimeToleranceMs,
    };
  }

  private newAdmission(): Admission {
    const { limits, shared } = this;
    const { behindProxy = false } = this.options;
    const nowMs = () => this.requests.coarseNowMs;
    return new Admission({ limits, shared, behindProxy, nowMs });
  }

  private newBarriers(number: number): Barriers {
    const ports = this.options.shards.map(({ port }) => port);
    return new Barriers({
      ports,
      accounts: this.accounts,
      number,
      isWaiting: (port) => this.load.cancels.isWaiting(port),
      wake: this.turns.wake,
    });
  }

  private newRest(history: HistoryQueries | null): RestServer {
    const { accounts, limits, markets } = this;
    const { log } = this.options;
    return new RestServer({
      markets,
      accounts,
      limits,
      venue: this.loginContext.venue,
      admission: this.admission,
      keys: this.keys,
      history,
      orderStatus: this.orderStatus,
      exchangeTimeMs: this.exchangeTimeMs,
      shared: this.shared,
      onError: (error) => {
        log?.error({ err: error }, `a request for history failed: ${error.message}`);
      },
    });
  }

  private newRequests(ports: readonly ShardPort[]): Requests {
    const { limits, accounts, markets, publicFeeds, privateFeed } = this;
    const epoch = () => this.epoch;
    const nowMs = () => Date.now();
    const { connections, exchangeTimeMs } = this;
    const keyRequests = new KeyRequests(this.keys, accounts, connections, exchangeTimeMs);
    this.keyRequests = keyRequests;
    const folds = { accounts, markets, publicFeeds, privateFeed };
    const families = new FamilyRequests(accounts, this.views);
    const bucketOf = (account: number) => {
      return this.allowances.enter(account, this.requests.coarseNowMs);
    };
    const { orderStatus } = this;
    const context = {
      limits,
      ...folds,
      keyRequests,
      families,
      orderStatus,
      bucketOf,
      epoch,
      nowMs,
      exchangeTimeMs,
      guard: this.guard,
      catchUp: this.catchUp,
    };
    const session = new SessionRequests(context);
    const { load, ratios, times } = this;
    const at = performance.now();
    const sending = { load, ratios };
    return new Requests(ports, markets, limits, session, this.turns, times, sending, at);
  }

  /** Snapshots are of the state at the end of a tick, so the first one comes before the first client. */
  private startTimers(): void {
    this.tick();
    this.timers.push(
      setInterval(() => this.tick(), this.limits.tickMs),
      setInterval(() => this.housekeeping(), HOUSEKEEPING_MS),
    );
  }

  /** `isShown`: public data, too, whatever the load. */
  private tick(isShown = false): void {
    const nowMs = performance.now();
    this.requests.coarseNowMs = nowMs;
    this.load.tick(nowMs);
    this.requests.cancelAbandoned();
    const isPublicDue = this.load.publicPace.isDue(nowMs) || isShown;
    if (isPublicDue) this.publicFeeds.tick(this.epoch, nowMs);
    this.outbox.flush();
    this.binance.tick(nowMs, isPublicDue);
  }

  private housekeeping(): void {
    for (const log of this.privateLogs) log.flush();
    const { coarseNowMs } = this.requests;
    this.admission.sweep(coarseNowMs);
    if (this.shared !== null) this.shared.sweep(coarseNowMs);
    else for (const each of [this.allowances, this.ratios]) each.sweep(coarseNowMs);
    this.binance.housekeeping();
    this.backlogs.sweep();
    this.times.alignClock();
    const nowMs = Date.now();
    if (this.pauses.wasAway(nowMs)) return;
    this.connections.endIdle(nowMs, this.limits.loginTimeoutMs, this.exchangeTimeMs());
  }

  private open(socket: Socket): void {
    const now = Date.now();
    const connection = new Connection(
      socket,
      this.connections.nextNumber(),
      new LoginChallenge(this.loginContext),
      this.admission.enter(socket.getUserData().origin),
      now,
      this.backlogs,
    );
    socket.owner = connection;
    this.connections.add(connection);
    replyHello(connection, this.loginContext.venue, this.epoch, now);
  }

  private closed(socket: Socket): void {
    const connection = socket.owner;
    if (connection === undefined) return;
    connection.gone();
    this.admission.leave(connection.origin, connection.lingers);
    if (connection.accountBucket !== null) this.allowances.leave(connection.account);
    this.connections.remove(connection);
    for (const subscription of connection.subscriptions.values()) {
      this.publicFeeds.unsubscribe(subscription);
    }
    if (connection.isPrivate) this.privateFeed.unsubscribe(connection);
    if (connection.cancelsOnDisconnect) {
      const { account, home } = connection;
      this.requests.cancelAllOf(account, home, () => this.guard(account, -1));
    }
  }

  private readonly catchUp = (): void => this.options.catchUp?.();

  private readonly guard = (account: number, change: 1 | -1): void => {
    this.options.desk?.guard(account, change);
  };
}

/** Constructs a gateway and listens at once; for callers that have nothing to seed. */
export async function startGateway(
  options: GatewayOptions,
): Promise<{ gateway: Gateway; port: number; close: () => Promise<void> }> {
  const gateway = new Gateway(options);
  const port = await gateway.listen();
  return { gateway, port, close: () => gateway.close() };
}
