import { SLOT_WORDS } from '../engine/messages/layout.js';
import { FLAG_MASS_ASKS, FLAG_MASS_BIDS } from '../engine/messages/types.js';
import type { ShardPort } from '../engine/shard/shard-port.js';
import { MARKET_ID_ALL } from '../engine/units/units.js';
import { FastRequests } from './codec/fast-requests.js';
import {
  isUnreadable,
  type ReadRequest,
  readJsonRequest,
  readMsgpackRequest,
  requestOfArray,
  requestOfObject,
} from './codec/request-reader.js';
import { CommandWriter } from './commands/command-writer.js';
import { OrderDraft } from './commands/draft.js';
import { address } from './commands/family-fields.js';
import { OrderFields } from './commands/order-fields.js';
import { type Problem, problem, shown } from './commands/problem.js';
import { BUSY, type Sending, submit, submitOthers } from './commands/submit.js';
import { type FamilyRequests, TRANSFER_TOKENS } from './family-requests.js';
import { MAY_TRADE } from './identity/permissions.js';
import type { GatewayLimits } from './limits.js';
import type { Markets } from './markets.js';
import { CLOSE } from './protocol/close-codes.js';
import { MARKET_STATES } from './protocol/names.js';
import { FAMILY_REQUESTS, ORDER_REQUESTS, REQUESTS } from './protocol/requests.js';
import type { Connection } from './session/connection.js';
import { permissionProblem } from './session/key-requests.js';
import { replyAck, replyDone, replyError } from './session/replies.js';
import type { RequestTimes } from './session/request-times.js';
import { tokensOf } from './session/token-bucket.js';
import type { SessionRequests } from './session-requests.js';
import type { Turns } from './turns.js';

const NOBODY = { account: 0, home: 0, sent: () => {} };
/** Room for a command in each market, however short batches are. */
const COMMANDS_MIN = 64;
/** Over the limit they have an allowance of their own: one can always get out, and a dead man's switch must not fall because its renewal was too much. */
const GETS_OUT: ReadonlySet<string> = new Set(['cancel', 'cancelAll', 'cancelAllAfter']);
/** By market state: an order may be open, even where it may not be canceled. */
const MAY_HAVE_ORDERS: readonly boolean[] = MARKET_STATES.map(
  (name) => name !== 'initializing' && name !== 'settling' && name !== 'closed',
);

export interface RequestCounters {
  messages: number;
  commands: number;
  refused: number;
  busy: number;
  rateLimited: number;
}

/**
 * Takes messages of clients. Each request gets exactly one answer: from the shard when it became a command, else from
 * here. What is refused here has sent nothing to the shard.
 */
export class Requests {
  readonly counters: RequestCounters = {
    messages: 0,
    commands: 0,
    refused: 0,
    busy: 0,
    rateLimited: 0,
  };
  /** A clock that is read once in a while: rates need no better one. */
  coarseNowMs: number;
  /** By shard. */
  private readonly ports: readonly ShardPort[];
  private readonly limits: GatewayLimits;
  private readonly session: SessionRequests;
  private readonly families: FamilyRequests;
  private readonly turns: Pick<Turns, 'wake' | 'number'>;
  /** The turn for which the clock was read: that of the last message that woke a shard. */
  private timedTurn = -1;
  private readonly draft = new OrderDraft();
  private readonly fast: FastRequests;
  private readonly fields: OrderFields;
  private readonly writer: CommandWriter;
  private readonly markets: Markets;
  private readonly portBits: number;
  private readonly times: RequestTimes;
  private readonly sending: Sending;

  /** Accounts whose connections have ended, and whose orders have to go. */
  private readonly abandoned: { account: number; home: number; sent: () => void }[] = [];

  constructor(
    ports: readonly ShardPort[],
    markets: Markets,
    limits: GatewayLimits,
    session: SessionRequests,
    turns: Pick<Turns, 'wake' | 'number'>,
    times: RequestTimes,
    sending: Sending,
    nowMs: number,
  ) {
    this.ports = ports;
    this.limits = limits;
    this.session = session;
    this.families = session.families;
    this.turns = turns;
    this.times = times;
    this.sending = sending;
    this.coarseNowMs = nowMs;
    this.fast = new FastRequests(markets);
    this.fields = new OrderFields(markets);
    this.markets = markets;
    this.writer = new CommandWriter(Math.max(limits.batchRequestsMax, COMMANDS_MIN));
    this.portBits = (ports[0] as ShardPort).portId << 24;
  }

  receive(connection: Connection, message: ArrayBuffer, isBinary: boolean): void {
    this.counters.messages++;
    // All that is read in one turn waited in the sockets when it began, and clocks are dear.
    if (this.turns.number !== this.timedTurn) this.times.messageCame();
    const size = message.byteLength;
    if (size > this.limits.messageBytesMax || isBinary !== connection.binary) {
      this.wrongFrame(connection, size);
      return;
    }
    const tokens = tokensOf(size);
    const allowed = connection.takeTokens(tokens, this.coarseNowMs);
    const bytes = new Uint8Array(message);
    if (allowed && connection.binary && connection.mayTrade) {
      const code = this.fast.decode(bytes, this.draft);
      if (code !== 0) {
        this.writer.reset();
        if (code === REQUESTS.place.code) this.write('place', connection, this.fast.id);
        else this.write('cancel', connection, this.fast.id);
        this.send(connection, this.fast.id);
        return;
      }
    }
    this.carefully(connection, bytes, tokens, allowed);
  }

  private carefully(
    connection: Connection,
    bytes: Uint8Array,
    tokens: number,
    allowed: boolean,
  ): void {
    const request = connection.binary
      ? readMsgpackRequest(bytes)
      : readJsonRequest(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'));
    if (isUnreadable(request)) {
      // Over the limit it is refused as such: what it says does not matter.
      if (allowed) this.refuse(connection, request.id, request.problem);
      else this.rateLimited(connection, request.id);
      return;
    }
    const { name } = request.shape;
    if (!allowed) {
      if (!GETS_OUT.has(name) || !connection.takeCancelTokens(tokens, this.coarseNowMs)) {
        this.rateLimited(connection, request.id);
        return;
      }
    }
    if (ORDER_REQUESTS.has(name)) this.order(connection, request);
    else if (name === 'batch') this.batch(connection, request);
    else if (FAMILY_REQUESTS.has(name)) this.family(connection, request);
    else {
      const found = this.session.handle(connection, request);
      if (found === null) connection.strikes = 0;
      else if (found.code === 'rate_limited') this.limited(connection, request.id, found);
      else this.refuse(connection, request.id, found);
    }
  }

  private order(connection: Connection, request: ReadRequest): void {
    const found = this.read(connection, request);
    if (found !== null) {
      this.refuse(connection, request.id, found);
      return;
    }
    this.writer.reset();
    if (this.draft.marketId === MARKET_ID_ALL) {
      this.cancelEverywhere(connection, request.id);
      return;
    }
    this.write(request.shape.name, connection, request.id);
    this.send(connection, request.id);
  }

  private family(connection: Connection, request: ReadRequest): void {
    const { id } = request;
    const deadlineMs = this.fields.deadlineOf(request);
    const task =
      typeof deadlineMs === 'number'
        ? this.families.read(connection, request, deadlineMs)
        : deadlineMs;
    if ('code' in task) {
      this.refuse(connection, id, task);
      return;
    }
    if (!connection.takeTokens(TRANSFER_TOKENS - 1, this.coarseNowMs)) {
      this.rateLimited(connection, id);
      return;
    }
    const session = this.portBits | connection.number;
    this.times.note(session, id);
    address(task, session, id);
    const { words, shard } = task;
    const port = this.ports[shard] as ShardPort;
    const written = { commands: 1, slots: words.length / SLOT_WORDS, words };
    connection.strikes = 0;
    if (submitOthers(port, written, this.sending.load) !== null) {
      this.busy(connection, id);
      return;
    }
    this.counters.commands++;
    this.wake(shard);
  }

  /**
   * Cancels all orders of the account whose connection has ended, as nobody's request. A full ring is asked again with each tick:
   * the trader counts on it.
   */
  cancelAllOf(account: number, home: number, sent: () => void = () => {}): void {
    this.abandoned.push({ account, home, sent });
    this.cancelAbandoned();
  }

  /** To be called with each tick. */
  cancelAbandoned(): void {
    while (this.abandoned.length > 0) {
      const [{ account, home, sent } = NOBODY] = this.abandoned;
      this.draft.clear();
      this.draft.marketId = MARKET_ID_ALL;
      this.draft.massSides = FLAG_MASS_BIDS | FLAG_MASS_ASKS;
      this.writer.reset();
      this.writer.massCancel(this.draft, account, 0, 0);
      const port = this.ports[home] as ShardPort;
      if (!port.trySend(this.writer.words, 0, this.writer.slots)) return;
      this.abandoned.shift();
      this.counters.commands++;
      this.turns.wake(home);
      sent();
    }
  }

  /** One command for each market that can have open orders; their answers become one. */
  private cancelEverywhere(connection: Connection, id: number): void {
    const markets = this.markets.all().filter(({ state }) => MAY_HAVE_ORDERS[state] === true);
    for (const market of markets) {
      this.draft.marketId = market.id;
      this.write('cancelAll', connection, id);
    }
    if (markets.length === 0) {
      replyAck(connection, id, 'massCanceled', 0);
      return;
    }
    if (!this.submit(connection, id)) return;
    connection.massCancels.begin(id, markets.length);
    this.counters.commands += markets.length;
    this.wake(connection.home);
  }

  /** All commands of a batch or none: one wrong item refuses it, and so does a full ring. */
  private batch(connection: Connection, request: ReadRequest): void {
    const items = request.fields.requests;
    const most = this.limits.batchRequestsMax;
    if (!Array.isArray(items) || items.length < 1 || items.length > most) {
      const is = Array.isArray(items) ? `${items.length} long` : shown(items);
      const message = `requests must be a list of 1 to ${most} requests, but is ${is}`;
      this.refuse(
        connection,
        request.id,
        problem('batch_size_must_be_within_1_and_limit', message),
      );
      return;
    }
    if (!connection.takeTokens(items.length - 1, this.coarseNowMs)) {
      this.rateLimited(connection, request.id);
      return;
    }
    this.writer.reset();
    const ids = new Set([request.id]);
    for (let i = 0; i < items.length; i++) {
      const found = this.batchItem(connection, request.binary, items[i], ids);
      if (found !== null) {
        const message = `requests[${i}]: ${found.message}`;
        this.refuse(connection, request.id, { code: found.code, message });
        return;
      }
    }
    if (!this.submit(connection, request.id)) return;
    this.counters.commands += items.length;
    replyDone(connection, request.id, 'batch', { sent: items.length });
    this.wake(connection.home);
  }

  private batchItem(
    connection: Connection,
    binary: boolean,
    value: unknown,
    ids: Set<number>,
  ): Problem | null {
    const item = binary ? requestOfArray(value) : requestOfObject(value);
    if (isUnreadable(item)) return item.problem;
    if (!ORDER_REQUESTS.has(item.shape.name)) {
      return problem('op_is_not_allowed_in_batch', `a batch may not contain ${item.shape.name}`);
    }
    if (ids.has(item.id)) {
      const message = `id must be another one for each request of a batch, but ${item.id} comes twice`;
      return problem('id_is_used_twice', message);
    }
    ids.add(item.id);
    const found = this.read(connection, item);
    if (found !== null) return found;
    if (this.draft.marketId === MARKET_ID_ALL) {
      return problem('field_is_missing', 'market must be present for cancelAll in a batch');
    }
    this.write(item.shape.name, connection, item.id);
    return null;
  }

  private read(connection: Connection, request: ReadRequest): Problem | null {
    if (!connection.mayTrade) return permissionProblem(connection, MAY_TRADE, request.shape.name);
    return this.fields.read(request, this.draft);
  }

  private write(name: string, connection: Connection, id: number): void {
    const { account, number } = connection;
    const session = this.portBits | number;
    this.times.note(session, id);
    if (name === 'place') this.writer.place(this.draft, account, session, id);
    else if (name === 'cancel') this.writer.cancel(this.draft, account, session, id);
    else if (name === 'amend') this.writer.amend(this.draft, account, session, id);
    else if (name === 'replace') this.writer.replace(this.draft, account, session, id);
    else if (name === 'cancelAllAfter')
      this.writer.cancelAllAfter(this.draft, account, session, id);
    else if (name === 'setLeverage') this.writer.setLeverage(this.draft, account, session, id);
    else if (name === 'takeOver') this.writer.takeOver(this.draft, account, session, id);
    else if (name === 'setMarginMode') this.writer.setMarginMode(this.draft, account, session, id);
    else if (name === 'moveMargin') this.writer.moveMargin(this.draft, account, session, id);
    else if (name === 'placeScaled') this.writer.scaled(this.draft, account, session, id);
    else if (name === 'placeTwap') this.writer.twap(this.draft, account, session, id);
    else this.writer.massCancel(this.draft, account, session, id);
  }

  private send(connection: Connection, id: number): void {
    if (!this.submit(connection, id)) return;
    this.counters.commands++;
    this.wake(connection.home);
  }

  /** An account's commands go to its home, wherever the market is. False: nothing was sent, and it is answered. */
  private submit(connection: Connection, id: number): boolean {
    const port = this.ports[connection.home] as ShardPort;
    const found = submit(port, this.writer, connection.account, this.sending, this.coarseNowMs);
    if (found !== null && found !== BUSY) {
      this.limited(connection, id, found);
      return false;
    }
    connection.strikes = 0;
    if (found === null) return true;
    this.busy(connection, id);
    return false;
  }

  private wake(shard: number): void {
    this.turns.wake(shard);
    this.timedTurn = this.turns.number;
  }

  private busy(connection: Connection, id: number): void {
    this.counters.busy++;
    replyError(connection, id, BUSY);
  }

  private refuse(connection: Connection, id: number | null, found: Problem): void {
    this.counters.refused++;
    replyError(connection, id, found);
    if (++connection.strikes > this.limits.strikesMax) {
      connection.end(
        CLOSE.malformed,
        `more than ${this.limits.strikesMax} wrong messages in a row`,
      );
    }
  }

  private rateLimited(connection: Connection, id: number | null): void {
    const { requestsPerSecond, cancelsPerSecond } = this.limits;
    const sentence = `requests must be at most ${requestsPerSecond} a second, and ${cancelsPerSecond} cancels beyond; nothing was sent`;
    this.limited(connection, id, problem('rate_limited', sentence));
  }

  private limited(connection: Connection, id: number | null, found: Problem): void {
    const { strikesMax } = this.limits;
    this.counters.rateLimited++;
    replyError(connection, id, found);
    if (++connection.strikes > strikesMax) {
      connection.end(CLOSE.flooding, `more than ${strikesMax} messages over the rate limit`);
    }
  }

  private wrongFrame(connection: Connection, size: number): void {
    if (size > this.limits.messageBytesMax) {
      const message = `a message must be at most ${this.limits.messageBytesMax} bytes, but has ${size}`;
      this.refuse(connection, null, problem('message_is_too_large', message));
      connection.end(CLOSE.message_too_large, message);
      return;
    }
    const wanted = connection.binary ? 'binary' : 'text';
    this.refuse(
      connection,
      null,
      problem('frame_type_is_wrong', `messages of this sub-protocol must be ${wanted} frames`),
    );
  }
}
