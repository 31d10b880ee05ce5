import {
  EF_LOTS,
  EF_OLD_REMAINING,
  EF_ORDER_ID,
  EF_POSITION,
  EF_REMAINING,
  EW_FLAGS,
  EW_LOSS_TICKS,
  EW_OLD_LOSS_TICKS,
  EW_PRICE,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import {
  EVT_ACCEPTED,
  EVT_CANCELED,
  EVT_FILL,
  EVT_RESERVE_AMEND,
  SIDE_BUY,
  sideOf,
} from '../messages/types.js';
import {
  amend,
  cancel,
  grantAmend,
  massCancel,
  place,
  replace,
  type SideName,
  type StpName,
  type TestMessage,
  type TifName,
} from './messages.js';
import type { Xorshift } from './xorshift.js';

/** What kind of market the random traders make. Shares are in percent. */
export interface Regime {
  name: string;
  accounts: number;
  priceTicksMax: number;
  lotsMax: number;
  reduceOnlyShare: number;
  gtdShare: number;
  /** Orders that prevent self-trades, in any mode. */
  preventionShare: number;
  /** Around which the number of open orders settles. */
  openOrders: number;
  /** Price of the next order. `away` leads away from the other side: −1 for a buy, 1 for a sell. */
  priceTicks(random: Xorshift, middle: number, away: number): number;
  /** Where the market goes next. */
  nextMiddle(random: Xorshift, middle: number): number;
}

/**
 * Makes random messages for a book. It listens to the book's events, so that cancels and amends mostly name open orders,
 * and questions for reserve are mostly answered, some of them late.
 */
export class RandomTrader {
  private readonly random: Xorshift;
  private readonly regime: Regime;
  private readonly open: { id: number; account: number }[] = [];
  private readonly placeOf = new Map<number, number>();
  private readonly positions = new Map<number, number>();
  private readonly grants: TestMessage[] = [];
  private middle: number;
  private request = 0;
  private nowMs = 1_000_000;

  constructor(random: Xorshift, regime: Regime) {
    this.random = random;
    this.regime = regime;
    this.middle = Math.ceil(regime.priceTicksMax / 2);
  }

  get timeMs(): number {
    return this.nowMs;
  }

  next(): TestMessage {
    const { random } = this;
    this.request += 1;
    this.nowMs += random.below(50);
    this.middle = this.clamp(this.regime.nextMiddle(random, this.middle));
    if (this.grants.length > 0 && random.chance(60)) return this.grants.shift() as TestMessage;
    // Few orders: mostly new ones. Too many: mostly cancels.
    const isFull = this.open.length > this.regime.openOrders;
    const dice = random.below(1000);
    if (dice < 200) return this.randomAmend();
    if (dice < 280) return this.randomReplace();
    if (dice < (isFull ? 600 : 340)) return this.randomCancel();
    if (dice < (isFull ? 606 : 342)) return this.randomMassCancel();
    return this.randomPlace(this.anyAccount());
  }

  /** Learns from the events that followed its message. */
  hear(events: MessageBuffer): void {
    for (let slot = 0; slot < events.length; ) {
      const w = slot * SLOT_WORDS;
      const f = slot * SLOT_FLOATS;
      const head = events.words[w + W_HEAD] as number;
      const id = events.floats[f + EF_ORDER_ID] as number;
      const type = typeOf(head);
      if (type === EVT_ACCEPTED) this.add(id, events.words[w + W_ACCOUNT] as number);
      else if (type === EVT_CANCELED) this.drop(id);
      else if (type === EVT_FILL) this.hearFill(events, slot);
      else if (type === EVT_RESERVE_AMEND) this.answerLater(events, slot);
      slot += slotsOf(head);
    }
  }

  /** An order that is open, or seldom one that is not. */
  anyOrder(): { id: number; account: number } {
    const { random } = this;
    if (this.open.length === 0 || random.chance(3)) {
      return { id: random.between(1, 1000), account: this.anyAccount() };
    }
    return random.pick(this.open);
  }

  anyAccount(): number {
    return this.random.between(1, this.regime.accounts);
  }

  private randomReplace(): TestMessage {
    const { id, account } = this.anyOrder();
    return replace(id, this.randomPlace(this.random.chance(97) ? account : this.anyAccount()));
  }

  private randomPlace(account: number): TestMessage {
    const { random, regime } = this;
    const reduceOnly = random.chance(regime.reduceOnlyShare);
    const side = reduceOnly ? this.closingSide(account) : this.anySide();
    const price = this.anyPrice(side);
    const tif = random.chance(regime.gtdShare) ? 'gtd' : this.anyTif();
    const isResting = tif === 'gtc' || tif === 'gtd';
    const isPostOnly = isResting && random.chance(20);
    const hasText = random.chance(10);
    const { session, request } = this.envelope(account);
    // Without a spread, which takes longer than both books do for the order.
    return place({
      account,
      session,
      request,
      side,
      price,
      lots: this.anyLots(),
      tif,
      market: !isPostOnly && tif !== 'gtd' && random.chance(5),
      postOnly: isPostOnly && random.pick<boolean | 'slide'>([true, 'slide']),
      reduceOnly,
      stp: this.anyPrevention(),
      tier: random.below(16),
      clientText: hasText ? 'a-text' : '',
      clientRef: random.between(-1, 500),
      expiryMs: tif === 'gtd' ? this.nowMs + random.between(1, 20_000) : 0,
      markDistance: this.markDistance(price),
    });
  }

  private randomCancel(): TestMessage {
    const { id, account } = this.anyOrder();
    return cancel(id, this.envelope(this.random.chance(97) ? account : this.anyAccount()));
  }

  private randomAmend(): TestMessage {
    const { random } = this;
    const { id, account } = this.anyOrder();
    const price = random.chance(60) ? this.anyPrice(this.anySide()) : 0;
    return amend({
      ...this.envelope(random.chance(97) ? account : this.anyAccount()),
      orderId: id,
      price,
      lots: random.chance(60) ? this.anyLots() : 0,
      markDistance: price === 0 ? random.between(-5, 5) : this.markDistance(price),
    });
  }

  private randomMassCancel(): TestMessage {
    const side = this.random.pick<SideName | undefined>(['buy', 'sell', undefined]);
    return massCancel({ ...this.envelope(this.anyAccount()), ...(side && { side }) });
  }

  private hearFill(events: MessageBuffer, slot: number): void {
    const account = events.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
    const f = slot * SLOT_FLOATS;
    this.positions.set(account, events.floats[f + EF_POSITION] as number);
    if (events.floats[f + EF_REMAINING] === 0) this.drop(events.floats[f + EF_ORDER_ID] as number);
  }

  private answerLater(events: MessageBuffer, slot: number): void {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    if (this.random.chance(15)) return;
    const isBuy = sideOf(events.words[w + EW_FLAGS] as number) === SIDE_BUY;
    const lossTicks = events.words[w + EW_LOSS_TICKS] as number;
    this.grants.push(
      grantAmend({
        ...this.envelope(events.words[w + W_ACCOUNT] as number),
        orderId: events.floats[f + EF_ORDER_ID] as number,
        side: isBuy ? 'buy' : 'sell',
        price: events.words[w + EW_PRICE] as number,
        lots: events.floats[f + EF_LOTS] as number,
        markDistance: isBuy ? lossTicks : -lossTicks,
        grantRemaining: events.floats[f + EF_REMAINING] as number,
        grantOldRemaining: events.floats[f + EF_OLD_REMAINING] as number,
        grantOldLossTicks: events.words[w + EW_OLD_LOSS_TICKS] as number,
      }),
    );
  }

  private envelope(account: number): { account: number; session: number; request: number } {
    return { account, session: this.random.between(1, 9), request: this.request };
  }

  private anyTif(): TifName {
    const dice = this.random.below(100);
    if (dice < 70) return 'gtc';
    return dice < 85 ? 'ioc' : 'fok';
  }

  private anyPrevention(): StpName {
    if (!this.random.chance(this.regime.preventionShare)) return 'none';
    return this.random.pick<StpName>(['cancel_taker', 'cancel_maker', 'cancel_both', 'decrement']);
  }

  /** Small sizes mostly, so that equal ones meet; sometimes up to the most. */
  private anyLots(): number {
    const most = this.random.chance(90) ? Math.min(20, this.regime.lotsMax) : this.regime.lotsMax;
    return this.random.between(1, most);
  }

  private anySide(): SideName {
    return this.random.pick<SideName>(['buy', 'sell']);
  }

  /** The side that reduces the account's position, or seldom the other. */
  private closingSide(account: number): SideName {
    const position = this.positions.get(account) ?? 0;
    if (position === 0 || this.random.chance(5)) return this.anySide();
    return position > 0 ? 'sell' : 'buy';
  }

  private anyPrice(side: SideName): number {
    return this.clamp(this.regime.priceTicks(this.random, this.middle, side === 'buy' ? -1 : 1));
  }

  private markDistance(price: number): number {
    return Math.round(price - this.middle) + this.random.between(-2, 2);
  }

  private clamp(priceTicks: number): number {
    return Math.max(1, Math.min(this.regime.priceTicksMax, Math.round(priceTicks)));
  }

  private add(id: number, account: number): void {
    this.placeOf.set(id, this.open.length);
    this.open.push({ id, account });
  }

  private drop(id: number): void {
    const at = this.placeOf.get(id);
    const last = this.open.pop();
    if (at === undefined || last === undefined) return;
    if (last.id !== id) {
      this.open[at] = last;
      this.placeOf.set(last.id, at);
    }
    this.placeOf.delete(id);
  }
}
