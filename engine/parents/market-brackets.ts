import { NO_ORDER } from '../book/order-book.js';
import type { MarketActor } from '../market/market-actor.js';
import {
  BRACKET_EVENT_W_PROFIT_LIMIT,
  BRACKET_EVENT_W_PROFIT_PRICE,
  BRACKET_EVENT_W_SOURCES,
  BRACKET_EVENT_W_STOP_LIMIT,
  BRACKET_EVENT_W_STOP_PRICE,
  EF_LOTS,
  EF_ORDER_ID,
  EW_FLAGS,
  F_ORDER_ID,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
} from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import {
  CLIENT_FLAGS,
  EVT_BRACKET,
  EVT_FILL,
  EVT_REJECTED,
  EVT_TRANSFER,
  FLAG_MARKET_ORDER,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  MSG_CANCEL,
  MSG_PLACE,
  REASON_OCO,
  REASON_POSITION_CLOSED,
  REASON_SHIFT,
  STP_MASK,
  STP_SHIFT,
  sideOf,
  TIF_GTC,
  TIF_IOC,
  TIF_SHIFT,
} from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import type { TriggerOrder } from '../triggers/trigger-order.js';
import { asPpm, asPriceTicks, asQtyLots, asTimeMs } from '../units/units.js';
import {
  BRACKETS_PER_ACCOUNT_MAX,
  type Bracket,
  LEG_FIRED,
  LEG_GONE,
  LEG_IDLE,
  LEG_PLACED,
  LEG_WAITS,
  type Leg,
  readLegs,
} from './bracket.js';
import { pushParentEvent } from './parent-events.js';
import { ParentTable } from './parent-table.js';

const NO_CLIENT_REF = -1;
const FIRST_SWEEP = 64;

/**
 * Brackets of one market: a take-profit and a stop, or one of them, that are attached to an order. They are trigger orders that only close, and are armed
 * when the entry begins to fill. What the entry has filled and they have not closed yet is the size of both, so one that is half filled leaves the other one half.
 *
 * While there is any, the market looks at all trades. It is not told of cancels: whether an entry is still open is asked of the book when it matters, and a bracket of
 * which nothing is left counts nowhere and stands in no state.
 */
export class MarketBrackets {
  private readonly known = new ParentTable<Bracket>();
  /** By the id of the order that came of a leg, and of a leg that is on its way there. */
  private readonly byExit = new Map<number, Bracket>();
  private readonly market: MarketActor;
  private readonly scratch = new MessageBuffer(1);
  private sweepAt = FIRST_SWEEP;
  /** To be held against the prices at the end of the message. */
  private again = new Set<Bracket>();

  constructor(market: MarketActor) {
    this.market = market;
    this.scratch.push(1);
  }

  get size(): number {
    return this.known.size;
  }

  /** Those of which anything is left, by id. */
  live(): Bracket[] {
    return this.known.all().filter((bracket) => this.isLive(bracket));
  }

  /** MSG_PLACE_BRACKET: an order like any other, but that its fills arm the legs. */
  place(inbox: MessageBuffer, slot: number, nowMs: number): void {
    const { market } = this;
    const { book, events } = market;
    const w = slot * SLOT_WORDS;
    this.sweepMany();
    const legs = readLegs(inbox.words, w + SLOT_WORDS).map((terms): Leg => {
      return { ...terms, state: terms.triggerTicks === 0 ? LEG_GONE : LEG_IDLE, orderId: 0 };
    });
    inbox.words[w + W_HEAD] = headOf(MSG_PLACE, 1, market.marketId);
    const account = inbox.words[w + W_ACCOUNT] as number;
    if (!this.hasRoom(account)) {
      const code = REJECT.brackets_must_not_exceed_limit;
      const own = this.known.ofAccount(account).length;
      market.refuse(inbox, slot, code, own + 1, BRACKETS_PER_ACCOUNT_MAX);
      return;
    }
    const first = events.length;
    if (!market.admitsOrder(inbox, slot, nowMs)) return;
    book.place(inbox, slot);
    if (typeOf(events.words[first * SLOT_WORDS + W_HEAD] as number) === EVT_REJECTED) return;
    const id = events.floats[first * SLOT_FLOATS + EF_ORDER_ID] as number;
    if (!this.isOpen(account, id) && !hasFill(events, first, id)) return;
    const flags = inbox.words[w + W_FLAGS] as number;
    const closing = (flags & (STP_MASK << STP_SHIFT)) | FLAG_REDUCE_ONLY;
    const side = (flags & FLAG_SIDE) ^ FLAG_SIDE;
    this.keep({ id, account, flags: side | closing, legs, filledLots: 0, closedLots: 0 });
    const clientRef = inbox.words[w + W_CLIENT_REF] as number;
    this.tell({ id, account, flags: flags & CLIENT_FLAGS, clientRef }, legs);
  }

  /**
   * Fills and transfers of one message, whose events stand from `first` up to `end`: what entries have filled arms the legs or makes them larger, what legs have
   * closed makes them smaller, and with the position they end. Comes before the prices of the message fire anything.
   */
  onTrades(first: number, end: number): void {
    const { words, floats } = this.market.events;
    const touched = new Set<Bracket>();
    for (let slot = first; slot < end; ) {
      const w = slot * SLOT_WORDS;
      const head = words[w + W_HEAD] as number;
      if (typeOf(head) === EVT_FILL) {
        const orderId = floats[slot * SLOT_FLOATS + EF_ORDER_ID] as number;
        const lots = floats[slot * SLOT_FLOATS + EF_LOTS] as number;
        const entered = this.known.find(orderId);
        if (entered !== undefined) entered.filledLots += lots;
        const left = this.byExit.get(orderId);
        // Its owner may have made the order larger than what the bracket has opened.
        if (left !== undefined) {
          left.closedLots = Math.min(left.filledLots, left.closedLots + lots);
        }
      }
      if (typeOf(head) === EVT_FILL || typeOf(head) === EVT_TRANSFER) {
        for (const bracket of this.known.ofAccount(words[w + W_ACCOUNT] as number)) {
          // One whose entry has filled nothing has nothing to close.
          if (bracket.filledLots > 0) touched.add(bracket);
        }
      }
      slot += slotsOf(head);
    }
    for (const bracket of touched) this.settle(bracket);
  }

  /** At the end of each message: legs that were armed, or that had to let the other one go first, at the prices of now. */
  lookAgain(): void {
    if (this.again.size === 0) return;
    const brackets = this.again;
    this.again = new Set();
    for (const { legs } of brackets) {
      for (const leg of legs) {
        if (leg.state === LEG_WAITS) this.market.triggers.lookAgain(leg.orderId);
      }
    }
  }

  /** Not while the other leg is on its way to become an order: two of them would close twice as much. */
  mayFire(order: TriggerOrder): boolean {
    const bracket = this.known.find(order.bracketId);
    return bracket === undefined || bracket.legs.every(({ state }) => state !== LEG_FIRED);
  }

  /** The price of a leg is reached: what is open of the entry, and of the order that came of the other leg, is canceled. */
  beforeFire(order: TriggerOrder): void {
    const bracket = this.known.find(order.bracketId);
    if (bracket === undefined) return;
    this.cancel(bracket.account, bracket.id);
    for (const leg of bracket.legs) {
      if (leg.state === LEG_PLACED) this.cancel(bracket.account, leg.orderId);
      if (leg.state === LEG_WAITS && leg.orderId === order.id) leg.state = LEG_FIRED;
    }
    this.byExit.set(order.id, bracket);
  }

  /** A fired trigger order has become an order; 0: it was refused. */
  onPlaced(triggerId: number, orderId: number): void {
    const bracket = this.byExit.get(triggerId);
    if (bracket === undefined) return;
    this.byExit.delete(triggerId);
    const leg = bracket.legs.find((one) => one.state === LEG_FIRED && one.orderId === triggerId);
    if (leg === undefined) return;
    leg.state = orderId === 0 ? LEG_GONE : LEG_PLACED;
    leg.orderId = orderId;
    if (orderId !== 0) this.byExit.set(orderId, bracket);
    this.again.add(bracket);
  }

  /** The owner has canceled a leg, or the market has. The other one stays. */
  onDropped(order: TriggerOrder): void {
    const bracket = this.known.find(order.bracketId);
    const leg = bracket?.legs.find(({ state, orderId }) => {
      return state === LEG_WAITS && orderId === order.id;
    });
    if (leg !== undefined) leg.state = LEG_GONE;
  }

  /** Forgets brackets of which nothing is left, so that the lane gets its trades back. */
  sweep(): void {
    if (this.known.size === 0) return;
    for (const bracket of this.known.values()) {
      if (!this.isLive(bracket)) this.forget(bracket);
    }
    this.market.triggers.look();
  }

  /** Count, then by id: id, account, flags, filled and closed lots; of each leg trigger price, limit, source, state, order id. */
  writeCanonical(writer: CanonicalWriter): void {
    const live = this.live();
    writer.put(live.length);
    for (const { id, account, flags, filledLots, closedLots, legs } of live) {
      for (const value of [id, account, flags, filledLots, closedLots]) writer.put(value);
      for (const { kind, triggerTicks, priceTicks, source, state, orderId } of legs) {
        for (const value of [kind, triggerTicks, priceTicks, source, state, orderId]) {
          writer.put(value);
        }
      }
    }
  }

  readCanonical(reader: CanonicalReader): void {
    for (let left = reader.take(); left > 0; left--) {
      const [id, account, flags] = [reader.take(), reader.take(), reader.take()];
      const [filledLots, closedLots] = [reader.take(), reader.take()];
      const legs = [readLeg(reader), readLeg(reader)];
      const bracket = { id, account, flags, legs, filledLots, closedLots };
      this.known.add(bracket);
      for (const { state, orderId } of legs) {
        if (state === LEG_FIRED || state === LEG_PLACED) this.byExit.set(orderId, bracket);
      }
    }
    this.market.triggers.look();
  }

  /** Whether the account may have one more. What is left of each is looked at only when there seem to be too many. */
  private hasRoom(account: number): boolean {
    const own = this.known.ofAccount(account);
    if (own.length < BRACKETS_PER_ACCOUNT_MAX) return true;
    for (const bracket of own) if (!this.isLive(bracket)) this.forget(bracket);
    return this.known.ofAccount(account).length < BRACKETS_PER_ACCOUNT_MAX;
  }

  private settle(bracket: Bracket): void {
    const { account, flags, legs } = bracket;
    const reason = bracket.filledLots === bracket.closedLots ? REASON_OCO : REASON_POSITION_CLOSED;
    const closable = this.market.positions.closableLots(account, sideOf(flags));
    if (closable === 0) bracket.closedLots = bracket.filledLots;
    const lots = bracket.filledLots - bracket.closedLots;
    for (const leg of legs) {
      if (lots === 0) this.disarm(leg, reason);
      else if (leg.state === LEG_IDLE) this.arm(bracket, leg, lots);
      else if (leg.state === LEG_WAITS) this.market.triggers.resize(leg.orderId, asQtyLots(lots));
    }
    if (!this.isLive(bracket)) this.forget(bracket);
    this.market.triggers.look();
  }

  private arm(bracket: Bracket, leg: Leg, lots: number): void {
    const isMarket = leg.priceTicks === 0;
    const becomes = isMarket ? FLAG_MARKET_ORDER | (TIF_IOC << TIF_SHIFT) : TIF_GTC << TIF_SHIFT;
    leg.orderId = this.market.book.takeOrderId();
    leg.state = LEG_WAITS;
    this.market.triggers.arm({
      id: leg.orderId,
      account: bracket.account,
      flags: bracket.flags | becomes,
      clientRef: NO_CLIENT_REF,
      kind: leg.kind,
      source: leg.source,
      triggerTicks: asPriceTicks(leg.triggerTicks),
      trailTicks: asPriceTicks(0),
      trailPpm: asPpm(0),
      bestTicks: asPriceTicks(0),
      ocoId: 0,
      bracketId: bracket.id,
      priceTicks: asPriceTicks(leg.priceTicks),
      qtyLots: asQtyLots(lots),
      closesPosition: false,
      expiryMs: asTimeMs(0),
    });
    this.again.add(bracket);
  }

  /** All of it is closed: a leg that waits ends, and would be armed again if the entry went on filling. */
  private disarm(leg: Leg, reason: number): void {
    if (leg.state !== LEG_WAITS) return;
    this.market.triggers.withdraw(leg.orderId, reason);
    leg.state = LEG_IDLE;
    leg.orderId = 0;
  }

  /** Of an entry or of a leg that became an order, whatever is open. */
  private cancel(account: number, orderId: number): void {
    if (!this.isOpen(account, orderId)) return;
    const { events, book } = this.market;
    const at = events.length * SLOT_WORDS + EW_FLAGS;
    book.cancel(this.scratch, 0);
    const flags = (events.words[at] as number) & ~(0xff << REASON_SHIFT);
    events.words[at] = flags | (REASON_OCO << REASON_SHIFT);
  }

  private isLive({ id, account, legs }: Bracket): boolean {
    const isPending = legs.some(({ state }) => state === LEG_WAITS || state === LEG_FIRED);
    if (isPending || this.isOpen(account, id)) return true;
    return legs.some(({ state, orderId }) => state === LEG_PLACED && this.isOpen(account, orderId));
  }

  private forget(bracket: Bracket): void {
    this.known.remove(bracket);
    for (const { orderId } of bracket.legs) this.byExit.delete(orderId);
  }

  private keep(bracket: Bracket): void {
    this.known.add(bracket);
    this.market.triggers.look();
  }

  /**
   * Not while the fills of a message are not counted yet: an entry that it has filled is no longer open, and its legs are not armed. When it comes is no state, so
   * what it forgets must be nothing to anybody.
   */
  private sweepMany(): void {
    if (this.known.size < this.sweepAt) return;
    this.sweep();
    this.sweepAt = Math.max(FIRST_SWEEP, this.known.size * 2);
  }

  /** EVT_BRACKET: what is attached to the order. */
  private tell(entry: Parameters<typeof pushParentEvent>[3], legs: readonly Leg[]): void {
    const { events, marketId } = this.market;
    const w = pushParentEvent(events, EVT_BRACKET, marketId, entry) * SLOT_WORDS;
    const [profit, stop] = legs as [Leg, Leg];
    events.words[w + BRACKET_EVENT_W_PROFIT_PRICE] = profit.triggerTicks;
    events.words[w + BRACKET_EVENT_W_PROFIT_LIMIT] = profit.priceTicks;
    events.words[w + BRACKET_EVENT_W_STOP_PRICE] = stop.triggerTicks;
    events.words[w + BRACKET_EVENT_W_STOP_LIMIT] = stop.priceTicks;
    events.words[w + BRACKET_EVENT_W_SOURCES] = profit.source | (stop.source << 8);
  }

  /** Leaves MSG_CANCEL of the order in `scratch`. */
  private isOpen(account: number, orderId: number): boolean {
    const { words, floats } = this.scratch;
    words.fill(0);
    words[W_HEAD] = headOf(MSG_CANCEL, 1, this.market.marketId);
    words[W_ACCOUNT] = account;
    words[W_CLIENT_REF] = NO_CLIENT_REF;
    floats[F_ORDER_ID] = orderId;
    return this.market.book.find(this.scratch, 0) !== NO_ORDER;
  }
}

function hasFill(events: MessageBuffer, first: number, orderId: number): boolean {
  for (let slot = first; slot < events.length; ) {
    const head = events.words[slot * SLOT_WORDS + W_HEAD] as number;
    const id = events.floats[slot * SLOT_FLOATS + EF_ORDER_ID] as number;
    if (typeOf(head) === EVT_FILL && id === orderId) return true;
    slot += slotsOf(head);
  }
  return false;
}

function readLeg(reader: CanonicalReader): Leg {
  return {
    kind: reader.take(),
    triggerTicks: reader.take(),
    priceTicks: reader.take(),
    source: reader.take(),
    state: reader.take(),
    orderId: reader.take(),
  };
}
