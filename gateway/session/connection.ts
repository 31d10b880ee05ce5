import type { WebSocket } from 'uWebSockets.js';
import type { Channel } from '../feeds/channel.js';
import { MAY_TRADE } from '../identity/permissions.js';
import { CLOSE } from '../protocol/close-codes.js';
import type { Backlog, Backlogs } from './backlogs.js';
import type { ClientOrigin } from './client-address.js';
import type { LoginChallenge } from './login.js';
import { MassCancels } from './mass-cancels.js';
import type { Bucket } from './token-bucket.js';

/** What a socket says when nothing is left waiting. */
export const SENT = 1;

/** A public channel that a connection reads. */
export interface Subscription {
  readonly connection: Connection;
  readonly channel: Channel<Subscription>;
  /** Frames are left out until the socket has drained; then a snapshot follows. */
  lagging: boolean;
}

/** What a WebSocket knows from its upgrade on. */
export interface ConnectionData {
  readonly binary: boolean;
  readonly origin: ClientOrigin;
  connection: Connection | null;
}

export type Socket = WebSocket<ConnectionData>;

/** One client's connection. */
export class Connection implements Backlog {
  readonly socket: Socket;
  /** Codec: msgpack (true) or JSON. */
  readonly binary: boolean;
  readonly origin: ClientOrigin;
  /** Bits of W_SESSION that name this connection. */
  readonly number: number;
  readonly challenge: LoginChallenge;
  private readonly addressBucket: Bucket;
  /** Null until the login. */
  accountBucket: Bucket | null = null;
  readonly massCancels = new MassCancels();
  readonly openedAtMs: number;
  private readonly backlogs: Backlogs;
  /** 0 until the login. */
  account = 0;
  /** Whose key the login was with: the account itself, or the one that it is a sub-account of. */
  keyAccount = 0;
  /** Key that the login was with, empty for the account's own key pair; what it may do; when it ends, 0: never. */
  apiKey = '';
  permissions = 0;
  keyExpiresAtMs = 0;
  /** Shard that is home to the account. */
  home = 0;
  readonly subscriptions = new Map<string, Subscription>();
  /** Follows the private feed, or is on the way to it. */
  isPrivate = false;
  /** Goes on with a resume that had to wait for the socket. */
  onDrain: (() => void) | null = null;
  /** Its account's orders are canceled when it ends, however it ends. */
  cancelsOnDisconnect = false;
  loginFailures = 0;
  strikes = 0;
  closed = false;
  /** Was told to go: the socket is there until the client has read that. */
  lingers = false;
  private held = false;
  /** First and last entry in the outbox, −1 for none. */
  outHead = -1;
  outTail = -1;

  constructor(
    socket: Socket,
    number: number,
    challenge: LoginChallenge,
    addressBucket: Bucket,
    nowMs: number,
    backlogs: Backlogs,
  ) {
    this.socket = socket;
    this.binary = socket.getUserData().binary;
    this.origin = socket.getUserData().origin;
    this.number = number;
    this.challenge = challenge;
    this.addressBucket = addressBucket;
    this.openedAtMs = nowMs;
    this.backlogs = backlogs;
  }

  /** Logged in, and allowed to trade. */
  get mayTrade(): boolean {
    return (this.permissions & MAY_TRADE) !== 0;
  }

  /** Takes tokens for a request, of the account's allowance and of the address's. False: over one of them. */
  takeTokens(count: number, nowMs: number): boolean {
    const { accountBucket, addressBucket } = this;
    if (accountBucket !== null && !accountBucket.take(count, nowMs)) return false;
    return addressBucket.take(count, nowMs);
  }

  /** The same for a cancel that is over the limit: whoever wants to get out gets out, whatever others do at this address. */
  takeCancelTokens(count: number, nowMs: number): boolean {
    return (this.accountBucket ?? this.addressBucket).takeCancel(count, nowMs);
  }

  get idle(): boolean {
    return this.account === 0 && this.subscriptions.size === 0;
  }

  /** The socket held something back when it was last written to, and has not been read to the end since. */
  get clogged(): boolean {
    return this.held;
  }

  set clogged(isHeld: boolean) {
    if (this.held === isHeld) return;
    this.held = isHeld;
    if (isHeld) this.backlogs.add(this);
    else this.backlogs.delete(this);
  }

  get waitingBytes(): number {
    return this.socket.getBufferedAmount();
  }

  /** Sends a message. A client that asks and asks but does not read is cut when too much waits for it. */
  send(message: string | Uint8Array): void {
    if (this.socket.send(message, this.binary) === SENT) return;
    this.clogged = true;
    if (this.waitingBytes > this.backlogs.bytesMax) this.endAsSlow();
  }

  endAsSlow(): void {
    if (!this.backlogs.mayLinger(this.waitingBytes, performance.now())) {
      this.cut();
      return;
    }
    const limit = this.backlogs.bytesMax;
    this.end(CLOSE.slow_consumer, `more than ${limit} bytes wait to be read; reconnect and resume`);
  }

  /** The client has read some of what waited. */
  drained(): void {
    if (this.waitingBytes === 0) this.clogged = false;
    this.onDrain?.();
  }

  /** The socket has ended. */
  gone(): void {
    this.closed = true;
    this.clogged = false;
  }

  /** Ends the connection without a word, which would wait like all else. */
  cut(): void {
    if (!this.closed) this.socket.close();
  }

  /** Ends the connection with a code and a reason; the client reads what was sent before. */
  end(code: number, reason: string): void {
    if (this.closed) return;
    this.lingers = true;
    this.socket.end(code, reason);
  }
}
