import type { ShardPort } from '../../engine/shard/shard-port.js';
import { MsgpackCodec, type ServerMessage } from '../../sdk/codec.js';
import { EventMessages } from '../codec/event-messages.js';
import { FamilyRequests } from '../family-requests.js';
import { AccountViews } from '../feeds/account-views.js';
import { OpenOrders } from '../feeds/open-orders.js';
import { OrderFold } from '../feeds/order-fold.js';
import { PrivateFeed } from '../feeds/private-feed.js';
import { PrivateLog } from '../feeds/private-log.js';
import { PrivateSnapshots } from '../feeds/private-snapshot.js';
import { PublicFeeds } from '../feeds/public-feeds.js';
import { TwapViews } from '../feeds/twap-views.js';
import { KeyStore } from '../identity/key-store.js';
import { MAY_EVERYTHING } from '../identity/permissions.js';
import { DEFAULT_LIMITS } from '../limits.js';
import { Markets } from '../markets.js';
import { Barriers } from '../order-status/barriers.js';
import { OrderStatusDesk } from '../order-status/order-status.js';
import { Outbox } from '../outbox.js';
import { Requests } from '../requests.js';
import { Accounts } from '../session/accounts.js';
import { Backlogs } from '../session/backlogs.js';
import { Connection, type Socket } from '../session/connection.js';
import { Connections } from '../session/connections.js';
import { KeyRequests } from '../session/key-requests.js';
import { LoadLevels } from '../session/load-levels.js';
import { LoginChallenge } from '../session/login.js';
import { OrderRatios } from '../session/order-ratios.js';
import { RequestTimes } from '../session/request-times.js';
import { TokenBucket } from '../session/token-bucket.js';
import { SessionRequests } from '../session-requests.js';
import { BTC, ODD } from './test-market.js';

/** Counts what it is sent and answers nothing. */
class CountingPort implements ShardPort {
  readonly portId = 1;
  sent = 0;
  trySend(): boolean {
    this.sent++;
    return true;
  }
  trySendAll(): boolean {
    return this.trySend();
  }
  flush(): void {}
  onEvents(): void {}
  occupancy() {
    return { inbound: 0, outbound: 0 };
  }
}

const UNBOUNDED = new Backlogs({
  publicBufferBytesMax: 1e9,
  privateBufferBytesMax: 1e9,
  allBuffersBytesMax: 1e15,
});

/** The handling of requests without sockets: messages in, what would be sent out. */
export class RequestHarness {
  readonly port = new CountingPort();
  /** Logged in, JSON. */
  readonly connection: Connection;
  private readonly binary: Connection;
  readonly times = new RequestTimes();
  /** Of the event loop; whoever wants another one raises the number. */
  readonly turns = { number: 0, wake: () => {} };
  /** Of all accounts. */
  readonly log = new PrivateLog();
  /** Connections that the account's private events go to. */
  followersOf: (account: number) => number = () => 0;
  private readonly requests: Requests;
  /** What came since the last request. */
  sent: ServerMessage[] = [];
  private readonly codec = new MsgpackCodec(String);

  constructor() {
    const limits = {
      ...DEFAULT_LIMITS,
      requestsPerSecond: 1e9,
      requestsBurst: 1e9,
      strikesMax: 1e9,
      loginFailuresMax: 1e9,
    };
    const markets = new Markets();
    markets.put(1, BTC).state = 1;
    markets.put(2, ODD).state = 1;
    const session = this.sessionRequests(markets, limits);
    const ratios = new OrderRatios({ ...limits, orderWindowFree: 1e9 });
    this.requests = new Requests(
      [this.port],
      markets,
      limits,
      session,
      this.turns,
      this.times,
      { ratios, load: new LoadLevels(limits.tickMs, []) },
      0,
    );
    this.connection = this.newConnection(false, limits);
    this.binary = this.newConnection(true, limits);
  }

  /** What a JSON message is answered with. */
  json(text: string): ServerMessage[] {
    return this.receive(this.connection, new TextEncoder().encode(text));
  }

  msgpack(bytes: Uint8Array): ServerMessage[] {
    return this.receive(this.binary, bytes);
  }

  private receive(connection: Connection, bytes: Uint8Array): ServerMessage[] {
    this.sent = [];
    const message = new ArrayBuffer(bytes.length);
    new Uint8Array(message).set(bytes);
    this.requests.receive(connection, message, connection.binary);
    return this.sent;
  }

  private newConnection(binary: boolean, limits: typeof DEFAULT_LIMITS): Connection {
    const data = { binary };
    const socket = {
      getUserData: () => data,
      send: (message: string | Uint8Array) => {
        const decoded =
          typeof message === 'string' ? JSON.parse(message) : this.codec.decode(message);
        this.sent.push(decoded);
        return 1;
      },
      cork: (send: () => void) => send(),
      end: () => {},
      getBufferedAmount: () => 0,
    };
    const context = {
      venue: 'test',
      keys: new KeyStore(new Uint8Array(32), null),
      exchangeTimeMs: () => 0,
      accounts: new Accounts(),
      challengeLifeMs: 1_000,
      timeToleranceMs: 1_000,
    };
    const connection = new Connection(
      socket as unknown as Socket,
      binary ? 2 : 1,
      new LoginChallenge(context),
      new TokenBucket(limits, 0),
      0,
      UNBOUNDED,
    );
    connection.account = 1;
    connection.permissions = MAY_EVERYTHING;
    return connection;
  }

  private sessionRequests(markets: Markets, limits: typeof DEFAULT_LIMITS): SessionRequests {
    const views = new AccountViews();
    const openOrders = new OpenOrders();
    const orders = new OrderFold(openOrders);
    const messages = new EventMessages(markets);
    const outbox = new Outbox(messages, this.times, UNBOUNDED);
    const { log } = this;
    const snapshots = new PrivateSnapshots(markets, views, openOrders, new TwapViews());
    const privateFeed = new PrivateFeed(() => log, views, snapshots, messages, UNBOUNDED);
    this.followersOf = (account) => privateFeed.followers(account)?.length ?? 0;
    const publicFeeds = new PublicFeeds(markets, views, orders, outbox, limits, false);
    const accounts = new Accounts();
    const nowMs = () => 0;
    const epoch = () => 1;
    const keys = new KeyStore(new Uint8Array(32), null);
    const keyRequests = new KeyRequests(keys, accounts, new Connections(8), nowMs);
    const sources = { accounts, markets, views, logOf: () => log, history: null };
    const ports = [this.port];
    const isWaiting = () => false;
    const barriers = new Barriers({ ports, accounts, number: 3, isWaiting, wake: () => {} });
    const orderStatus = new OrderStatusDesk({ ...sources, barriers, desk: null });
    const bucketOf = () => new TokenBucket(limits, 0);
    const folds = { accounts, markets, publicFeeds, privateFeed };
    const context = { limits, ...folds, bucketOf, epoch, nowMs, orderStatus };
    const families = new FamilyRequests(accounts, views);
    const [guard, catchUp] = [() => {}, () => {}];
    const rest = { ...context, keyRequests, families, guard, catchUp };
    return new SessionRequests({ ...rest, exchangeTimeMs: nowMs });
  }
}
