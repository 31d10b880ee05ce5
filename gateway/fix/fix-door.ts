import net from 'node:net';
import path from 'node:path';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_LOTS,
  EW_FLAGS,
  EW_PRICE,
  EW_SESSION,
  FRAME_F_TIME,
  marketOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_DUPLICATE,
  EVT_FILL,
  EVT_FRAME,
  EVT_MASS_CANCELED,
  EVT_REJECTED,
  FLAG_MAKER,
} from '../../engine/messages/types.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import type { AccountSource } from '../feeds/account-state.js';
import type { L2Book } from '../feeds/l2-book.js';
import type { KeyStore } from '../identity/key-store.js';
import { DEFAULT_LIMITS, type GatewayLimits } from '../limits.js';
import type { Markets } from '../markets.js';
import type { FindOrder } from '../order-status/order-status.js';
import type { AllowanceTable } from '../session/allowances.js';
import { type LoadLevels, PublicPace } from '../session/load-levels.js';
import type { OrderCounts } from '../session/order-ratios.js';
import { OwnPauses } from '../session/own-pauses.js';
import { tokensOf } from '../session/token-bucket.js';
import type { ClientSession } from './client-session.js';
import type { FixMessage } from './codec/fix-message.js';
import type { Frame } from './codec/frame-reader.js';
import { FixBody, frameOf } from './codec/frame-writer.js';
import { MSG, TAG } from './codec/tags.js';
import { FixConnection } from './fix-connection.js';
import { MarketDataDesk } from './market-data/market-data-desk.js';
import { OrderDesk } from './orders/order-desk.js';
import { StatusDesk } from './orders/status-desk.js';
import { FixSession } from './session/fix-session.js';
import { type GoodLogon, readLogon } from './session/logon.js';
import { SessionBook } from './session-book.js';

export interface FixDoorOptions {
  /** 0 picks a free port. */
  port: number;
  host: string;
  /** Ports of this door's own, by shard. */
  ports: readonly ShardPort[];
  markets: Markets;
  accounts: AccountSource;
  /** Of accounts; all doors draw from them. */
  allowances: AllowanceTable<number>;
  ratios: OrderCounts;
  /** Of the thread that all doors share. */
  load: LoadLevels;
  /** The book of a market as of its last tick. */
  bookOf: (marketId: number) => L2Book;
  findOrder: FindOrder;
  /** The epoch that has begun. */
  epoch: () => number;
  keys: KeyStore;
  /** Where sessions are kept. */
  folder: string;
  limits?: Partial<GatewayLimits>;
  exchangeTimeMs?: () => number;
  onError?: (error: Error) => void;
}

const CONNECTION_MASK = 0xffffff;
/** Heartbeats and time limits are looked after this often. */
const CLOCK_MS = 250;
/** A resend reads files. */
const RESEND_TOKENS = 20;
/** A session without a connection stays in memory for so long. */
const DORMANT_MS = 10_000;
/** What clients may take to say goodbye when the exchange stops. */
const GOODBYE_MS = 300;
const ORDER_TYPES: readonly string[] = [
  MSG.NewOrderSingle,
  MSG.OrderCancelRequest,
  MSG.OrderCancelReplaceRequest,
  MSG.OrderMassCancelRequest,
];
const CANCEL_TYPES: readonly string[] = [MSG.OrderCancelRequest, MSG.OrderMassCancelRequest];
/** Answers that are not in an account's feed. */
const ANSWERS: readonly number[] = [EVT_REJECTED, EVT_DUPLICATE, EVT_MASS_CANCELED];

/** The FIX 4.4 door: an acceptor for sessions of which the CompID is an API key. */
export class FixDoor {
  private readonly options: FixDoorOptions;
  private readonly limits: GatewayLimits;
  private readonly server: net.Server;
  private readonly connections = new Set<FixConnection>();
  private readonly sessions: SessionBook;
  private readonly orders: OrderDesk;
  private readonly status: StatusDesk;
  private readonly marketData: MarketDataDesk;
  private readonly publicPace: PublicPace;
  private readonly timers: NodeJS.Timeout[] = [];
  private readonly pauses = new OwnPauses(CLOCK_MS, Date.now());
  private readonly touched = new Set<ClientSession>();
  private readonly unflushed = new Set<number>();
  /** By shard, of the frame whose events come. */
  private readonly timesMs: number[];
  private isListening = false;
  private flushArmed = false;

  constructor(options: FixDoorOptions) {
    this.options = options;
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { markets, ports, accounts, allowances } = options;
    const exchangeTimeMs = options.exchangeTimeMs ?? (() => Date.now());
    this.timesMs = ports.map(() => 0);
    this.sessions = new SessionBook({
      folder: path.join(options.folder, 'sessions'),
      limits: this.limits,
      context: {
        markets,
        source: accounts,
        ports,
        exchangeTimeMs,
        allowances,
        touch: (session) => this.touch(session),
        onError: (error) => this.complain(error),
      },
    });
    this.orders = new OrderDesk(markets, ports, options, (shard) => this.unflushed.add(shard));
    options.load.watch(ports);
    this.publicPace = new PublicPace(options.load);
    this.status = new StatusDesk(markets, exchangeTimeMs, options.findOrder);
    this.marketData = new MarketDataDesk(markets, options.bookOf, this.limits);
    this.server = net.createServer((socket) => this.opened(socket));
    for (const port of ports) port.onEvents(null);
  }

  /** Accepts connections; gives the port. */
  listen(): Promise<number> {
    const { host, port } = this.options;
    this.timers.push(
      setInterval(() => this.tick(), this.limits.tickMs),
      setInterval(() => this.clock(), CLOCK_MS),
    );
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host, port }, () => {
        resolve((this.server.address() as net.AddressInfo).port);
      });
    });
  }

  stats(): { connections: number; sessions: number; commands: number } {
    const { connections, sessions, orders } = this;
    return { connections: connections.size, sessions: sessions.size, commands: orders.commands };
  }

  /** Says goodbye to all, and closes the sessions' files. */
  async close(): Promise<void> {
    for (const timer of this.timers) clearInterval(timer);
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    const nowMs = Date.now();
    for (const connection of this.connections) {
      connection.fix?.end('the exchange stops', nowMs);
      if (connection.fix === null) connection.cut();
    }
    this.endTurn();
    const late = setTimeout(() => {
      for (const connection of this.connections) connection.cut();
    }, GOODBYE_MS);
    if (this.server.listening || this.connections.size > 0) await closed;
    clearTimeout(late);
    this.sessions.close();
    for (const port of this.options.ports) port.onEvents(null);
  }

  private opened(socket: net.Socket): void {
    const { limits } = this;
    socket.on('error', () => {});
    if (this.connections.size >= limits.tcpConnectionsMax) {
      socket.destroy();
      return;
    }
    const { messageBytesMax, privateBufferBytesMax } = limits;
    const connection = new FixConnection(
      socket,
      Date.now(),
      messageBytesMax,
      privateBufferBytesMax,
    );
    this.connections.add(connection);
    socket.on('data', (chunk) => this.received(connection, chunk));
    // Half of a connection is none: there would be no answers.
    socket.on('end', () => socket.end());
    socket.on('close', () => this.closed(connection));
  }

  private received(connection: FixConnection, chunk: Uint8Array): void {
    try {
      connection.read(chunk, (frame) => this.frame(connection, frame));
      if (connection.reader.garbled > this.limits.strikesMax) connection.cut();
      this.endTurn();
    } catch (error) {
      this.complain(error as Error);
      connection.cut();
    }
  }

  private frame(connection: FixConnection, frame: Frame): void {
    const nowMs = Date.now();
    const { fix, client } = connection;
    if (fix !== null && client !== null) {
      this.charge(connection, client, frame.message);
      fix.receive(frame, nowMs);
      return;
    }
    const { keys, accounts } = this.options;
    const logon = readLogon(frame, {
      keys,
      address: connection.address,
      nowMs: this.options.exchangeTimeMs?.() ?? nowMs,
      knowsAccount: (account) => accounts.knows(account),
    });
    if (typeof logon === 'string') this.turnAway(connection, frame, logon);
    else this.logon(connection, frame.message, logon, nowMs);
  }

  private logon(
    connection: FixConnection,
    message: FixMessage,
    { apiKey, account, heartbeatMs, isReset }: GoodLogon,
    nowMs: number,
  ): void {
    const client = this.sessions.open(apiKey, account);
    if (client.link.isAttached) {
      this.turnAway(connection, { beginString: '', message }, 'the session is logged on already');
      return;
    }
    if (isReset) this.sessions.reset(client);
    const { record, link } = client;
    this.listenToEvents();
    link.attach(connection);
    connection.client = client;
    const terms = { client: apiKey, heartbeatMs, strikesMax: this.limits.strikesMax };
    const fix = new FixSession(
      terms,
      record.numbers,
      {
        send: (type, body) => client.send({ type, body }),
        deliver: (delivered) => this.deliver(connection, client, delivered),
        resend: (from, to) => this.resend(connection, client, from, to),
        disconnect: () => this.disconnect(connection, client),
      },
      nowMs,
    );
    connection.fix = fix;
    fix.logon(message, isReset, nowMs);
    if (fix.isActive) client.begin();
  }

  private resend(connection: FixConnection, client: ClientSession, from: number, to: number): void {
    const nowMs = performance.now();
    if (client.bucket(nowMs).take(RESEND_TOKENS, nowMs)) client.link.resend(from, to);
    else connection.fix?.end('too many ResendRequests', Date.now());
  }

  /** Every message costs something; a kilobyte as much as a message. Who goes on over the limit is sent away. */
  private charge(connection: FixConnection, client: ClientSession, message: FixMessage): void {
    const size = message.values.reduce((sum, value) => sum + value.length, 0);
    const tokens = tokensOf(size);
    const nowMs = performance.now();
    const bucket = client.bucket(nowMs);
    connection.isAllowed =
      bucket.take(tokens, nowMs) ||
      (CANCEL_TYPES.includes(message.type) && bucket.takeCancel(tokens, nowMs));
    if (connection.isAllowed) connection.excess = 0;
    else if (++connection.excess > this.limits.strikesMax) {
      connection.fix?.end('went on after too many messages over the limit', Date.now());
    }
  }

  private deliver(connection: FixConnection, client: ClientSession, message: FixMessage): void {
    const { type } = message;
    const { isAllowed } = connection;
    if (ORDER_TYPES.includes(type)) this.orders.handle(client, message, isAllowed);
    else if (type === MSG.MarketDataRequest) this.marketData.handle(client, message, isAllowed);
    else this.status.handle(client, message, isAllowed);
  }

  /** Refuses a connection that has no session, or none of its own. */
  private turnAway(connection: FixConnection, { message }: Frame, text: string): void {
    const target = message.get(TAG.SenderCompID)?.slice(0, 64) ?? 'UNKNOWN';
    const head = { type: MSG.Logout, sequence: 1, target, sendingTimeMs: Date.now() };
    const body = new FixBody().sentence(TAG.Text, text);
    connection.write(frameOf({ ...head, originalTimeMs: null }, body.text));
    connection.end();
  }

  private disconnect(connection: FixConnection, client: ClientSession): void {
    this.flush(client);
    connection.end();
  }

  private closed(connection: FixConnection): void {
    connection.isClosed = true;
    connection.fix?.stop();
    this.connections.delete(connection);
    const { client } = connection;
    if (client === null) return;
    connection.client = null;
    client.link.detach();
    client.pause();
    this.marketData.drop(client);
    client.idleSinceMs = Date.now();
  }

  /** A client that comes back soon costs no reading of files. */
  private dismiss(client: ClientSession, nowMs: number): void {
    if (!client.isDormant || nowMs - client.idleSinceMs < DORMANT_MS) return;
    try {
      this.sessions.dismiss(client);
    } catch (error) {
      this.complain(error as Error);
    }
    if (this.sessions.size > 0 || !this.isListening) return;
    this.isListening = false;
    for (const port of this.options.ports) port.onEvents(null);
  }

  /** Without sessions nobody here needs events, and the shards need not hand them over. */
  private listenToEvents(): void {
    if (this.isListening) return;
    this.isListening = true;
    this.options.ports.forEach((port, shard) => {
      port.onEvents((words, floats, at) => this.consume(shard, port.portId, words, floats, at));
    });
  }

  private consume(
    shard: number,
    portId: number,
    words: Int32Array,
    floats: Float64Array,
    at: number,
  ): void {
    const head = words[at + W_HEAD] as number;
    const type = typeOf(head);
    if (type === EVT_FRAME) {
      this.timesMs[shard] = floats[at / 2 + FRAME_F_TIME] as number;
      return;
    }
    const timeMs = this.timesMs[shard] as number;
    if (ANSWERS.includes(type)) {
      const session = words[at + EW_SESSION] as number;
      if (session >>> 24 !== portId) return;
      this.sessions.numbered(session & CONNECTION_MASK)?.answer(words, floats, at, timeMs);
      return;
    }
    if ((floats[at / 2 + EF_ACCOUNT_SEQUENCE] as number) > 0) {
      const epoch = this.options.epoch();
      for (const session of this.sessions.of(words[at + W_ACCOUNT] as number)) {
        session.follow(words, floats, at, epoch, timeMs);
      }
    }
    if (type !== EVT_FILL || !this.marketData.wantsTrades) return;
    const market = marketOf(head);
    const isTaker = ((words[at + EW_FLAGS] as number) & FLAG_MAKER) === 0;
    if (!isTaker || this.options.markets.get(market)?.host !== shard) return;
    const price = words[at + EW_PRICE] as number;
    this.marketData.sawTrade(market, price, floats[at / 2 + EF_LOTS] as number, timeMs);
  }

  private tick(): void {
    if (this.sessions.size === 0) return;
    if (this.publicPace.isDue(performance.now())) this.marketData.tick();
    for (const session of this.sessions.all()) session.lookForMissed();
    this.endTurn();
  }

  private clock(): void {
    const nowMs = Date.now();
    const wasAway = this.pauses.wasAway(nowMs);
    for (const connection of this.connections) {
      this.endIfVoid(connection, nowMs);
      if (wasAway) continue;
      if (connection.fix !== null) connection.fix.tick(nowMs);
      else if (nowMs - connection.openedAtMs > this.limits.loginTimeoutMs) connection.cut();
    }
    for (const session of this.sessions.all()) {
      if (!session.link.isAttached) this.dismiss(session, nowMs);
    }
    this.endTurn();
  }

  /** A key that was revoked or has expired opens nothing, and keeps nothing open. */
  private endIfVoid({ client, fix }: FixConnection, nowMs: number): void {
    if (client === null || fix === null) return;
    const record = this.options.keys.find(client.apiKey);
    const timeMs = this.options.exchangeTimeMs?.() ?? nowMs;
    const isOver = record !== null && record.expiresAtMs !== 0 && timeMs >= record.expiresAtMs;
    if (record === null || isOver) fix.end('the API key was revoked or has expired', nowMs);
  }

  private touch(session: ClientSession): void {
    this.touched.add(session);
    if (this.flushArmed) return;
    this.flushArmed = true;
    // Events come in bursts: what they make leaves together when the burst ends.
    queueMicrotask(() => {
      this.flushArmed = false;
      this.flushTouched();
    });
  }

  /** What is asked of the exchange is written before it goes there, and what comes back before it goes out. */
  private endTurn(): void {
    this.flushTouched();
    for (const shard of this.unflushed) this.options.ports[shard]?.flush();
    this.unflushed.clear();
    this.flushTouched();
  }

  private flushTouched(): void {
    for (const session of this.touched) this.flush(session);
    this.touched.clear();
  }

  /** A session that cannot be written is no session: it ends here, and begins again as it was written last. */
  private flush(session: ClientSession): void {
    try {
      session.link.flush();
    } catch (error) {
      this.complain(error as Error);
      this.sessions.abandon(session);
      for (const connection of this.connections) {
        if (connection.client === session) connection.cut();
      }
    }
  }

  private complain(error: Error): void {
    this.options.onError?.(error);
  }
}
