import type { TemplatedApp } from 'uWebSockets.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import type { EventObserver } from '../event-observer.js';
import type { AccountViews } from '../feeds/account-views.js';
import type { LevelChanges } from '../feeds/l2-book.js';
import type { OpenOrders } from '../feeds/open-orders.js';
import type { OrderFold } from '../feeds/order-fold.js';
import type { PrivateEvents } from '../feeds/private-events.js';
import type { GatewayLog } from '../gateway.js';
import type { HistoryQueries } from '../history/query-pool.js';
import type { KeyStore } from '../identity/key-store.js';
import type { GatewayLimits } from '../limits.js';
import type { Market, Markets } from '../markets.js';
import type { Accounts } from '../session/accounts.js';
import type { Admission } from '../session/admission.js';
import { Allowances, type AllowanceTable } from '../session/allowances.js';
import type { Backlogs } from '../session/backlogs.js';
import type { LoadLevels } from '../session/load-levels.js';
import type { OrderCounts } from '../session/order-ratios.js';
import type { HomeDesk } from '../shared/home-desk.js';
import type { SharedLimits } from '../shared/shared-limits.js';
import { AccountRequests, type FeeRates } from './account-requests.js';
import { AdlQuantiles } from './adl-quantiles.js';
import { type AlgoName, AlgoNames } from './algo-names.js';
import { AlgoRequests } from './algo-requests.js';
import { ApiDoor } from './api-door.js';
import { Authentication } from './authentication.js';
import { Commands } from './commands.js';
import { Countdowns } from './countdowns.js';
import { Depths } from './depth.js';
import { ERRORS, isOverloaded } from './errors.js';
import { Gatekeeper } from './gatekeeper.js';
import { Histories } from './histories.js';
import { HttpDoor } from './http-door.js';
import { type ListenKey, ListenKeys } from './listen-keys.js';
import { MarketMemories, type MarketMemoryRows } from './market-memory.js';
import { MarketRequests } from './market-requests.js';
import { MarketStreams } from './market-streams.js';
import { type AccountCall, OrderRequests } from './order-requests.js';
import { PastAggregates } from './past-aggregates.js';
import { PastCandles } from './past-candles.js';
import { PastFundings } from './past-fundings.js';
import type { PastOrders } from './past-orders.js';
import { PastRows } from './past-rows.js';
import { PastTrades } from './past-trades.js';
import { restRoutes, socketRoutes } from './routes.js';
import { SocketDoor } from './socket-door.js';
import { StreamDoor } from './stream-door.js';
import { Symbols, symbolOf } from './symbols.js';
import { UserStreams } from './user-streams.js';

const COUNTDOWN_MS_MAX = 24 * 60 * 60 * 1_000;
const MINUTE_S = 60;
/** Shorter than any tick. */
const NEXT_TICK_MS = 1;

export interface DialectContext {
  readonly apiKeys: KeyStore;
  readonly limits: GatewayLimits;
  readonly log: GatewayLog | undefined;
  /** Null: there is none, and markets are remembered since the start. */
  readonly history: HistoryQueries | null;
  readonly exchangeTimeMs: () => number;
  readonly refusesReplays: boolean;
  readonly feesOf: (tier: number) => FeeRates;
  /** By shard. */
  readonly ports: readonly ShardPort[];
  /** By which answers to commands of this door are known. */
  readonly number: number;
  readonly wake: (shard: number) => void;
  readonly admission: Admission;
  readonly backlogs: Backlogs;
  readonly accounts: Accounts;
  readonly markets: Markets;
  readonly views: AccountViews;
  /** Open orders as their owners' feeds tell them. */
  readonly orders: OpenOrders;
  readonly books: OrderFold;
  readonly allowances: AllowanceTable<number>;
  readonly ratios: OrderCounts;
  readonly load: LoadLevels;
  /** The log that has an account's events. */
  readonly logOf: (account: number) => PrivateEvents;
  /** What this thread has in common with others; null: it is alone. */
  readonly shared: SharedLimits | null;
  /** Takes in what the shards have sent already. */
  readonly catchUp: () => void;
  /** The thread that has what there is once for all; null: this one. */
  readonly desk: HomeDesk | null;
  /** Finds what is not remembered here any more. */
  readonly pastOrders: PastOrders;
}

/** What begins with the process, and not with each of its threads; plain data. */
export interface DialectMemory {
  markets: MarketMemoryRows;
  depths: [number, number, number][];
  algos: AlgoName[];
}

/** The door for clients of Binance's USDⓈ-M futures: REST, streams and WebSocket API over the gateway's own folds. */
export class BinanceDialect implements EventObserver {
  readonly number: number;
  private readonly context: DialectContext;
  private readonly symbols: Symbols;
  private readonly authentication: Authentication;
  private readonly commands: Commands;
  private readonly depths: Depths;
  private readonly memories: MarketMemories;
  private readonly marketStreams: MarketStreams;
  private readonly userStreams: UserStreams;
  private readonly histories: Histories;
  private readonly orders: OrderRequests;
  private readonly keys = new ListenKeys((...of) => this.authentication.stillOpens(...of));
  private readonly countdowns = new Countdowns();
  private readonly algoNames = new AlgoNames();
  private readonly http: HttpDoor;
  private readonly sockets: SocketDoor;
  private readonly changedBooks = new Set<number>();
  /** A listen key was not kept alive. */
  onListenKeyEnded: (account: number, apiKey: string) => void = () => {};

  constructor(context: DialectContext) {
    const { accounts, allowances, exchangeTimeMs, limits, log, markets, number, apiKeys, views } =
      context;
    const { refusesReplays } = context;
    this.context = context;
    this.number = number;
    const takerPpm = (tier: number) => context.feesOf(tier).takerPpm;
    const quantiles = new AdlQuantiles(markets, views);
    const sources = { markets, views, orders: context.orders, takerPpm, quantiles };
    this.symbols = new Symbols(markets);
    this.authentication = new Authentication({
      keys: apiKeys,
      accounts,
      exchangeTimeMs,
      refusesReplays,
      shared: context.shared,
    });
    this.commands = new Commands({
      ...context,
      orderOf: (account, ...order) => this.histories.known(account)?.find(...order),
    });
    this.depths = new Depths(context.books);
    this.marketStreams = new MarketStreams(() => this.streamContext());
    this.memories = new MarketMemories(this.marketStreams);
    this.userStreams = new UserStreams(() => {
      return { keys: this.keys, sources, histories: this.histories, exchangeTimeMs };
    });
    this.orders = new OrderRequests(this.symbols, this.commands, context.pastOrders);
    const isRead = (account: number) => this.userStreams.isRead(account);
    this.histories = new Histories(
      context.orders,
      views,
      context.logOf,
      isRead,
      this.algoNames,
      (account, change, timeMs) => {
        this.orders.changed(change);
        this.userStreams.changed(account, change, timeMs);
      },
    );
    const { authentication, commands, histories, orders, symbols } = this;
    const gatekeeper = new Gatekeeper({
      ...{ allowances, authentication, catchUp: context.catchUp, histories, exchangeTimeMs },
      addresses: context.shared?.binanceAddresses ?? new Allowances(limits),
    });
    const routes = restRoutes({
      market: this.marketRequests(),
      orders: this.orders,
      algos: new AlgoRequests({
        ...{ symbols, commands, orders, note: this.tellAlgo },
        isNoted: (...name) => this.algoNames.has(...name),
      }),
      accounts: new AccountRequests({
        ...this.streamContext(),
        commands: this.commands,
        sources,
        feesOf: context.feesOf,
      }),
      session: this,
    });
    this.http = new HttpDoor({ routes, gatekeeper, log, admission: context.admission });
    const flush = () => this.flush();
    const named = { routes: socketRoutes(routes), gatekeeper, authentication, exchangeTimeMs };
    this.sockets = new SocketDoor({
      limits,
      streams: new StreamDoor(this.marketStreams, this.userStreams, exchangeTimeMs),
      admission: context.admission,
      backlogs: context.backlogs,
      api: new ApiDoor({ ...named, flush, log }),
    });
  }

  register(app: TemplatedApp): void {
    this.http.register(app);
    this.sockets.register(app);
  }

  answer(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    this.commands.answer(words, floats, at, timeMs);
  }

  privateEvent(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    this.histories.apply(words, floats, at, timeMs);
  }

  publicEvent(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    this.memories.apply(words, floats, at, timeMs);
  }

  /** A tick of the gateway has published what changed in a book. */
  published(marketId: number, changes: LevelChanges, sequence: number, timeMs: number): void {
    this.depths.published(marketId, changes, sequence, timeMs);
    this.changedBooks.add(marketId);
  }

  /** At the end of each tick of the gateway; when public data is due, all books are published. */
  tick(clockMs: number, isPublicDue: boolean): void {
    if (isPublicDue) this.publish(clockMs);
    for (const { account, market } of this.countdowns.take(clockMs)) {
      this.orders.cancelMarket(account, market, 0).catch((error) => {
        // There was no room: with the next tick again, for as long as it takes. The trader counts on it.
        if (isOverloaded(error)) this.countdowns.set(account, market, NEXT_TICK_MS, clockMs);
        else this.context.log?.warn({ err: error }, 'a countdown could not cancel the orders');
      });
    }
    this.flush();
  }

  /** About once a second. */
  housekeeping(): void {
    this.authentication.forget();
    this.commands.giveUp();
    this.orders.giveUp();
    for (const { account, apiKey, listenKey } of this.keys.expire(Date.now())) {
      this.userStreams.end(account, listenKey);
      this.onListenKeyEnded(account, apiKey);
    }
    this.userStreams.warn(performance.now());
    this.flush();
  }

  /** Something waits to be sent. */
  get empty(): boolean {
    return this.sockets.empty;
  }

  flush(): void {
    this.sockets.flush();
  }

  close(): void {
    this.sockets.close();
  }

  /** What this door remembers of the markets, for another thread. */
  memory(): DialectMemory {
    const [markets, depths] = [this.memories.memory(), this.depths.memory()];
    return { markets, depths, algos: this.algoNames.all() };
  }

  restore({ algos, markets, depths }: DialectMemory): void {
    for (const [account, clientOrderId] of algos) this.noteAlgo(account, clientOrderId, true);
    this.memories.restore(markets);
    this.depths.restore(depths);
  }

  openListenKey(account: number, apiKey: string): object | Promise<object> {
    const { desk } = this.context;
    if (desk === null) return { listenKey: this.keys.open(account, apiKey, Date.now()) };
    return desk.openListenKey(account, apiKey).then((listenKey) => ({ listenKey }));
  }

  keepListenKey(_account: number, apiKey: string): object | Promise<object> {
    const { desk } = this.context;
    if (desk === null) return { listenKey: this.keys.keepAlive(apiKey, Date.now()) };
    return desk.keepListenKey(apiKey).then((listenKey) => {
      if (listenKey === null) throw ERRORS.noListenKey();
      return { listenKey };
    });
  }

  closeListenKey(account: number, apiKey: string): object | Promise<object> {
    const { desk } = this.context;
    if (desk !== null) return desk.closeListenKey(account, apiKey).then(() => ({}));
    this.endListenKey(account, apiKey);
    return {};
  }

  /** A listen key that another thread has opened. */
  learnListenKey(key: ListenKey): void {
    this.keys.learn(key);
  }

  /** Ends the listen key of an API key, and the streams that are read by it. */
  endListenKey(account: number, apiKey: string): void {
    const listenKey = this.keys.close(apiKey);
    if (listenKey !== null) this.userStreams.end(account, listenKey);
    this.flush();
  }

  /** Those that are valid. */
  get listenKeys(): ListenKey[] {
    return this.keys.all();
  }

  countdown({ identity, parameters }: AccountCall): object | Promise<object> {
    const market = this.symbols.must(parameters);
    const inMs = parameters.mustInteger('countdownTime', 0, COUNTDOWN_MS_MAX);
    const answer = { symbol: symbolOf(market), countdownTime: String(inMs) };
    const { desk } = this.context;
    if (desk !== null) {
      return desk.setCountdown(identity.account, market.id, inMs).then(() => answer);
    }
    this.setCountdown(identity.account, market.id, inMs);
    return answer;
  }

  /** The market must exist. */
  setCountdown(account: number, marketId: number, inMs: number): void {
    const market = this.context.markets.get(marketId) as Market;
    this.countdowns.set(account, market, inMs, performance.now());
  }

  /** An order with this client id was placed as an algo order, by whichever thread. */
  noteAlgo(account: number, clientOrderId: string, isAlgo: boolean): void {
    this.algoNames.note(account, clientOrderId, isAlgo);
  }

  private readonly tellAlgo = async (account: number, clientOrderId: string, isAlgo: boolean) => {
    const { desk } = this.context;
    this.noteAlgo(account, clientOrderId, isAlgo);
    await desk?.noteAlgo(account, clientOrderId, isAlgo);
  };

  private publish(clockMs: number): void {
    this.memories.endTick();
    for (const marketId of this.changedBooks) this.marketStreams.bookChanged(marketId);
    this.changedBooks.clear();
    this.marketStreams.tick(clockMs);
  }

  private streamContext() {
    const { exchangeTimeMs } = this.context;
    const { depths, memories, symbols } = this;
    return { depths, memories, symbols, exchangeTimeMs };
  }

  private marketRequests(): MarketRequests {
    const { history, limits, log } = this.context;
    const { requestsPerSecond } = limits;
    const past = history === null ? null : new PastRows(history, log);
    const perMinute = requestsPerSecond * MINUTE_S;
    return new MarketRequests({
      ...this.streamContext(),
      candles: new PastCandles(this.memories.candles, past),
      trades: new PastTrades(this.memories, past),
      aggregates: new PastAggregates(this.memories, past),
      fundings: new PastFundings(this.memories, past),
      limits: { requestsPerMinute: perMinute, ordersPerMinute: perMinute },
    });
  }
}
