import { copyWords } from '../../engine/messages/copy-words.js';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_CLIENT_ID,
  EF_LOTS,
  EF_ORDER_ID,
  EF_REMAINING,
  EW_CODE,
  EW_FLAGS,
  EW_REQUEST,
  EW_SESSION,
  FRAME_F_TIME,
  marketOf,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import {
  EVT_ACCEPTED,
  EVT_AMENDED,
  EVT_CANCELED,
  EVT_DUPLICATE,
  EVT_FILL,
  EVT_FRAME,
  EVT_MARKET_STATE,
  EVT_MASS_CANCELED,
  EVT_REJECTED,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_AMENDED,
  EVT_TRIGGER_CANCELED,
  FLAG_SIDE,
} from '../../engine/messages/types.js';
import { HEAD_WORDS, RF_TIME } from '../feeds/feed-record.js';
import type { Collected } from '../feeds/feed-walk.js';
import type { OpenOrders } from '../feeds/open-orders.js';
import type { Markets } from '../markets.js';
import { writeAccountEvent } from './account-reports.js';
import { OrdStatus, writeMassCanceled, writeStatus } from './door-answers.js';
import type { FixpSession, FixpSessions } from './fixp-session.js';
import type { MarketData } from './market-data.js';
import { writeCancel, writeModify, writeNew, writeReject, writeTrade } from './order-reports.js';
import type { QuoteRound } from './quote-state.js';
import type { Quotes } from './quotes.js';
import { type EventAt, NO_REQUEST } from './report-writer.js';

const SESSION_MASK = 0xffffff;
const SLOTS_MAX = 4;

export interface DeliveryTargets {
  readonly portId: number;
  readonly shard: number;
  readonly sessions: FixpSessions;
  readonly markets: Markets;
  readonly openOrders: OpenOrders;
  readonly quotes: Quotes;
  readonly marketData: MarketData;
  /** Something was written into the session's flow. */
  readonly touched: (session: FixpSession) => void;
}

/**
 * Takes one shard's events: a private event goes into the flow of each session of its account, an answer into that of the session which
 * asked. What is both goes once, with the number of the request. Sessions without a connection get theirs too: they ask for it later.
 */
export class EventDelivery {
  timeMs = 0;
  events = 0;
  private readonly to: DeliveryTargets;
  private readonly event: EventAt = {
    words: new Int32Array(0),
    floats: new Float64Array(0),
    at: 0,
    timeMs: 0,
  };
  private readonly copy = new Int32Array(SLOTS_MAX * SLOT_WORDS);
  private readonly copyFloats = new Float64Array(this.copy.buffer);

  constructor(to: DeliveryTargets) {
    this.to = to;
  }

  readonly consume = (words: Int32Array, floats: Float64Array, at: number, slots: number): void => {
    this.events++;
    const type = typeOf(words[at + W_HEAD] as number);
    if (type === EVT_FRAME) {
      this.timeMs = floats[at / 2 + FRAME_F_TIME] as number;
      return;
    }
    const { sessions, portId } = this.to;
    if (sessions.count === 0) return;
    this.to.marketData.saw(words, floats, at, this.to.shard, this.timeMs);
    if (type === EVT_MARKET_STATE) {
      this.to.quotes.stateChanged(sessions.all(), marketOf(words[at + W_HEAD] as number));
    }
    const from = words[at + EW_SESSION] as number;
    const asking = from >>> 24 === portId ? sessions.findNumber(from & SESSION_MASK) : undefined;
    const isPrivate = (floats[at / 2 + EF_ACCOUNT_SEQUENCE] as number) > 0;
    if (asking === undefined && !isPrivate) return;
    this.place(words, floats, at, this.timeMs);
    if (isPrivate) {
      for (const session of sessions.ofAccount(words[at + W_ACCOUNT] as number)) {
        this.deliver(session, type, session === asking);
      }
    } else if (asking !== undefined) this.answer(asking, type, slots);
  };

  /** Puts private events of before, oldest first, into the flow of a session that begins behind them. */
  replay(session: FixpSession, { block, starts }: Collected): void {
    for (const start of starts) {
      const at = start + HEAD_WORDS;
      this.place(block.words, block.floats, at, block.floats[start / 2 + RF_TIME] as number);
      this.write(session, typeOf(block.words[at + W_HEAD] as number), NO_REQUEST);
    }
  }

  private place(words: Int32Array, floats: Float64Array, at: number, timeMs: number): void {
    const { event } = this;
    event.words = words;
    event.floats = floats;
    event.at = at;
    event.timeMs = timeMs;
  }

  private deliver(session: FixpSession, type: number, isAnswer: boolean): void {
    const { event } = this;
    const accountSeqNo = event.floats[event.at / 2 + EF_ACCOUNT_SEQUENCE] as number;
    // A session that has just begun has seen it in the log.
    if (accountSeqNo <= session.lastAccountSeqNo) return;
    session.lastAccountSeqNo = accountSeqNo;
    const seqNo = isAnswer ? this.requestOf(session) : NO_REQUEST;
    this.write(session, type, seqNo);
    this.followQuote(session, type);
    if (isAnswer) this.countQuote(session, type, seqNo);
    this.to.touched(session);
  }

  private requestOf(session: FixpSession): number {
    return session.seqNoOf(this.event.words[this.event.at + EW_REQUEST] as number);
  }

  private write(session: FixpSession, type: number, requestSeqNo: number): void {
    const { event } = this;
    switch (type) {
      case EVT_ACCEPTED:
      case EVT_TRIGGER_ACCEPTED:
        writeNew(session, event, requestSeqNo);
        break;
      case EVT_FILL:
        writeTrade(session, event, requestSeqNo);
        break;
      case EVT_CANCELED:
      case EVT_TRIGGER_CANCELED:
        writeCancel(session, event, requestSeqNo);
        break;
      case EVT_AMENDED:
      case EVT_TRIGGER_AMENDED:
        writeModify(session, event, requestSeqNo);
        break;
      default:
        writeAccountEvent(session, event, requestSeqNo);
    }
  }

  /** An answer that is no event of the account's feed. */
  private answer(session: FixpSession, type: number, slots: number): void {
    const { event } = this;
    const request = event.words[event.at + EW_REQUEST] as number;
    if (session.massCancels.any) {
      // What comes of it is written into the event, and the ring is not ours.
      this.copyEvent(slots);
      if (!session.massCancels.passes(request, this.copy, this.copyFloats, 0)) return;
      type = typeOf(this.copy[W_HEAD] as number);
    }
    const requestSeqNo = session.seqNoOf(request);
    if (type === EVT_REJECTED) {
      const { words, at } = event;
      const round = session.quotes.rounds.get(request);
      // The old quote was gone already: that is no news.
      const isGone = round !== undefined && words[at + EW_CODE] === REJECT.order_is_not_open;
      if (!isGone) writeReject(session, event, requestSeqNo, this.to.markets);
      if (round !== undefined) this.refuseQuote(session, requestSeqNo, round, isGone);
    } else if (type === EVT_DUPLICATE) this.duplicate(session, requestSeqNo);
    else if (type === EVT_MASS_CANCELED) {
      const count = event.floats[event.at / 2 + EF_LOTS] as number;
      writeMassCanceled(session, event, requestSeqNo, count);
    } else writeAccountEvent(session, event, requestSeqNo);
    this.to.touched(session);
  }

  /** A quote that is filled or gone is known to be, and counts for the protection. */
  private followQuote(session: FixpSession, type: number): void {
    if (type !== EVT_FILL && type !== EVT_CANCELED) return;
    const { words, floats, at, timeMs } = this.event;
    const f = at / 2;
    const clientId = floats[f + EF_CLIENT_ID] as number;
    const quotes = session.quotes.find(marketOf(words[at + W_HEAD] as number), clientId);
    if (quotes === undefined) return;
    const isOver = type === EVT_CANCELED || floats[f + EF_REMAINING] === 0;
    if (isOver) quotes.ended(clientId);
    if (type === EVT_CANCELED) return;
    const side = (words[at + EW_FLAGS] as number) & FLAG_SIDE;
    this.to.quotes.filled(session, quotes, side, floats[f + EF_LOTS] as number, timeMs);
  }

  private countQuote(session: FixpSession, type: number, seqNo: number): void {
    if (session.quotes.rounds.size === 0) return;
    const request = this.event.words[this.event.at + EW_REQUEST] as number;
    const round = session.quotes.rounds.get(request);
    if (round === undefined) return;
    if (type === EVT_ACCEPTED) round.accepted++;
    else if (type === EVT_CANCELED) round.canceled++;
    else return;
    this.to.quotes.answered(session, seqNo, round);
  }

  private refuseQuote(
    session: FixpSession,
    seqNo: number,
    round: QuoteRound,
    isGone: boolean,
  ): void {
    const { words, floats, at } = this.event;
    const clientId = floats[at / 2 + EF_CLIENT_ID] as number;
    // One that could not be taken back, as the market is halted, is still there.
    const isOver = isGone || clientId >= round.idsFrom;
    const marketId = marketOf(words[at + W_HEAD] as number);
    if (isOver) session.quotes.find(marketId, clientId)?.ended(clientId);
    if (!isGone) round.rejected++;
    this.to.quotes.answered(session, seqNo, round);
  }

  private copyEvent(slots: number): void {
    const { event, copy } = this;
    const count = Math.min(slots, SLOTS_MAX) * SLOT_WORDS;
    copyWords(event.words, event.at, copy, 0, count);
    this.place(copy, this.copyFloats, 0, event.timeMs);
  }

  /** The client id was used before: the answer is what its order is now. */
  private duplicate(session: FixpSession, requestSeqNo: number): void {
    const { event, to } = this;
    const f = event.at / 2;
    const marketId = marketOf(event.words[event.at + W_HEAD] as number);
    const orderId = event.floats[f + EF_ORDER_ID] as number;
    const order = to.openOrders.orderOf(session.identity.account, marketId, orderId);
    const status =
      order !== null ? OrdStatus.Open : orderId === 0 ? OrdStatus.Pending : OrdStatus.Closed;
    const clientId = event.floats[f + EF_CLIENT_ID] as number;
    const of = { marketId, orderId, clientId, order, status };
    writeStatus(session, event, requestSeqNo, of, event.timeMs);
  }
}
