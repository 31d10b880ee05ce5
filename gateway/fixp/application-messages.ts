import { FLAG_MASS_ASKS, FLAG_MASS_BIDS } from '../../engine/messages/types.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import { MARKET_ID_ALL } from '../../engine/units/units.js';
import { CommandWriter } from '../commands/command-writer.js';
import { OrderDraft } from '../commands/draft.js';
import { type Problem, problem } from '../commands/problem.js';
import { type Sending, submit } from '../commands/submit.js';
import type { AccountViews } from '../feeds/account-views.js';
import type { OpenOrders } from '../feeds/open-orders.js';
import type { GatewayLimits } from '../limits.js';
import type { Market, Markets } from '../markets.js';
import { MARKET_STATES } from '../protocol/names.js';
import { tokensOf } from '../session/token-bucket.js';
import { writePositions } from './account-reports.js';
import { OrdStatus, writeBusinessReject, writeMassCanceled, writeStatus } from './door-answers.js';
import type { FixpConnection } from './fixp-connection.js';
import { FixpSession } from './fixp-session.js';
import * as sbe from './generated/index.js';
import type { MarketData } from './market-data.js';
import { named, OrderReader, unknownMarket } from './order-reader.js';
import { Quotes } from './quotes.js';
import { layDefinition, writeSecurityList } from './security-definitions.js';

/** By market state: an order may be open, even where it may not be canceled. */
const MAY_HAVE_ORDERS: readonly boolean[] = MARKET_STATES.map((name) => {
  return name !== 'initializing' && name !== 'settling' && name !== 'closed';
});
const COMMANDS_MAX = 256;

export interface ApplicationContext extends Sending {
  readonly limits: GatewayLimits;
  readonly quoteEntriesMax: number;
  readonly marketData: MarketData;
  readonly markets: Markets;
  readonly views: AccountViews;
  /** As their owners' feeds tell them. */
  readonly openOrders: OpenOrders;
  /** By shard. */
  readonly ports: readonly ShardPort[];
  readonly nowMs: () => number;
  readonly exchangeTimeMs: () => number;
  /** Something was sent to this shard. */
  readonly wake: (shard: number) => void;
}

export interface ApplicationCounters {
  messages: number;
  commands: number;
  refused: number;
  busy: number;
  rateLimited: number;
}

/** One kind of message: how to tell that all of it is there, and what to do with it. */
interface Kind {
  readonly fits: typeof sbe.fitsNewOrderSingle;
  readonly isCancel: boolean;
  /** Null: done, or on its way; otherwise why not, and nothing has happened. */
  take(session: FixpSession, seqNo: number, at: MessageAt): Problem | null;
}

interface MessageAt {
  /** When the bytes came that it was in, of any steady clock. */
  clockMs: number;
  view: DataView;
  /** Behind the message's header. */
  offset: number;
  blockLength: number;
  version: number;
}

/** Takes application messages of a session, in order. Each gets one answer: from the exchange, or from here. */
export class ApplicationMessages {
  readonly quotes: Quotes;
  readonly counters: ApplicationCounters = {
    messages: 0,
    commands: 0,
    refused: 0,
    busy: 0,
    rateLimited: 0,
  };
  private readonly context: ApplicationContext;
  private readonly reader: OrderReader;
  private readonly draft = new OrderDraft();
  private readonly writer = new CommandWriter(COMMANDS_MAX);
  /** By template. */
  private readonly kinds: (Kind | undefined)[] = [];
  private readonly portBits: number;
  /** Of the message that is being taken. */
  private clockMs = 0;
  /** Sessions whose orders could not be canceled yet. */
  private readonly owing = new Set<FixpSession>();
  private readonly newOrder = new sbe.NewOrderSingleDecoder();
  private readonly replace = new sbe.OrderCancelReplaceRequestDecoder();
  private readonly cancel = new sbe.OrderCancelRequestDecoder();
  private readonly massAction = new sbe.OrderMassActionRequestDecoder();
  private readonly status = new sbe.OrderStatusRequestDecoder();
  private readonly position = new sbe.PositionRequestDecoder();
  private readonly definitions = new sbe.SecurityDefinitionRequestDecoder();

  constructor(context: ApplicationContext) {
    this.context = context;
    this.reader = new OrderReader(context.markets);
    this.portBits = (context.ports[0] as ShardPort).portId << 24;
    const { markets, ports, quoteEntriesMax, exchangeTimeMs, wake } = context;
    this.quotes = new Quotes({
      ...{ markets, ports, quoteEntriesMax, exchangeTimeMs, wake },
      reader: this.reader,
      draft: this.draft,
      writer: this.writer,
      send: (session, seqNo, write) => this.send(session, seqNo, write),
    });
    this.addOrderKinds();
    this.addQuoteKinds();
    this.addQuestionKinds();
  }

  /** Whether all of a message is there; of a kind that is not known here nothing can be said. */
  fits(templateId: number, at: MessageAt, end: number): boolean {
    const kind = this.kinds[templateId];
    if (kind === undefined) return true;
    return kind.fits(at.view, at.offset, end, at.blockLength, at.version);
  }

  /** Takes a message that fits and has the next number. */
  take(connection: FixpConnection, templateId: number, at: MessageAt, bytes: number): void {
    const session = connection.session as FixpSession;
    const seqNo = session.expectedSeqNo++;
    this.clockMs = at.clockMs;
    this.counters.messages++;
    const kind = this.kinds[templateId];
    const found = this.limited(session, kind, bytes) ?? this.answer(session, kind, seqNo, at);
    if (found === null) {
      connection.strikes = 0;
      return;
    }
    if (found.code === 'busy') this.counters.busy++;
    else if (isOverLimit(found)) this.counters.rateLimited++;
    else this.counters.refused++;
    writeBusinessReject(session, seqNo, templateId, found, this.context.exchangeTimeMs());
    const { strikesMax } = this.context.limits;
    if (found.code === 'busy' || ++connection.strikes <= strikesMax) return;
    const flooded = isOverLimit(found);
    const { FloodingConsumer, TooManyViolations } = sbe.TerminationCode;
    const sentence = `more than ${strikesMax} messages in a row were refused, the last one: ${found.code}`;
    const code = flooded ? FloodingConsumer : TooManyViolations;
    connection.terminate(code, sentence, this.context.nowMs());
  }

  private limited(session: FixpSession, kind: Kind | undefined, bytes: number): Problem | null {
    const { clockMs } = this;
    const tokens = tokensOf(bytes);
    const bucket = session.bucket(clockMs);
    if (bucket.take(tokens, clockMs)) return null;
    if (kind?.isCancel === true && bucket.takeCancel(tokens, clockMs)) return null;
    const { requestsPerSecond, cancelsPerSecond } = this.context.limits;
    const sentence = `requests must be at most ${requestsPerSecond} a second, and ${cancelsPerSecond} cancels beyond; nothing was sent`;
    return problem('rate_limited', sentence);
  }

  private answer(
    session: FixpSession,
    kind: Kind | undefined,
    seqNo: number,
    at: MessageAt,
  ): Problem | null {
    if (kind !== undefined) return kind.take(session, seqNo, at);
    return problem('template_is_unknown', 'this message is not known here; nothing was done');
  }

  private add<T extends { wrap(v: DataView, o: number, b: number, a: number): T }>(
    templateId: number,
    decoder: T,
    fits: Kind['fits'],
    take: (session: FixpSession, seqNo: number, message: T) => Problem | null,
    isCancel = false,
  ): void {
    this.kinds[templateId] = {
      fits,
      isCancel,
      take: (session, seqNo, { view, offset, blockLength, version }) => {
        return take(session, seqNo, decoder.wrap(view, offset, blockLength, version));
      },
    };
  }

  private addOrderKinds(): void {
    const { draft, reader, writer } = this;
    this.add(
      sbe.NewOrderSingleDecoder.TEMPLATE_ID,
      this.newOrder,
      sbe.fitsNewOrderSingle,
      (session, seqNo, message) => {
        const found = reader.newOrder(message, draft);
        if (found !== null) return found;
        return this.send(session, seqNo, (account, from, id) =>
          writer.place(draft, account, from, id),
        );
      },
    );
    this.add(
      sbe.OrderCancelReplaceRequestDecoder.TEMPLATE_ID,
      this.replace,
      sbe.fitsOrderCancelReplaceRequest,
      (session, seqNo, message) => {
        const found = reader.replace(message, draft);
        if (found !== null) return found;
        return this.send(session, seqNo, (account, from, id) =>
          writer.amend(draft, account, from, id),
        );
      },
    );
    this.add(
      sbe.OrderCancelRequestDecoder.TEMPLATE_ID,
      this.cancel,
      sbe.fitsOrderCancelRequest,
      (session, seqNo, message) => {
        const found = reader.cancel(message, draft);
        if (found !== null) return found;
        return this.send(session, seqNo, (account, from, id) =>
          writer.cancel(draft, account, from, id),
        );
      },
      true,
    );
    this.add(
      sbe.OrderMassActionRequestDecoder.TEMPLATE_ID,
      this.massAction,
      sbe.fitsOrderMassActionRequest,
      (session, seqNo, message) => {
        return reader.massAction(message, draft) ?? this.cancelAll(session, seqNo);
      },
      true,
    );
  }

  private addQuoteKinds(): void {
    this.add(
      sbe.MassQuoteDecoder.TEMPLATE_ID,
      new sbe.MassQuoteDecoder(),
      sbe.fitsMassQuote,
      (session, seqNo, message) => this.quotes.take(session, seqNo, message),
    );
    this.add(
      sbe.MarketMakerProtectionRequestDecoder.TEMPLATE_ID,
      new sbe.MarketMakerProtectionRequestDecoder(),
      sbe.fitsMarketMakerProtectionRequest,
      (session, seqNo, message) => this.quotes.protect(session, seqNo, message),
    );
  }

  private addQuestionKinds(): void {
    this.add(
      sbe.OrderStatusRequestDecoder.TEMPLATE_ID,
      this.status,
      sbe.fitsOrderStatusRequest,
      (session, seqNo, message) => this.tellStatus(session, seqNo, message),
    );
    this.add(
      sbe.PositionRequestDecoder.TEMPLATE_ID,
      this.position,
      sbe.fitsPositionRequest,
      (session, seqNo, message) => {
        const { views, exchangeTimeMs } = this.context;
        writePositions(session, views, message.requestId(), seqNo, exchangeTimeMs());
        return null;
      },
    );
    this.add(
      sbe.MarketDataRequestDecoder.TEMPLATE_ID,
      new sbe.MarketDataRequestDecoder(),
      sbe.fitsMarketDataRequest,
      (session, seqNo, message) => this.context.marketData.request(session, seqNo, message),
    );
    this.add(
      sbe.SecurityDefinitionRequestDecoder.TEMPLATE_ID,
      this.definitions,
      sbe.fitsSecurityDefinitionRequest,
      (session, seqNo, message) => {
        return this.tellMarkets(session, seqNo, message.hasMarketId() ? message.marketId() : null);
      },
    );
  }

  /** One command for each market that can have open orders; their answers become one. */
  private cancelAll(session: FixpSession, seqNo: number): Problem | null {
    const { draft, writer } = this;
    const mass = (account: number, from: number, id: number) => {
      writer.massCancel(draft, account, from, id);
    };
    if (draft.marketId !== MARKET_ID_ALL) return this.send(session, seqNo, mass);
    const markets = this.context.markets
      .all()
      .filter(({ state }) => MAY_HAVE_ORDERS[state] === true);
    if (markets.length === 0) {
      const words = new Int32Array(32);
      const event = {
        words,
        floats: new Float64Array(words.buffer),
        at: 0,
        timeMs: this.context.exchangeTimeMs(),
      };
      writeMassCanceled(session, event, seqNo, 0);
      return null;
    }
    const found = this.send(session, seqNo, (account, from, id) => {
      for (const market of markets) {
        draft.marketId = market.id;
        mass(account, from, id);
      }
    });
    if (found === null) session.massCancels.begin(FixpSession.requestOf(seqNo), markets.length);
    return found;
  }

  /** The session has lost its connection, and wants no orders without one. */
  disconnected(session: FixpSession): void {
    const { account, home } = session.identity;
    const { draft, writer } = this;
    writer.reset();
    draft.clear();
    draft.massSides = FLAG_MASS_BIDS | FLAG_MASS_ASKS;
    for (const { id, state } of this.context.markets.all()) {
      if (MAY_HAVE_ORDERS[state] !== true) continue;
      draft.marketId = id;
      // Nobody waits for the answer; the cancels are told like anything that happens.
      writer.massCancel(draft, account, 0, 0);
    }
    this.owing.delete(session);
    if (writer.slots === 0) return;
    const port = this.context.ports[home] as ShardPort;
    if (port.trySendAll(writer.words, 0, writer.slots)) this.context.wake(home);
    else this.owing.add(session);
  }

  /** Tries again what the exchange had no room for. */
  retry(): void {
    this.quotes.retry();
    // Of a copy: who finds no room again stands behind in the set, and would come up for ever.
    for (const session of [...this.owing]) this.disconnected(session);
  }

  private send(
    session: FixpSession,
    seqNo: number,
    write: (account: number, session: number, request: number) => void,
  ): Problem | null {
    const { writer } = this;
    const { account, home, number } = session.identity;
    writer.reset();
    write(account, this.portBits | number, FixpSession.requestOf(seqNo));
    const port = this.context.ports[home] as ShardPort;
    const found = submit(port, writer, account, this.context, this.clockMs);
    if (found !== null) return found;
    this.counters.commands++;
    this.context.wake(home);
    return null;
  }

  private tellStatus(
    session: FixpSession,
    seqNo: number,
    message: sbe.OrderStatusRequestDecoder,
  ): Problem | null {
    const marketId = message.marketId();
    if (this.context.markets.get(marketId) === undefined) return unknownMarket(marketId);
    this.draft.clear();
    const found = named(message, this.draft);
    if (found !== null) return found;
    const { orderId, clientId } = this.draft;
    const { account } = session.identity;
    const { openOrders } = this.context;
    const order =
      orderId !== 0
        ? openOrders.orderOf(account, marketId, orderId)
        : openOrders.orderNamed(account, marketId, clientId.number);
    const status = order === null ? OrdStatus.Unknown : OrdStatus.Open;
    const of = {
      marketId,
      orderId: order?.orderId ?? orderId,
      clientId: clientId.number,
      order,
      status,
    };
    writeStatus(session, null, seqNo, of, this.context.exchangeTimeMs());
    return null;
  }

  /** Definitions have no numbers, so they go out before the answer that counts them. */
  private tellMarkets(
    session: FixpSession,
    seqNo: number,
    marketId: number | null,
  ): Problem | null {
    const { markets, nowMs, exchangeTimeMs } = this.context;
    let wanted: Market[] = markets.all();
    if (marketId !== null) wanted = wanted.filter(({ id }) => id === marketId);
    if (marketId !== null && wanted.length === 0) return unknownMarket(marketId);
    for (const market of wanted) {
      session.connection?.send(nowMs(), (view, at) => layDefinition(market, view, at));
    }
    writeSecurityList(session, seqNo, wanted.length, exchangeTimeMs());
    return null;
  }
}

function isOverLimit({ code }: Problem): boolean {
  return code === 'rate_limited' || code === 'order_to_trade_ratio_exceeded';
}
