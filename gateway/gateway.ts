import uWS, { type TemplatedApp, type us_listen_socket } from 'uWebSockets.js';
import type { ShardPort } from '../engine/shard/shard-port.js';
import { BinanceDialect } from './binance/dialect.js';
import { EventMessages } from './codec/event-messages.js';
import { EventRouter } from './event-router.js';
import { FamilyRequests } from './family-requests.js';
import { AccountViews } from './feeds/account-views.js';
import { OpenOrders } from './feeds/open-orders.js';
import { OrderFold } from './feeds/order-fold.js';
import { PrivateFeed } from './feeds/private-feed.js';
import { PrivateLog } from './feeds/private-log.js';
import { PrivateSnapshots } from './feeds/private-snapshot.js';
import { PublicFeeds } from './feeds/public-feeds.js';
import { TwapViews } from './feeds/twap-views.js';
import type { GatewayFolds } from './gateway-folds.js';
import type { GatewayOptions, GatewayStats } from './gateway-options.js';
import type { HistoryQueries } from './history/query-pool.js';
import type { CandleRow } from './history/rows.js';
import { KeyStore } from './identity/key-store.js';
import { DEFAULT_LIMITS, type GatewayLimits } from './limits.js';
import { Markets } from './markets.js';
import { Barriers } from './order-status/barriers.js';
import { OrderStatusDesk } from './order-status/order-status.js';
import { Outbox } from './outbox.js';
import { CLOSE } from './protocol/close-codes.js';
import { MESSAGES, PROTOCOL_VERSION } from './protocol/messages.js';
import { Requests } from './requests.js';
import { RestServer } from './rest/rest-server.js';
import { GatewaySeed } from './seed.js';
import { Accounts } from './session/accounts.js';
import { Allowances } from './session/allowances.js';
import { addressKey } from './session/client-address.js';
import { Connection, type ConnectionData, type Socket } from './session/connection.js';
import { Connections } from './session/connections.js';
import { KeyRequests } from './session/key-requests.js';
import { LoadLevels } from './session/load-levels.js';
import { LoginChallenge, type LoginContext } from './session/login.js';
import { OrderRatios } from './session/order-ratios.js';
import { reply } from './session/replies.js';
import { RequestTimes } from './session/request-times.js';
import { SOCKET_BYTES_MAX, socketOptions } from './session/socket-options.js';
import { timesRates } from './session/token-bucket.js';
import { limitRefusal, upgrade } from './session/upgrade.js';
import { SessionRequests } from './session-requests.js';
import { TurnPace } from './turn-pace.js';

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
  /** What each account, and each IP address, may send. */
  private readonly allowances: Allowances<number>;
  private readonly ratios: OrderRatios;
  /** Of this thread and its rings: what is left undone first when there is too much to do. */
  private readonly load: LoadLevels;
  private readonly addresses: Allowances<string>;
  private readonly markets = new Markets();
  private readonly views = new AccountViews();
  private readonly openOrders = new OpenOrders();
  private readonly connections: Connections;
  private readonly privateLogs: readonly PrivateLog[];
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
  private readonly binance: BinanceDialect;
  private readonly timers: NodeJS.Timeout[] = [];
  private app: TemplatedApp | null = null;
  private listenSocket: us_listen_socket | null = null;
  /** Shards to which something was sent that they were not woken for, in order. */
  private readonly unflushed: number[] = [];
  private readonly pace = new TurnPace(() => this.flushPorts());
  private flushing = false;
  private drainArmed = false;

  constructor(options: GatewayOptions) {
    const { shards } = options;
    this.options = options;
    this.keys = new KeyStore(options.operatorKey, options.keyFile ?? null);
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { limits, markets, views } = this;
    this.allowances = new Allowances(limits);
    this.ratios = new OrderRatios(limits);
    this.load = new LoadLevels(limits.tickMs, shards);
    this.addresses = new Allowances(timesRates(limits, limits.accountsPerAddress));
    const messages = new EventMessages(markets);
    const twaps = new TwapViews();
    const orders = new OrderFold(this.openOrders);
    const alone = shards.length === 1;
    const ownOrders = alone ? this.openOrders : new OpenOrders();
    const privateOrders = alone ? orders : new OrderFold(ownOrders, false);
    this.connections = new Connections(limits.connectionsMax);
    this.privateLogs = shards.map(({ privateLog }) => privateLog ?? new PrivateLog());
    this.outbox = new Outbox(messages, this.times, limits.privateBufferBytesMax);
    const { history } = options;
    const hasHistory = history !== undefined;
    this.publicFeeds = new PublicFeeds(markets, views, orders, this.outbox, limits, hasHistory);
    const logOf = (account: number) => {
      return this.privateLogs[this.accounts.homeOf(account)] as PrivateLog;
    };
    const snapshots = new PrivateSnapshots(markets, views, ownOrders, twaps);
    const bytesMax = limits.privateBufferBytesMax;
    this.privateFeed = new PrivateFeed(logOf, views, snapshots, messages, bytesMax);
    const { accounts, connections, outbox, privateFeed, publicFeeds } = this;
    const epoch = () => this.epoch;
    const bookOf = (marketId: number) => orders.book(marketId);
    const shared = { allowances: this.allowances, load: this.load, ratios: this.ratios };
    const own = { accounts, markets, openOrders: ownOrders, views };
    this.folds = { ...shared, ...own, bookOf, epoch, logOf };
    const folds = { accounts, markets, views, twaps, orders, privateOrders, publicFeeds };
    this.binance = new BinanceDialect({
      apiKeys: this.keys,
      limits,
      log: options.log,
      exchangeTimeMs: this.exchangeTimeMs,
      refusesReplays: options.refusesReplays ?? true,
      feesOf: options.feesOf ?? (() => ({ makerPpm: 0, takerPpm: 0 })),
      ports: shards.map(({ port }) => port),
      number: connections.reserve(),
      wake: (shard) => this.wake(shard),
      nativeConnections: () => connections.count,
      ...{ ...shared, accounts, markets, views, orders: ownOrders, books: orders, logOf },
    });
    publicFeeds.onBook = (...published) => this.binance.published(...published);
    const barriers = this.newBarriers(connections.reserve());
    this.barriers = barriers;
    const statusSources = { barriers, accounts, markets, views, logOf, history: history ?? null };
    this.orderStatus = new OrderStatusDesk(statusSources);
    const sides = { alone, observer: this.binance, barriers, ratios: this.ratios };
    const targets = { ...folds, connections, privateFeed, outbox, ...sides };
    this.routers = shards.map(({ port: { portId } }, shard) => {
      const log = this.privateLogs[shard] as PrivateLog;
      return new EventRouter({ ...targets, shard, portId, log });
    });
    this.seed = new GatewaySeed({ ...folds, routers: this.routers });
    this.loginContext = this.newLoginContext();
    this.requests = this.newRequests(shards.map(({ port }) => port));
    this.rest = this.newRest(history ?? null);
    shards.forEach(({ port }, shard) => {
      const { consume } = this.routers[shard] as EventRouter;
      port.onEvents((words, floats, firstWord, slots) => {
        consume(words, floats, firstWord, slots);
        this.eventsCame();
      });
    });
  }

  /** Accepts connections; gives the port. */
  listen(): Promise<number> {
    const app = uWS.App();
    this.app = app;
    this.options.routes?.(app);
    this.rest.addTo(app);
    this.binance.register(app);
    const overConnections = (address: string) => this.overConnections(address);
    app.ws<ConnectionData>('/v1', {
      ...socketOptions(SOCKET_BYTES_MAX, this.limits.idleTimeoutS),
      upgrade: (res, req, context) => upgrade(res, req, context, overConnections),
      open: (socket) => this.open(socket),
      message: (socket, message, isBinary) => {
        const { connection } = socket.getUserData();
        if (connection !== null) this.requests.receive(connection, message, isBinary);
      },
      drain: (socket) => socket.getUserData().connection?.onDrain?.(),
      close: (socket) => this.closed(socket),
    });
    this.startTimers();
    return new Promise((resolve, reject) => {
      app.listen(this.options.host, this.options.port, (socket) => {
        if (socket === false) {
          reject(new Error(`${this.options.host}:${this.options.port} cannot be listened on`));
          return;
        }
        this.listenSocket = socket;
        resolve(uWS.us_socket_local_port(socket as never));
      });
    });
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
      connections: this.connections.count + this.binance.connections,
      ...this.requests.counters,
      events: this.routers.reduce((sum, { events }) => sum + events, 0),
      openOrders: this.openOrders.count,
      liquidations: this.views.liquidations,
      loadLevel: this.load.level,
      shedRequests: this.load.shedRequests,
      slowTicks: this.load.slowTicks,
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
    for (const timer of this.timers) clearInterval(timer);
    if (this.listenSocket !== null) uWS.us_listen_socket_close(this.listenSocket);
    this.connections.forEach((connection) => {
      connection.end(CLOSE.going_away, 'the exchange stops; reconnect and resume');
    });
    this.binance.close();
    this.barriers.close();
    await new Promise((resolve) => setTimeout(resolve, 10));
    this.app?.close();
    await Promise.all(this.privateLogs.map((log) => log.close()));
    await this.keys.close();
    await this.options.history?.close();
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

  private newBarriers(number: number): Barriers {
    const ports = this.options.shards.map(({ port }) => port);
    return new Barriers({
      ports,
      accounts: this.accounts,
      number,
      isWaiting: (port) => this.load.cancels.isWaiting(port),
      wake: (shard) => this.wake(shard),
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
      keys: this.keys,
      history,
      orderStatus: this.orderStatus,
      exchangeTimeMs: this.exchangeTimeMs,
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
    const folds = { accounts, markets, publicFeeds, privateFeed };
    const families = new FamilyRequests(accounts, this.views);
    const bucketOf = (account: number) => {
      // Sub-accounts must not multiply what an owner may send.
      return this.allowances.enter(accounts.headOf(account), this.requests.coarseNowMs);
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
    };
    const session = new SessionRequests(context);
    const { load, ratios, times, wake } = this;
    const at = performance.now();
    const sending = { load, ratios };
    return new Requests(ports, markets, limits, session, wake, times, sending, at);
  }

  /** A command was sent. */
  private readonly wake = (shard: number): void => {
    if (!this.unflushed.includes(shard)) this.unflushed.push(shard);
    this.pace.came();
  };

  private flushPorts(): void {
    this.flushing = true;
    for (const shard of this.unflushed.splice(0)) this.options.shards[shard]?.port.flush();
    this.flushing = false;
    // Inline, the answers are here already.
    this.outbox.flush();
    this.binance.flush();
  }

  private eventsCame(): void {
    if (this.flushing || this.drainArmed) return;
    if (this.outbox.empty && this.binance.empty) return;
    this.drainArmed = true;
    // Runs when the call that drains the ring returns to the event loop.
    queueMicrotask(this.drainEnded);
  }

  private readonly drainEnded = (): void => {
    this.drainArmed = false;
    this.outbox.flush();
    this.binance.flush();
  };

  /** Snapshots are of the state at the end of a tick, so the first one comes before the first client. */
  private startTimers(): void {
    this.tick();
    this.timers.push(
      setInterval(() => this.tick(), this.limits.tickMs),
      setInterval(() => this.housekeeping(), HOUSEKEEPING_MS),
    );
  }

  private tick(): void {
    const nowMs = performance.now();
    this.requests.coarseNowMs = nowMs;
    this.load.tick(nowMs);
    this.requests.cancelAbandoned();
    const isPublicDue = this.load.publicPace.isDue(nowMs);
    if (isPublicDue) this.publicFeeds.tick(this.epoch, nowMs);
    this.outbox.flush();
    this.binance.tick(nowMs, isPublicDue);
  }

  private housekeeping(): void {
    for (const log of this.privateLogs) log.flush();
    this.addresses.sweep(this.requests.coarseNowMs);
    this.allowances.sweep(this.requests.coarseNowMs);
    this.ratios.sweep(this.requests.coarseNowMs);
    this.binance.housekeeping();
    this.times.alignClock();
    const latest = Date.now() - this.limits.loginTimeoutMs;
    const exchangeMs = this.exchangeTimeMs();
    this.connections.forEach((connection) => {
      const { keyExpiresAtMs } = connection;
      if (keyExpiresAtMs !== 0 && exchangeMs >= keyExpiresAtMs) {
        connection.end(CLOSE.key_is_void, 'the API key has expired');
        return;
      }
      if (!connection.idle || connection.openedAtMs > latest) return;
      connection.end(
        CLOSE.login_timeout,
        `neither login nor subscription within ${this.limits.loginTimeoutMs} ms`,
      );
    });
  }

  /** Why no more may connect from an address, null: one may. */
  private overConnections(address: string) {
    const { connectionsMax, connectionsPerAddressMax } = this.limits;
    if (this.connections.count + this.binance.connections >= connectionsMax) {
      return limitRefusal('503 Service Unavailable', 'connections', connectionsMax);
    }
    if (this.addresses.users(addressKey(address)) < connectionsPerAddressMax) return null;
    const whose = 'connections from one address';
    return limitRefusal('429 Too Many Requests', whose, connectionsPerAddressMax);
  }

  private open(socket: Socket): void {
    const now = Date.now();
    const connection = new Connection(
      socket,
      this.connections.nextNumber(),
      new LoginChallenge(this.loginContext),
      this.addresses.enter(addressKey(socket.getUserData().address), this.requests.coarseNowMs),
      now,
      this.limits.privateBufferBytesMax,
    );
    socket.getUserData().connection = connection;
    this.connections.add(connection);
    const { challenge, expiresAt } = connection.challenge.issue(now);
    reply(connection, (sink) => {
      sink.begin(MESSAGES.hello);
      sink.uint('version', PROTOCOL_VERSION);
      sink.text('venue', this.loginContext.venue);
      sink.uint('epoch', this.epoch);
      sink.uint('time', now);
      sink.text('challenge', challenge);
      sink.uint('challengeExpiresAt', expiresAt);
    });
  }

  private closed(socket: Socket): void {
    const { connection } = socket.getUserData();
    if (connection === null) return;
    connection.closed = true;
    this.addresses.leave(addressKey(connection.address));
    if (connection.accountBucket !== null) {
      this.allowances.leave(this.accounts.headOf(connection.account));
    }
    this.connections.remove(connection);
    for (const subscription of connection.subscriptions.values()) {
      this.publicFeeds.unsubscribe(subscription);
    }
    if (connection.isPrivate) this.privateFeed.unsubscribe(connection);
    if (connection.cancelsOnDisconnect) {
      this.requests.cancelAllOf(connection.account, connection.home);
    }
  }
}

/** Constructs a gateway and listens at once; for callers that have nothing to seed. */
export async function startGateway(
  options: GatewayOptions,
): Promise<{ gateway: Gateway; port: number; close: () => Promise<void> }> {
  const gateway = new Gateway(options);
  const port = await gateway.listen();
  return { gateway, port, close: () => gateway.close() };
}
