import { EventEmitter } from 'node:events';
import WebSocket from 'ws';
import type { RequestName } from '../gateway/protocol/requests.js';
import { AccountState } from './account-state.js';
import {
  type BatchItem,
  type Codec,
  JsonCodec,
  MsgpackCodec,
  type ServerMessage,
} from './codec.js';
import { Liquidations } from './liquidations.js';
import { LocalBook } from './local-book.js';
import { LocalOrders } from './local-orders.js';
import { type Login, loginText } from './login.js';
import * as requests from './requests.js';
import { type Mirror, Subscriptions } from './subscriptions.js';

export interface ClientOptions {
  /** Such as ws://127.0.0.1:8080/v1 */
  url: string;
  codec?: 'json' | 'msgpack';
  login?: Login;
  /** A sub-account of the account whose key it is, to act for. */
  accountId?: number;
  /** Refuses to sign a login for another venue than this one. */
  venue?: string;
  /** Asks the exchange to cancel all orders of the account when this connection ends, and again after each reconnect. */
  cancelOnDisconnect?: boolean;
  /** Comes back after a lost connection and resumes all feeds; default true. */
  reconnect?: boolean;
  reconnectDelayMinMs?: number;
  reconnectDelayMaxMs?: number;
}

interface Pending {
  resolve: (message: ServerMessage) => void;
  reject: (error: Error) => void;
}

const DELAY_MIN_MS = 50;
const DELAY_MAX_MS = 5_000;
/** Before the answer, or before the request: the connection may have begun to close behind the answer to the one before. */
const LOST = ['connection_lost', 'not_connected'];
/** Refused for the moment: many come back at once after an exchange has started again. */
const CROWDED = ['busy', 'rate_limited', 'challenge_has_expired'];
const TRY_AGAIN = new Set([...LOST, ...CROWDED]);

/**
 * A connection to the exchange that mends itself. Events: every message of the server by its type (`order`, `fill`,
 * `balance`, `privateSnapshot`, `bookSnapshot`, `bookDelta`, `trades` …), `connected`, `disconnected` (code, reason),
 * `resumed` (channel, whether nothing was missed), and `error` only when a login is refused.
 */
export class PlimsollClient extends EventEmitter {
  /** Open orders, positions and collateral; kept up to date once `private` is subscribed. */
  readonly account = new AccountState();
  accountId = 0;
  instruments: readonly requests.Instrument[] = [];
  private readonly options: ClientOptions;
  private readonly codec: Codec;
  private readonly pending = new Map<number, Pending>();
  private readonly books = new Map<string, LocalBook>();
  private readonly queues = new Map<string, LocalOrders>();
  private readonly auctions = new Map<string, Liquidations>();
  private readonly subscriptions: Subscriptions;
  private readonly symbols = new Map<number, string>();
  private socket: WebSocket | null = null;
  private ready = false;
  private stopped = false;
  private lastId = 0;
  private failures = 0;

  private constructor(options: ClientOptions) {
    super();
    this.options = options;
    this.codec =
      options.codec === 'msgpack'
        ? new MsgpackCodec((id) => this.symbols.get(id) ?? String(id))
        : new JsonCodec();
    this.subscriptions = new Subscriptions(
      (op, fields) => this.request(op, fields),
      this.account,
      (channel) => this.mirrorOf(channel),
      (channel, complete) => this.emit('resumed', channel, complete),
    );
  }

  /** Connects and, with a login, logs in. Fails when the first attempt does. */
  static async connect(options: ClientOptions): Promise<PlimsollClient> {
    const client = new PlimsollClient(options);
    await client.open();
    return client;
  }

  get connected(): boolean {
    return this.ready;
  }

  place(order: requests.NewOrder): Promise<requests.Ack> {
    return this.ack('place', order);
  }

  cancel(name: requests.OrderName): Promise<requests.Ack> {
    return this.ack('cancel', name);
  }

  amend(amendment: requests.Amendment): Promise<requests.Ack> {
    return this.ack('amend', amendment);
  }

  replace(replacement: requests.Replacement): Promise<requests.Ack> {
    return this.ack('replace', replacement);
  }

  /** What has become of an order, whatever happened to the connection that it was sent on; never unknown. */
  async orderStatus(name: Omit<requests.OrderName, 'deadline'>): Promise<requests.OrderStatus> {
    const { data } = await this.request('orderStatus', name);
    return data as requests.OrderStatus;
  }

  cancelAll(scope: requests.MassCancel = {}): Promise<requests.Ack> {
    return this.ack('cancelAll', scope);
  }

  placeScaled(order: requests.NewScaledOrder): Promise<requests.Ack> {
    return this.ack('placeScaled', order);
  }

  placeTwap(order: requests.NewTwap): Promise<requests.Ack> {
    return this.ack('placeTwap', order);
  }

  /** A key of the account with an own secret, or for the given public key. The secret is told this once. */
  async createKey(wish: requests.NewKey): Promise<{ apiKey: string; apiSecret: string | null }> {
    const { data } = await this.request('createKey', wish);
    return data as { apiKey: string; apiSecret: string | null };
  }

  async keys(): Promise<requests.KeyDescription[]> {
    const { data } = await this.request('keys', {});
    return (data as { keys: requests.KeyDescription[] }).keys;
  }

  /** Ends it, and every connection that came in with it. */
  async revokeKey(apiKey: string): Promise<void> {
    await this.request('revokeKey', { apiKey });
  }

  /** Dead man's switch: all orders are canceled unless this is called again within `timeout` ms; 0 switches it off. */
  cancelAllAfter(timeout: number): Promise<requests.Ack> {
    return this.ack('cancelAllAfter', { timeout });
  }

  setLeverage(choice: requests.LeverageChoice): Promise<requests.Ack> {
    return this.ack('setLeverage', choice);
  }

  /** The answer has the quantity and the price that were got. */
  takeOver(wish: requests.TakeOver): Promise<requests.Ack> {
    return this.ack('takeOver', wish);
  }

  /** Cross or isolated margin in a market, where the account has neither position nor orders. */
  setMarginMode(choice: requests.MarginModeChoice): Promise<requests.Ack> {
    return this.ack('setMarginMode', choice);
  }

  /** Collateral from the account to its isolated position in a market; an amount below zero: back. */
  moveMargin(move: requests.MarginMove): Promise<requests.Ack> {
    return this.ack('moveMargin', move);
  }

  /** A sub-account of the account whose key this is; of a `number` that exists, that one, as `duplicate`. */
  async createSubAccount(number?: number): Promise<{ accountId: number; number: number }> {
    const made = await this.ack('createSubAccount', number === undefined ? {} : { number });
    return { accountId: made.accountId as number, number: made.count as number };
  }

  /** The account whose key this is, and its sub-accounts. */
  async subAccounts(): Promise<requests.SubAccount[]> {
    const { data } = await this.request('subAccounts', {});
    return (data as { accounts: requests.SubAccount[] }).accounts;
  }

  /** Moves collateral between accounts of one owner. Needs the permission `withdraw`. */
  transfer(transfer: requests.Transfer): Promise<requests.Ack> {
    return this.ack('transfer', transfer);
  }

  /** Positions as they are now, with liquidation prices. */
  async positions(): Promise<requests.Positions> {
    const { data } = await this.request('positions', {});
    return data as requests.Positions;
  }

  /**
   * Sends up to 50 requests as one. Either all are sent, and each has its own outcome, or the batch itself fails and
   * none was.
   */
  async batch(
    list: readonly requests.BatchRequest[],
  ): Promise<PromiseSettledResult<requests.Ack>[]> {
    const items: BatchItem[] = list.map(({ op, ...fields }) => ({ op, id: this.nextId(), fields }));
    const answers = items.map((item) => this.expect(item.id));
    // Until the batch is through, nobody else looks at them.
    for (const answer of answers) answer.catch(() => {});
    const id = this.nextId();
    const sent = this.expect(id);
    this.write(this.codec.encodeBatch(id, items), id);
    try {
      await sent;
    } catch (error) {
      for (const item of items) this.settle(item.id, (entry) => entry.reject(error as Error));
      throw error;
    }
    return Promise.allSettled(answers as unknown as Promise<requests.Ack>[]);
  }

  /** The book of a market, empty until `book.SYMBOL` is subscribed; of `book.BTC-PERP.10.100ms` the name is what stands behind the first point. */
  book(market: string): LocalBook {
    let book = this.books.get(market);
    if (book === undefined) {
      book = new LocalBook();
      this.books.set(market, book);
    }
    return book;
  }

  /** The resting orders of a market, empty until `orders.SYMBOL` is subscribed. */
  orders(market: string): LocalOrders {
    let orders = this.queues.get(market);
    if (orders === undefined) {
      orders = new LocalOrders();
      this.queues.set(market, orders);
    }
    return orders;
  }

  /** Open auctions and insurance fund of a market, once `liquidations.SYMBOL` is subscribed. */
  liquidations(market: string): Liquidations {
    let liquidations = this.auctions.get(market);
    if (liquidations === undefined) {
      liquidations = new Liquidations();
      this.auctions.set(market, liquidations);
    }
    return liquidations;
  }

  /** Begins a channel; after a reconnect it resumes by itself. */
  async subscribe(channel: string): Promise<void> {
    await this.subscriptions.begin(channel);
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.subscriptions.end(channel);
  }

  async ping(): Promise<void> {
    await this.request('ping', {});
  }

  /** The exchange's time. */
  async time(): Promise<number> {
    const answer = await this.request('time', {});
    return (answer.data as { time: number }).time;
  }

  /** Any request by its name, for what has no method here. */
  request(op: RequestName, fields: object): Promise<ServerMessage> {
    const id = this.nextId();
    const answer = this.expect(id);
    this.write(this.codec.encode(op, id, fields as Record<string, unknown>), id);
    return answer;
  }

  /** Drops the connection as a network would; the client comes back. For tests and drills. */
  drop(): void {
    this.socket?.terminate();
  }

  async close(): Promise<void> {
    this.stopped = true;
    const { socket } = this;
    if (socket === null || socket.readyState === WebSocket.CLOSED) return;
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.close();
    });
  }

  private async ack(op: RequestName, fields: object): Promise<requests.Ack> {
    return (await this.request(op, fields)) as unknown as requests.Ack;
  }

  private mirrorOf(channel: string): Mirror | null {
    const [kind, name] = [channel.slice(0, channel.indexOf('.')), channel.replace(/^[^.]*\./, '')];
    if (kind === 'book') return this.book(name);
    return kind === 'orders' ? this.orders(name) : null;
  }

  private nextId(): number {
    // Ids may come round again: after two billion requests nothing of then is in flight.
    this.lastId = this.lastId >= 0x7fffffff ? 1 : this.lastId + 1;
    return this.lastId;
  }

  private expect(id: number): Promise<ServerMessage> {
    return new Promise((resolve, reject) => this.pending.set(id, { resolve, reject }));
  }

  private settle(id: number, how: (entry: Pending) => void): void {
    const entry = this.pending.get(id);
    if (entry === undefined) return;
    this.pending.delete(id);
    how(entry);
  }

  private write(message: string | Uint8Array, id: number): void {
    if (this.socket === null || this.socket.readyState !== WebSocket.OPEN) {
      const error = new requests.RequestError('not_connected', 'not connected; nothing was sent');
      this.settle(id, (entry) => entry.reject(error));
      return;
    }
    this.socket.send(message);
  }

  private open(): Promise<void> {
    const socket = new WebSocket(this.options.url, this.codec.subprotocol);
    socket.binaryType = 'nodebuffer';
    this.socket = socket;
    return new Promise((resolve, reject) => {
      socket.on('message', (data: Buffer) => {
        const message = this.codec.decode(data);
        if (message.type !== 'hello') this.receive(message);
        else {
          this.begin(message).then(resolve, (error: Error) => {
            reject(error);
            socket.close();
          });
        }
      });
      // A lost connection also closes, and is handled there.
      socket.on('error', (error) => reject(error));
      socket.on('close', (code, reason) => {
        reject(new Error(`connection closed: ${code} ${reason}`));
        this.closed(code, reason.toString());
      });
    });
  }

  /** After the server's greeting: who is who, then the feeds. */
  private async begin(hello: ServerMessage): Promise<void> {
    const answer = await this.request('instruments', {});
    this.instruments = answer.data as requests.Instrument[];
    for (const { market, marketId } of this.instruments) this.symbols.set(marketId, market);
    if (this.options.login !== undefined) await this.logIn(this.options.login, hello);
    this.ready = true;
    this.emit('connected');
    await this.subscriptions.resumeAll();
    // Not before: whoever is refused in the middle must not come back faster each time.
    this.failures = 0;
  }

  private async logIn(login: Login, hello: ServerMessage): Promise<void> {
    const venue = hello.venue as string;
    if (this.options.venue !== undefined && this.options.venue !== venue) {
      throw new Error(`the server is ${venue}, but the login is for ${this.options.venue}`);
    }
    const challenge = hello.challenge as string;
    const time = hello.time as number;
    const signature = login.sign(loginText(venue, challenge, time));
    const { accountId } = this.options;
    const fields = { ...login.identity, challenge, time, signature, accountId };
    const answer = await this.request('login', fields);
    this.accountId = (answer.data as { accountId: number }).accountId;
    if (this.options.cancelOnDisconnect === true) {
      await this.request('setCancelOnDisconnect', { enabled: true });
    }
  }

  private receive(message: ServerMessage): void {
    const { type } = message;
    if (type === 'ack' || type === 'done' || type === 'error') {
      this.answered(message);
      return;
    }
    this.subscriptions.receive(message);
    if (type === 'liquidations' || type === 'liquidationsSnapshot') {
      this.liquidations(message.market as string).apply(message);
    }
    this.emit(type, message);
    this.emit('message', message);
  }

  private answered(message: ServerMessage): void {
    this.settle(message.id as number, (entry) => {
      if (message.type === 'error') {
        const { code, message: sentence } = message as unknown as { code: string; message: string };
        entry.reject(new requests.RequestError(code, sentence, message));
      } else entry.resolve(message);
    });
  }

  private closed(code: number, reason: string): void {
    const wasReady = this.ready;
    this.ready = false;
    this.socket = null;
    this.subscriptions.connectionLost();
    const error = new requests.RequestError(
      'connection_lost',
      'the connection was lost before the answer; the private feed tells the outcome',
    );
    for (const id of [...this.pending.keys()]) this.settle(id, (entry) => entry.reject(error));
    if (wasReady) this.emit('disconnected', code, reason);
    const mayReturn = wasReady || this.failures > 0;
    if (this.stopped || this.options.reconnect === false || !mayReturn) return;
    this.failures++;
    const { reconnectDelayMinMs = DELAY_MIN_MS, reconnectDelayMaxMs = DELAY_MAX_MS } = this.options;
    const delay = Math.min(reconnectDelayMaxMs, reconnectDelayMinMs * 2 ** (this.failures - 1));
    // Half of it by chance: clients that lost one server must not come back as one.
    setTimeout(() => this.comeBack(), delay * (0.5 + Math.random() / 2));
  }

  private comeBack(): void {
    if (this.stopped) return;
    this.open().catch((error: Error) => {
      // All others try again from `closed`; a refused login would be refused again.
      if (error instanceof requests.RequestError && !TRY_AGAIN.has(error.code)) {
        this.stopped = true;
        if (this.listenerCount('error') > 0) this.emit('error', error);
      }
    });
  }
}
