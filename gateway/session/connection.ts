import type { WebSocket } from 'uWebSockets.js';
import type { Channel } from '../feeds/channel.js';
import { MAY_TRADE } from '../identity/permissions.js';
import { CLOSE } from '../protocol/close-codes.js';
import type { Backlogs } from './backlogs.js';
import type { ClientOrigin } from './client-address.js';
import { ClientSocket, SENT } from './client-socket.js';
import type { LoginChallenge } from './login.js';
import { MassCancels } from './mass-cancels.js';
import type { Bucket } from './token-bucket.js';

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
}

export type Socket = WebSocket<ConnectionData> & {
  /** Its connection, from the opening on. A property is read in a nanosecond; data of a socket is a call into the addon. */
  owner?: Connection;
};

/** One client's connection. */
export class Connection extends ClientSocket<ConnectionData> {
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
  /** Changes whenever the private feed begins or is given up: what still waits for an earlier one is over. */
  privateTurn = 0;
  /** Goes on with a resume that had to wait for the socket. */
  onDrain: (() => void) | null = null;
  /** Its account's orders are canceled when it ends, however it ends. */
  cancelsOnDisconnect = false;
  loginFailures = 0;
  strikes = 0;
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
    super(socket, backlogs);
    this.binary = socket.getUserData().binary;
    this.origin = socket.getUserData().origin;
    this.number = number;
    this.challenge = challenge;
    this.addressBucket = addressBucket;
    this.openedAtMs = nowMs;
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

  /** Sends a message. A client that asks and asks but does not read is cut when too much waits for it. */
  send(message: string | Uint8Array): void {
    if (this.socket.send(message, this.binary) === SENT) return;
    this.clogged = true;
    if (this.waitingBytes > this.backlogs.bytesMax) this.endAsSlow();
  }

  endAsSlow(): void {
    const limit = this.backlogs.bytesMax;
    const reason = `more than ${limit} bytes wait to be read; reconnect and resume`;
    this.endUnread(CLOSE.slow_consumer, reason);
  }

  override drained(): void {
    super.drained();
    this.onDrain?.();
  }
}
