import { STP_DECREMENT } from '../../engine/messages/types.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import { asPriceTicks, asQtyLots } from '../../engine/units/units.js';
import type { CommandWriter } from '../commands/command-writer.js';
import type { OrderDraft } from '../commands/draft.js';
import { checkNewOrder } from '../commands/order-rules.js';
import { type Problem, problem } from '../commands/problem.js';
import type { Market, Markets } from '../markets.js';
import { FixpSession } from './fixp-session.js';
import {
  MarketMakerProtectionReportEncoder,
  type MarketMakerProtectionRequestDecoder,
  MassQuoteAckEncoder,
  type MassQuoteDecoder,
  ProtectionAction,
  ProtectionReason,
} from './generated/index.js';
import { notAllowed, type OrderReader, unknownMarket, within } from './order-reader.js';
import { type MarketQuotes, Protection, QUOTE_IDS_FROM, type QuoteRound } from './quote-state.js';
import { beginMessage, commitMessage, NO_REQUEST } from './report-writer.js';

const WINDOW_MS_MAX = 600_000;
/** Messages a millisecond for which there are ids. */
const ROUNDS_A_MS = 16;
/** The lower bits of a quote's client id say which it is: level × 2, and 1 for the offer. */
const IDS_A_ROUND = 64;

export interface QuoteContext {
  readonly markets: Markets;
  readonly ports: readonly ShardPort[];
  readonly reader: OrderReader;
  readonly draft: OrderDraft;
  readonly writer: CommandWriter;
  readonly quoteEntriesMax: number;
  readonly exchangeTimeMs: () => number;
  /** Sends what `write` writes as commands of this request; or says why not. */
  readonly send: (
    session: FixpSession,
    seqNo: number,
    write: (account: number, session: number, request: number) => void,
  ) => Problem | null;
  readonly wake: (shard: number) => void;
}

const ack = new MassQuoteAckEncoder();
const report = new MarketMakerProtectionReportEncoder();

/** Two-sided quotes: a MassQuote takes back the levels that it names and places them anew, in one go. */
export class Quotes {
  private readonly context: QuoteContext;
  /** In the client ids of quotes; later than those of any run before. */
  private nextRound = Date.now() * ROUNDS_A_MS;
  /** Sessions whose protection could not take the quotes back, because the exchange was full. */
  private readonly owing = new Map<MarketQuotes, FixpSession>();

  constructor(context: QuoteContext) {
    this.context = context;
  }

  take(session: FixpSession, seqNo: number, message: MassQuoteDecoder): Problem | null {
    const { markets, reader, draft } = this.context;
    const market = markets.get(message.marketId());
    if (market === undefined) return unknownMarket(message.marketId());
    const quotes = session.quotes.of(market.id);
    if (quotes.protection?.tripped === true) {
      const sentence =
        'protection has taken the quotes back; send a MarketMakerProtectionRequest to go on';
      return problem('quotes_are_held_back_by_protection', sentence);
    }
    draft.clear();
    draft.deadlineMs = message.hasDeadline() ? message.deadline() : 0;
    const stp = message.selfTradePrevention();
    if (stp > STP_DECREMENT) return notAllowed('selfTradePrevention', stp);
    const wrong =
      reader.execInst(message.execInst(), draft) ??
      within('deadline', draft.deadlineMs, message.hasDeadline() ? 1 : 0, Number.MAX_SAFE_INTEGER);
    if (wrong !== null) return wrong;
    draft.selfTrade = stp;
    draft.marketId = market.id;
    draft.timeInForce = 0;
    const levels = this.levelsOf(message, market);
    if (!Array.isArray(levels)) return levels;
    return this.replace(session, seqNo, quotes, levels, message.quoteId());
  }

  protect(
    session: FixpSession,
    seqNo: number,
    message: MarketMakerProtectionRequestDecoder,
  ): Problem | null {
    const market = this.context.markets.get(message.marketId());
    if (market === undefined) return unknownMarket(message.marketId());
    const quotes = session.quotes.of(market.id);
    const action = message.action();
    if (action === ProtectionAction.Set) {
      const windowMs = message.window();
      const wrong = within('window', windowMs, 1, WINDOW_MS_MAX);
      if (wrong !== null) return wrong;
      quotes.protection = new Protection({
        windowMs,
        volumeLots: message.hasVolumeLimit() ? message.volumeLimit() : Number.POSITIVE_INFINITY,
        deltaLots: message.hasDeltaLimit() ? message.deltaLimit() : Number.POSITIVE_INFINITY,
        count: message.countLimit() === 0 ? Number.POSITIVE_INFINITY : message.countLimit(),
      });
    } else if (action === ProtectionAction.Reset) quotes.protection?.reset();
    else if (action === ProtectionAction.Remove) quotes.protection = null;
    else return notAllowed('action', action);
    this.tell(session, quotes, seqNo, ProtectionReason.None);
    return null;
  }

  /** An answer to a command of a MassQuote has been put into the flow; after the last one all of it is answered. */
  answered(session: FixpSession, seqNo: number, round: QuoteRound): void {
    if (--round.left > 0) return;
    session.quotes.rounds.delete(FixpSession.requestOf(seqNo));
    const message = beginMessage(session, ack, seqNo).transactTime(this.context.exchangeTimeMs());
    message.quoteId(round.quoteId).marketId(round.marketId);
    message.accepted(round.accepted).rejected(round.rejected).canceled(round.canceled);
    commitMessage(session, message);
  }

  /** A quote was filled: when that is one too many, all quotes of the market go. */
  filled(
    session: FixpSession,
    quotes: MarketQuotes,
    side: number,
    lots: number,
    timeMs: number,
  ): void {
    const { protection } = quotes;
    if (protection === null || protection.tripped) return;
    const reason = protection.note(side === 0 ? lots : -lots, timeMs);
    if (reason === ProtectionReason.None) return;
    this.tell(session, quotes, NO_REQUEST, reason);
    this.takeBack(session, quotes);
  }

  /** Tries again what the exchange had no room for. */
  retry(): void {
    // Of a copy: what finds no room again stands behind in the map, and would come up for ever.
    for (const [quotes, session] of [...this.owing]) this.takeBack(session, quotes);
  }

  /** A market has another state: one that was halted has refused to give quotes back that protection wanted to have. */
  stateChanged(sessions: Iterable<FixpSession>, marketId: number): void {
    for (const session of sessions) {
      const quotes = session.quotes.inMarket(marketId);
      if (quotes?.protection?.tripped === true) this.takeBack(session, quotes);
    }
  }

  private takeBack(session: FixpSession, quotes: MarketQuotes): void {
    const { writer, draft, ports, wake } = this.context;
    const { account, home } = session.identity;
    writer.reset();
    for (const clientId of quotes.openClientIds()) {
      draft.clear();
      draft.marketId = quotes.marketId;
      draft.clientId.number = clientId;
      // Nobody waits for an answer: what is canceled is told like anything that happens.
      writer.cancel(draft, account, 0, 0);
    }
    this.owing.delete(quotes);
    if (writer.slots === 0) return;
    const port = ports[home] as ShardPort;
    if (port.trySendAll(writer.words, 0, writer.slots)) wake(home);
    else this.owing.set(quotes, session);
  }

  private tell(
    session: FixpSession,
    quotes: MarketQuotes,
    seqNo: number,
    reason: ProtectionReason,
  ): void {
    const { volumeLots = 0, deltaLots = 0, count = 0 } = quotes.protection?.seen() ?? {};
    const message = beginMessage(session, report, seqNo).transactTime(
      this.context.exchangeTimeMs(),
    );
    message.volume(volumeLots).delta(deltaLots).count(count);
    commitMessage(session, message.marketId(quotes.marketId).reason(reason));
  }

  /** The levels of a message, checked; or what is wrong with one. */
  private levelsOf(message: MassQuoteDecoder, market: Market): Level[] | Problem {
    const { quoteEntriesMax: most, draft } = this.context;
    const entries = message.quoteEntries();
    const count = entries.sbeLength();
    if (count < 1 || count > most) {
      const sentence = `quoteEntries must be from 1 to ${most}, but are ${count}`;
      return problem('quote_entries_must_be_within_1_and_limit', sentence);
    }
    const levels: Level[] = [];
    while (entries.next()) {
      const id = entries.quoteEntryId();
      if (levels.some((level) => level.id === id)) return notAllowed('quoteEntryId twice:', id);
      const level: Level = { id, prices: [0, 0], lots: [0, 0] };
      if (entries.hasBidPrice()) {
        level.prices[0] = entries.bidPrice();
        level.lots[0] = entries.bidSize();
      }
      if (entries.hasOfferPrice()) {
        level.prices[1] = entries.offerPrice();
        level.lots[1] = entries.offerSize();
      }
      const wrong =
        within('quoteEntryId', id, 1, most) ??
        this.side(draft, market, 0, entries.hasBidPrice(), level) ??
        this.side(draft, market, 1, entries.hasOfferPrice(), level);
      if (wrong !== null) return wrong;
      levels.push(level);
    }
    return levels;
  }

  private side(
    draft: OrderDraft,
    market: Market,
    side: 0 | 1,
    isThere: boolean,
    level: Level,
  ): Problem | null {
    if (!isThere) return null;
    const names = side === 0 ? ['bidPrice', 'bidSize'] : ['offerPrice', 'offerSize'];
    const { priceTicksMax, qtyLotsMax } = market.params;
    const wrong =
      within(names[0] as string, level.prices[side], 1, priceTicksMax) ??
      within(names[1] as string, level.lots[side], 1, qtyLotsMax);
    if (wrong !== null) return wrong;
    lay(draft, side, level);
    return checkNewOrder(draft, market);
  }

  /** All commands or none: for each side of a level the old quote goes, and the new one comes. */
  private replace(
    session: FixpSession,
    seqNo: number,
    quotes: MarketQuotes,
    levels: readonly Level[],
    quoteId: number,
  ): Problem | null {
    const { draft, writer, send } = this.context;
    const placed: [Level, 0 | 1, number][] = [];
    const idsFrom = QUOTE_IDS_FROM + this.nextRound++ * IDS_A_ROUND;
    let left = 0;
    const found = send(session, seqNo, (account, from, request) => {
      for (const level of levels) {
        for (const side of [0, 1] as const) {
          for (const old of quotes.clientIdsOf(level.id, side)) {
            draft.clientId.number = old;
            draft.orderId = 0;
            writer.cancel(draft, account, from, request);
            left++;
          }
          if (level.prices[side] === 0) continue;
          const clientId = idsFrom + level.id * 2 + side;
          lay(draft, side, level);
          draft.clientId.number = clientId;
          writer.place(draft, account, from, request);
          placed.push([level, side, clientId]);
          left++;
        }
      }
    });
    if (found !== null) return found;
    for (const [{ id }, side, clientId] of placed) quotes.add(id, side, clientId);
    const round = {
      left,
      accepted: 0,
      rejected: 0,
      canceled: 0,
      quoteId,
      marketId: quotes.marketId,
      idsFrom,
    };
    session.quotes.rounds.set(FixpSession.requestOf(seqNo), round);
    // Nothing to take back and nothing to place is done already.
    if (left === 0) this.answered(session, seqNo, { ...round, left: 1 });
    return null;
  }
}

interface Level {
  readonly id: number;
  readonly prices: [number, number];
  readonly lots: [number, number];
}

function lay(draft: OrderDraft, side: 0 | 1, level: Level): void {
  draft.side = side;
  draft.priceTicks = asPriceTicks(level.prices[side]);
  draft.qtyLots = asQtyLots(level.lots[side]);
}
