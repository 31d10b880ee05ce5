import type { ReadRequest } from './codec/request-reader.js';
import { type Problem, problem, shown } from './commands/problem.js';
import type { FamilyRequests } from './family-requests.js';
import type { Frame } from './feeds/frame.js';
import { PRIVATE_CHANNEL, type PrivateFeed } from './feeds/private-feed.js';
import type { PublicFeeds } from './feeds/public-feeds.js';
import { RISK_CHANNEL } from './feeds/risk-content.js';
import { MAY_READ, MAY_TRADE, permissionNames } from './identity/permissions.js';
import type { GatewayLimits } from './limits.js';
import { instrumentOf, type Markets } from './markets.js';
import { isRefused, type OrderStatusDesk } from './order-status/order-status.js';
import { CLOSE } from './protocol/close-codes.js';
import { MARKET_STATES } from './protocol/names.js';
import type { Accounts } from './session/accounts.js';
import type { Connection, Subscription } from './session/connection.js';
import { type KeyRequests, permissionProblem } from './session/key-requests.js';
import type { Grant } from './session/login.js';
import { replyDone, replyError, replyFrame } from './session/replies.js';
import { affords, type Bucket, tokensBeyond } from './session/token-bucket.js';

/** What requests that stay within the gateway need. */
export interface SessionContext {
  readonly limits: GatewayLimits;
  readonly markets: Markets;
  readonly publicFeeds: PublicFeeds;
  readonly privateFeed: PrivateFeed;
  readonly accounts: Accounts;
  readonly keyRequests: KeyRequests;
  readonly families: FamilyRequests;
  readonly orderStatus: OrderStatusDesk;
  /** The allowance of an account, for one connection more. */
  readonly bucketOf: (account: number) => Bucket;
  /** The epoch that has begun; all shards begin the same one. */
  readonly epoch: () => number;
  /** Real time: challenges and logins. */
  readonly nowMs: () => number;
  /** The exchange's time, which a sandbox may hold. */
  readonly exchangeTimeMs: () => number;
  /** Takes in what the shards have sent already. */
  readonly catchUp: () => void;
  /** Orders of the account are to be canceled also if this thread dies (1), or not any more (−1). */
  readonly guard: (account: number, change: 1 | -1) => void;
}

/** Requests that never reach the shard: login, subscriptions, time, instruments, positions. */
export class SessionRequests {
  private readonly context: SessionContext;

  constructor(context: SessionContext) {
    this.context = context;
  }

  get families(): FamilyRequests {
    return this.context.families;
  }

  /** Answers the request, or says what is wrong with it. */
  handle(connection: Connection, request: ReadRequest): Problem | null {
    const { id } = request;
    this.context.catchUp();
    switch (request.shape.name) {
      case 'login':
        return this.login(connection, request);
      case 'challenge':
        replyDone(connection, id, 'challenge', this.newChallenge(connection));
        return null;
      case 'subscribe':
        return this.subscribe(connection, request);
      case 'unsubscribe':
        return this.unsubscribe(connection, request);
      case 'instruments':
        replyDone(connection, id, 'instruments', this.instruments());
        return null;
      case 'createKey':
      case 'keys':
      case 'revokeKey':
        return this.context.keyRequests.handle(connection, request);
      case 'setCancelOnDisconnect':
        return this.cancelOnDisconnect(connection, request);
      case 'subAccounts':
        return this.subAccounts(connection, id);
      case 'positions':
        return this.positions(connection, id);
      case 'orderStatus':
        return this.orderStatus(connection, request);
      case 'time':
        replyDone(connection, id, 'time', { time: this.context.exchangeTimeMs() });
        return null;
      default:
        replyDone(connection, id, 'ping', {});
        return null;
    }
  }

  private positions(connection: Connection, id: number): Problem | null {
    const missing = permissionProblem(connection, MAY_READ, 'positions');
    if (missing !== null) return missing;
    const { account } = connection;
    replyDone(connection, id, 'positions', this.context.privateFeed.positionsOf(account));
    return null;
  }

  private subAccounts(connection: Connection, id: number): Problem | null {
    const found = this.context.families.list(connection);
    if ('code' in found) return found;
    replyDone(connection, id, 'subAccounts', found);
    return null;
  }

  private orderStatus(connection: Connection, { id, fields }: ReadRequest): Problem | null {
    const missing = permissionProblem(connection, MAY_READ, 'orderStatus');
    if (missing !== null) return missing;
    const wanted = this.context.orderStatus.read(connection.account, fields);
    if ('code' in wanted) return wanted;
    void this.context.orderStatus.ask(wanted).then((found) => {
      if (isRefused(found)) replyError(connection, id, found);
      else replyDone(connection, id, 'orderStatus', found);
    });
    return null;
  }

  private cancelOnDisconnect(connection: Connection, request: ReadRequest): Problem | null {
    const { enabled } = request.fields;
    const missing = permissionProblem(connection, MAY_TRADE, 'setCancelOnDisconnect');
    if (missing !== null) return missing;
    if (typeof enabled !== 'boolean') return wrongType('enabled', 'true or false', enabled);
    if (connection.cancelsOnDisconnect !== enabled) {
      this.context.guard(connection.account, enabled ? 1 : -1);
    }
    connection.cancelsOnDisconnect = enabled;
    replyDone(connection, request.id, 'setCancelOnDisconnect', { enabled });
    return null;
  }

  private newChallenge(connection: Connection) {
    const now = this.context.nowMs();
    const { challenge, expiresAt } = connection.challenge.issue(now);
    return { challenge, challengeExpiresAt: expiresAt, time: now };
  }

  private login(connection: Connection, request: ReadRequest): Problem | null {
    const { publicKey, apiKey, challenge, time, signature } = request.fields;
    if (connection.account !== 0) {
      return problem('already_logged_in', 'login must come once on a connection');
    }
    for (const [name, value] of Object.entries({ challenge, signature })) {
      if (typeof value !== 'string') return wrongType(name, 'a string', value);
    }
    for (const [name, value] of Object.entries({ publicKey, apiKey })) {
      if (
        value !== undefined &&
        value !== null &&
        (typeof value !== 'string' || value.length > 64)
      ) {
        return wrongType(name, 'a string of at most 64 characters', value);
      }
    }
    if (typeof time !== 'number') return wrongType('time', 'a number of milliseconds', time);
    const result = connection.challenge.answer(
      {
        publicKey: (publicKey ?? undefined) as string | undefined,
        apiKey: (apiKey ?? undefined) as string | undefined,
        challenge: challenge as string,
        time,
        signature: signature as string,
      },
      this.context.nowMs(),
      connection.origin.address,
    );
    const acting =
      'code' in result
        ? result
        : this.context.families.actingFor(request.fields.accountId, result.accountId);
    if (!('code' in result) && typeof acting === 'number') {
      this.enter(connection, result, acting);
      const may = permissionNames(result.permissions);
      replyDone(connection, request.id, 'login', { accountId: acting, permissions: may });
      return null;
    }
    const failuresMax = this.context.limits.loginFailuresMax;
    if (++connection.loginFailures >= failuresMax) {
      // The close code would overtake nothing: the error goes out first.
      setImmediate(() => connection.end(CLOSE.login_failed, `${failuresMax} logins failed`));
    }
    return acting as Problem;
  }

  /** `account`: the one that it acts for. */
  private enter(connection: Connection, grant: Grant, account: number): void {
    connection.account = account;
    connection.keyAccount = grant.accountId;
    connection.home = this.context.accounts.homeOf(account);
    connection.accountBucket = this.context.bucketOf(account);
    connection.apiKey = grant.apiKey;
    connection.permissions = grant.permissions;
    connection.keyExpiresAtMs = grant.expiresAtMs;
  }

  private subscribe(connection: Connection, request: ReadRequest): Problem | null {
    const { channel, epoch, sequence } = request.fields;
    if (typeof channel !== 'string') return wrongType('channel', 'a string', channel);
    const seen = lastSeen(epoch, sequence);
    if ('code' in seen) return seen;
    const count = connection.subscriptions.size + (connection.isPrivate ? 1 : 0);
    if (count >= this.context.limits.subscriptionsMax) {
      return problem(
        'subscriptions_must_not_exceed_limit',
        `subscriptions must be at most ${this.context.limits.subscriptionsMax}`,
      );
    }
    const present = this.context.epoch();
    if (channel === PRIVATE_CHANNEL) {
      const missing = permissionProblem(connection, MAY_READ, 'channel private');
      if (missing !== null) return missing;
      if (connection.isPrivate) return alreadySubscribed(channel);
      const tokens = this.context.privateFeed.tokensFor(connection.account, seen.value);
      if (!this.affords(connection, tokens)) return tooLong(channel);
      this.context.privateFeed.subscribe(connection, request.id, seen.value, present);
      return null;
    }
    if (channel === RISK_CHANNEL && !this.context.accounts.isLiquidator(connection.account)) {
      const sentence = `channel ${channel} needs a login as a registered liquidator`;
      return problem('account_is_not_a_liquidator', sentence);
    }
    const found = this.context.publicFeeds.find(channel, connection.number, seen.value);
    if (found === undefined) {
      return problem(
        'channel_is_unknown',
        `channel must be private, marketState, positionsAtRisk, or book, orders, bbo, trades, mark or liquidations with a point and a symbol, behind which book may have .10.100ms (5, 10, 20, 50 or all levels; 100, 250, 500 or 1000 ms), or candles with symbol and interval (candles.BTC-PERP.1m), but is ${shown(channel)}`,
      );
    }
    if (connection.subscriptions.has(channel)) return alreadySubscribed(channel);
    const { publicFeeds } = this.context;
    const { frames, resumed } = publicFeeds.missing(found, connection.binary, present, seen.value);
    if (!this.affords(connection, tokensOfFrames(frames, connection.binary)))
      return tooLong(channel);
    const subscription: Subscription = { connection, channel: found, lagging: false };
    connection.subscriptions.set(channel, subscription);
    found.subscribers.add(subscription);
    replyDone(connection, request.id, 'subscribe', { channel, resumed });
    for (const frame of frames) replyFrame(connection, frame);
    return null;
  }

  private affords(connection: Connection, tokens: number): boolean {
    return affords(tokens, this.context.limits, (count) => {
      return connection.takeTokens(count, performance.now());
    });
  }

  private unsubscribe(connection: Connection, request: ReadRequest): Problem | null {
    const { channel } = request.fields;
    if (typeof channel !== 'string') return wrongType('channel', 'a string', channel);
    const subscription = connection.subscriptions.get(channel);
    if (channel === PRIVATE_CHANNEL && connection.isPrivate) {
      this.context.privateFeed.unsubscribe(connection);
    } else if (subscription !== undefined) {
      connection.subscriptions.delete(channel);
      this.context.publicFeeds.unsubscribe(subscription);
    } else {
      return problem('not_subscribed', `channel ${shown(channel)} is not subscribed`);
    }
    replyDone(connection, request.id, 'unsubscribe', { channel });
    return null;
  }

  private instruments() {
    return this.context.markets.all().map((market) => ({
      ...instrumentOf(market),
      state: MARKET_STATES[market.state],
    }));
  }
}

function lastSeen(epoch: unknown, sequence: unknown) {
  const absent = (value: unknown) => value === undefined || value === null;
  if (absent(epoch) && absent(sequence)) return { value: null };
  for (const [name, value] of Object.entries({ epoch, sequence })) {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      const message = `${name} must be an integer from 0 to 2^53 - 1, but is ${shown(value)}; a resume names both`;
      return problem('integer_must_be_within_limits', message);
    }
  }
  return { value: { epoch: epoch as number, sequence: sequence as number } };
}

function wrongType(name: string, wanted: string, value: unknown): Problem {
  if (value === undefined || value === null) {
    return problem('field_is_missing', `${name} must be present`);
  }
  return problem('field_has_wrong_type', `${name} must be ${wanted}, but is ${shown(value)}`);
}

function alreadySubscribed(channel: string): Problem {
  return problem('already_subscribed', `channel ${channel} is already subscribed`);
}

/** Beyond the request's own. */
function tokensOfFrames(frames: readonly Frame[], binary: boolean): number {
  return frames.reduce((sum, frame) => sum + tokensBeyond(frame.lengthIn(binary)), 0);
}

function tooLong(channel: string): Problem {
  const sentence = `what channel ${channel} begins with counts as many requests as are not left at the moment; nothing was sent`;
  return problem('rate_limited', sentence);
}
