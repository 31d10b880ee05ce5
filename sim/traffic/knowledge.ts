import {
  EF_CLIENT_ID,
  EF_LOTS,
  EF_ORDER_ID,
  EF_REMAINING,
  EVENT_SLOTS,
  EW_CLIENT_TEXT,
  EW_CLIENT_TEXT_LENGTH,
  EW_CODE,
  EW_FLAGS,
  EW_PRICE,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  AUCTION_ENDED,
  AUCTION_OPENED,
  BALANCE_TRANSFER,
  EVT_ACCEPTED,
  EVT_ACCOUNT_CREATED,
  EVT_AMENDED,
  EVT_AUCTION,
  EVT_BALANCE,
  EVT_BRACKET,
  EVT_CANCELED,
  EVT_DUPLICATE,
  EVT_FILL,
  EVT_FUNDING,
  EVT_INSURANCE,
  EVT_LIQUIDATION,
  EVT_MARGIN_MODE,
  EVT_MARK_PRICE,
  EVT_PARENT_ENDED,
  EVT_POSITION_MARGIN,
  EVT_REJECTED,
  EVT_SCALED_ACCEPTED,
  EVT_SLICE,
  EVT_SUB_ACCOUNT,
  EVT_TRANSFER,
  EVT_TRIGGER_ACCEPTED,
  EVT_TRIGGER_AMENDED,
  EVT_TRIGGER_CANCELED,
  EVT_TRIGGER_REJECTED,
  EVT_TRIGGERED,
  EVT_TWAP_ACCEPTED,
  MARGIN_ISOLATED,
  reasonOf,
  TRANSFER_DELEVERAGING,
} from '../../engine/messages/types.js';
import type { MarketPlan } from './market-menu.js';
import type { ClientKey } from './wire.js';

export interface KnownOrder {
  marketId: number;
  orderId: number;
  account: number;
  flags: number;
  price: number;
  client: ClientKey;
  /** Outside of the book, for a price. */
  waits: boolean;
}

const SCALED_REMEMBERED = 6;

/** Markets that were asked for, whether the command has arrived yet or not. */
export interface KnownMarket {
  marketId: number;
  plan: MarketPlan;
  markTicks: number;
}

export interface KnownAuction {
  marketId: number;
  id: number;
  /** Of who takes over. */
  side: number;
}

/**
 * What the traders and operators have heard so far. It only makes the traffic meaningful: after a power failure parts of
 * it are wrong, as with real clients.
 */
export class Knowledge {
  readonly markets: KnownMarket[] = [];
  readonly open: KnownOrder[] = [];
  /** The latest scaled orders, some of which still have something open. */
  readonly scaled: KnownOrder[] = [];
  accounts = 0;
  /** By account, 0 for none. */
  private readonly parents: number[] = [];
  /** How often each kind of thing happened: shows whether a run was worth anything. */
  readonly counts = {
    accepted: 0,
    fills: 0,
    canceled: 0,
    amended: 0,
    rejected: 0,
    duplicates: 0,
    fundingPayments: 0,
    liquidationSteps: 0,
    modesChanged: 0,
    positionMargins: 0,
    positionLiquidations: 0,
    waiting: 0,
    triggered: 0,
    firedInVain: 0,
    auctions: 0,
    takenOver: 0,
    deleveraged: 0,
    insurancePayments: 0,
    scaled: 0,
    twaps: 0,
    slices: 0,
    twapsFilled: 0,
    brackets: 0,
    legsResized: 0,
    subAccounts: 0,
    transfers: 0,
  };
  /** Auctions that may still be open. */
  readonly auctions: KnownAuction[] = [];
  /** Where margin was isolated, perhaps not any more. */
  readonly isolated: { account: number; marketId: number }[] = [];
  private readonly places = new Map<string, number>();

  market(marketId: number): KnownMarket | undefined {
    return this.markets.find((market) => market.marketId === marketId);
  }

  /** The account at the top of its parents: it and all below it live in one place. */
  topOf(account: number): number {
    const parent = this.parents[account] ?? 0;
    return parent > 0 && parent < account ? this.topOf(parent) : account;
  }

  noteAccount(account: number, parent: number): void {
    this.accounts = Math.max(this.accounts, account);
    this.parents[account] = parent;
  }

  /** How many accounts are somebody's sub-accounts, and the newest of them. */
  get children(): number {
    return this.parents.filter((parent) => parent > 0).length;
  }
  get anyChild(): number | undefined {
    const child = this.parents.findLastIndex((parent) => parent > 0);
    return child < 0 ? undefined : child;
  }

  childrenOf(account: number): number[] {
    return this.parents.flatMap((parent, child) => (parent === account ? [child] : []));
  }

  hear(events: MessageBuffer, firstSlot: number): void {
    for (let slot = firstSlot; slot < events.length; ) {
      const w = slot * SLOT_WORDS;
      const head = events.words[w + W_HEAD] as number;
      this.hearOne(events, slot, typeOf(head), marketOf(head));
      slot += slotsOf(head);
    }
  }

  private hearOne(events: MessageBuffer, slot: number, type: number, marketId: number): void {
    const w = slot * SLOT_WORDS;
    const f = slot * SLOT_FLOATS;
    const orderId = events.floats[f + EF_ORDER_ID] as number;
    const account = events.words[w + W_ACCOUNT] as number;
    this.count(type, marketId);
    const isNew = type === EVT_ACCEPTED || type === EVT_TRIGGER_ACCEPTED;
    if (isNew || type === EVT_TWAP_ACCEPTED || type === EVT_SCALED_ACCEPTED) {
      const flags = events.words[w + EW_FLAGS] as number;
      const price = events.words[w + EW_PRICE] as number;
      const waits = type === EVT_TRIGGER_ACCEPTED;
      const client = clientOf(events, slot);
      const order = { marketId, orderId, account, flags, price, client, waits };
      // Nobody tells when the last order of a scaled one has gone.
      if (type === EVT_SCALED_ACCEPTED) this.addScaled(order);
      else this.add(order);
    } else if (type === EVT_PARENT_ENDED) {
      if (events.floats[f + EF_REMAINING] === 0) this.counts.twapsFilled++;
      this.drop(marketId, orderId);
    } else if (type === EVT_CANCELED || type === EVT_TRIGGER_CANCELED || type === EVT_TRIGGERED) {
      this.drop(marketId, orderId);
    } else if (type === EVT_FILL) {
      if (events.floats[f + EF_REMAINING] === 0) this.drop(marketId, orderId);
    } else if (type === EVT_MARGIN_MODE) {
      if (events.words[w + EW_FLAGS] === MARGIN_ISOLATED) this.isolated.push({ account, marketId });
    } else if (type === EVT_ACCOUNT_CREATED) {
      this.noteAccount(account, orderId);
    } else if (type === EVT_BALANCE) {
      const isTransfer = events.words[w + EW_FLAGS] === BALANCE_TRANSFER;
      if (isTransfer && (events.floats[f + EF_LOTS] as number) > 0) this.counts.transfers++;
    } else if (type === EVT_AUCTION) {
      this.hearAuction(events, slot, marketId);
    } else if (type === EVT_TRANSFER) {
      this.countTransfer(events.words[w + EW_FLAGS] as number);
    } else if (type === EVT_MARK_PRICE) {
      const market = this.market(marketId);
      if (market !== undefined) market.markTicks = events.words[w + EW_PRICE] as number;
    }
  }

  private hearAuction(events: MessageBuffer, slot: number, marketId: number): void {
    const w = slot * SLOT_WORDS;
    const id = events.floats[slot * SLOT_FLOATS + EF_ORDER_ID] as number;
    const stage = events.words[w + EW_CODE];
    if (stage === AUCTION_OPENED) {
      this.counts.auctions++;
      this.auctions.push({ marketId, id, side: events.words[w + EW_FLAGS] as number });
    } else if (stage === AUCTION_ENDED) {
      const place = this.auctions.findIndex((known) => {
        return known.id === id && known.marketId === marketId;
      });
      // Some come back as late news, and then they are not open any more.
      if (place >= 0 && this.auctions.length > 3) this.auctions.splice(place, 1);
    }
  }

  private countTransfer(flags: number): void {
    if (reasonOf(flags) === TRANSFER_DELEVERAGING) this.counts.deleveraged++;
    else this.counts.takenOver++;
  }

  private count(type: number, marketId: number): void {
    if (type === EVT_ACCEPTED) this.counts.accepted++;
    else if (type === EVT_FILL) this.counts.fills++;
    else if (type === EVT_CANCELED) this.counts.canceled++;
    else if (type === EVT_AMENDED) this.counts.amended++;
    else if (type === EVT_REJECTED) this.counts.rejected++;
    else if (type === EVT_DUPLICATE) this.counts.duplicates++;
    else if (type === EVT_FUNDING) this.counts.fundingPayments++;
    else if (type === EVT_LIQUIDATION) this.countLiquidation(marketId);
    else if (type === EVT_INSURANCE) this.counts.insurancePayments++;
    else if (type === EVT_MARGIN_MODE) this.counts.modesChanged++;
    else if (type === EVT_POSITION_MARGIN) this.counts.positionMargins++;
    else if (type === EVT_TRIGGER_ACCEPTED) this.counts.waiting++;
    else if (type === EVT_TRIGGERED) this.counts.triggered++;
    else if (type === EVT_TRIGGER_REJECTED) this.counts.firedInVain++;
    else if (type === EVT_SCALED_ACCEPTED) this.counts.scaled++;
    else if (type === EVT_TWAP_ACCEPTED) this.counts.twaps++;
    else if (type === EVT_SLICE) this.counts.slices++;
    else if (type === EVT_BRACKET) this.counts.brackets++;
    else if (type === EVT_TRIGGER_AMENDED) this.counts.legsResized++;
    else if (type === EVT_SUB_ACCOUNT) this.counts.subAccounts++;
  }

  private addScaled(order: KnownOrder): void {
    this.scaled.push(order);
    if (this.scaled.length > SCALED_REMEMBERED) this.scaled.shift();
  }

  private countLiquidation(marketId: number): void {
    this.counts.liquidationSteps++;
    if (marketId !== 0) this.counts.positionLiquidations++;
  }

  private add(order: KnownOrder): void {
    this.drop(order.marketId, order.orderId);
    this.places.set(`${order.marketId}:${order.orderId}`, this.open.length);
    this.open.push(order);
  }

  private drop(marketId: number, orderId: number): void {
    const key = `${marketId}:${orderId}`;
    const place = this.places.get(key);
    if (place === undefined) return;
    this.places.delete(key);
    const last = this.open.pop() as KnownOrder;
    if (place === this.open.length) return;
    this.open[place] = last;
    this.places.set(`${last.marketId}:${last.orderId}`, place);
  }
}

/** The client id that an event carries, 0 for none. */
export function clientOf(events: MessageBuffer, slot: number): ClientKey {
  const w = slot * SLOT_WORDS;
  const isText = slotsOf(events.words[w + W_HEAD] as number) > EVENT_SLOTS;
  if (!isText) return events.floats[slot * SLOT_FLOATS + EF_CLIENT_ID] as number;
  const length = events.words[w + EW_CLIENT_TEXT_LENGTH] as number;
  let text = '';
  for (let i = 0; i < length; i++) {
    const word = events.words[w + EW_CLIENT_TEXT + (i >> 2)] as number;
    text += String.fromCharCode((word >>> ((i & 3) * 8)) & 0xff);
  }
  return text;
}
