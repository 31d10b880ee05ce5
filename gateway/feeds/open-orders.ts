import type { BracketTerms } from '../codec/bracket-messages.js';
import { asciiOf } from '../codec/json-sink.js';
import { OrderIndex } from './order-index.js';

const FIRST_ORDERS = 1024;
const NONE = -1;

/** An open order as a seed at start-up gives it, and as a snapshot shows it. */
export interface OpenOrder {
  marketId: number;
  orderId: number;
  accountId: number;
  /** The engine's flags of the order. */
  flags: number;
  priceTicks: number;
  qtyLots: number;
  remainingLots: number;
  /** 0: none. */
  expiresAtMs: number;
  /** Empty: none. Numbers as digits. */
  clientOrderId: string;
  /** What it waits for outside of the book; null: it is in the book. */
  trigger: TriggerTerms | null;
  /** What is attached to it; null: nothing. */
  bracket: BracketTerms | null;
}

export interface TriggerTerms {
  /** TRIGGER_… and PRICE_OF_…. */
  kind: number;
  source: number;
  /** 0: of a trailing stop, whose price moves on. */
  priceTicks: number;
  trailTicks: number;
  trailPpm: number;
  /** The waiting order of which only one may fire; 0: none. */
  ocoOrderId: number;
  closesPosition: boolean;
  /** Of a leg of a bracket the order that it is attached to; else 0. */
  parentOrderId: number;
}

/**
 * All open orders of all markets: columns in typed arrays, a hash of ids for each market, and a list for each account. The
 * gateway needs it twice: for the levels of the book and for the snapshot of a private feed.
 */
export class OpenOrders {
  private ids = new Float64Array(FIRST_ORDERS);
  private markets = new Int32Array(FIRST_ORDERS);
  accounts = new Int32Array(FIRST_ORDERS);
  flags = new Int32Array(FIRST_ORDERS);
  prices = new Int32Array(FIRST_ORDERS);
  quantities = new Float64Array(FIRST_ORDERS);
  remaining = new Float64Array(FIRST_ORDERS);
  /** Of those that rest: grows with each time that an order goes to the end of its price's queue. */
  priorities = new Float64Array(FIRST_ORDERS);
  private expiries = new Float64Array(FIRST_ORDERS);
  private clientIds = new Float64Array(FIRST_ORDERS);
  /** Client ids that are text; most are numbers. */
  private readonly clientTexts = new Map<number, string>();
  /** Of orders that wait for a price. */
  private readonly triggers = new Map<number, TriggerTerms>();
  /** Of orders with something attached. */
  private readonly brackets = new Map<number, BracketTerms>();
  private next = new Int32Array(FIRST_ORDERS);
  private previous = new Int32Array(FIRST_ORDERS);
  private headOfAccount = new Int32Array(FIRST_ORDERS).fill(NONE);
  /** By market: order ids count from 1 in each. */
  private readonly indices: OrderIndex[] = [];
  private free = NONE;
  private slots = 0;
  /** Orders that are open. */
  count = 0;

  /** The slot of an order, −1 when it is not open. */
  find(marketId: number, orderId: number): number {
    return this.indices[marketId]?.get(orderId) ?? NONE;
  }

  add(marketId: number, orderId: number, account: number): number {
    const slot = this.take();
    this.ids[slot] = orderId;
    this.markets[slot] = marketId;
    this.accounts[slot] = account;
    this.indexOf(marketId).put(orderId, slot);
    if (account >= this.headOfAccount.length) {
      this.headOfAccount = grownInts(this.headOfAccount, account + 1, NONE);
    }
    const head = this.headOfAccount[account] as number;
    this.next[slot] = head;
    this.previous[slot] = NONE;
    if (head !== NONE) this.previous[head] = slot;
    this.headOfAccount[account] = slot;
    this.expiries[slot] = 0;
    this.clientIds[slot] = 0;
    this.count++;
    return slot;
  }

  setDetails(slot: number, expiresAtMs: number, clientId: number): void {
    this.expiries[slot] = expiresAtMs;
    this.clientIds[slot] = clientId;
  }

  setClientText(slot: number, words: Int32Array, firstWord: number, length: number): void {
    this.clientTexts.set(slot, asciiOf(words, firstWord, length));
  }

  seedClientText(slot: number, text: string): void {
    this.clientTexts.set(slot, text);
  }

  setTrigger(slot: number, terms: TriggerTerms): void {
    this.triggers.set(slot, terms);
  }

  setBracket(slot: number, terms: BracketTerms): void {
    this.brackets.set(slot, terms);
  }

  /** The waiting order with this id is told of its partner, which was placed after it. */
  pair(marketId: number, orderId: number, partnerSlot: number): void {
    const terms = this.triggers.get(this.find(marketId, orderId));
    if (terms !== undefined) terms.ocoOrderId = this.ids[partnerSlot] as number;
  }

  remove(slot: number): void {
    this.indexOf(this.markets[slot] as number).delete(this.ids[slot] as number);
    const next = this.next[slot] as number;
    const previous = this.previous[slot] as number;
    if (next !== NONE) this.previous[next] = previous;
    if (previous !== NONE) this.next[previous] = next;
    else this.headOfAccount[this.accounts[slot] as number] = next;
    if (this.clientTexts.size > 0) this.clientTexts.delete(slot);
    if (this.triggers.size > 0) this.triggers.delete(slot);
    if (this.brackets.size > 0) this.brackets.delete(slot);
    this.next[slot] = this.free;
    this.free = slot;
    this.count--;
  }

  /** Slots of a market's open orders, in no order. */
  ofMarket(marketId: number): number[] {
    return this.indices[marketId]?.slots() ?? [];
  }

  idOf(slot: number): number {
    return this.ids[slot] as number;
  }

  /** It waits for a price, so it is in no queue. */
  isWaiting(slot: number): boolean {
    return this.triggers.has(slot);
  }

  /** An account's open order, null when it has none with this id. */
  orderOf(account: number, marketId: number, orderId: number): OpenOrder | null {
    const slot = this.find(marketId, orderId);
    return slot !== NONE && this.accounts[slot] === account ? this.read(slot) : null;
  }

  /** The same by its client id, a number. The account's orders are walked through, but not read. */
  orderNamed(account: number, marketId: number, clientId: number): OpenOrder | null {
    const text = String(clientId);
    for (let slot = this.firstOf(account); slot !== NONE; slot = this.next[slot] as number) {
      if (this.markets[slot] !== marketId) continue;
      // Of orders from before the start it is known as text.
      const isNamed = this.clientIds[slot] === clientId || this.clientTexts.get(slot) === text;
      if (isNamed) return this.read(slot);
    }
    return null;
  }

  /** How many open orders an account has. */
  countOf(account: number): number {
    let count = 0;
    for (let slot = this.firstOf(account); slot !== NONE; slot = this.next[slot] as number) count++;
    return count;
  }

  /** The open orders of an account, oldest first within a market. */
  ofAccount(account: number): OpenOrder[] {
    const orders: OpenOrder[] = [];
    for (let slot = this.firstOf(account); slot !== NONE; slot = this.next[slot] as number) {
      orders.push(this.read(slot));
    }
    return orders.sort((a, b) => a.marketId - b.marketId || a.orderId - b.orderId);
  }

  private firstOf(account: number): number {
    return account < this.headOfAccount.length ? (this.headOfAccount[account] as number) : NONE;
  }

  private read(slot: number): OpenOrder {
    const clientId = this.clientIds[slot] as number;
    return {
      marketId: this.markets[slot] as number,
      orderId: this.ids[slot] as number,
      accountId: this.accounts[slot] as number,
      flags: this.flags[slot] as number,
      priceTicks: this.prices[slot] as number,
      qtyLots: this.quantities[slot] as number,
      remainingLots: this.remaining[slot] as number,
      expiresAtMs: this.expiries[slot] as number,
      clientOrderId: this.clientTexts.get(slot) ?? (clientId === 0 ? '' : String(clientId)),
      trigger: this.triggers.get(slot) ?? null,
      bracket: this.brackets.get(slot) ?? null,
    };
  }

  private indexOf(marketId: number): OrderIndex {
    let index = this.indices[marketId];
    if (index === undefined) {
      index = new OrderIndex((slot) => this.ids[slot] as number);
      this.indices[marketId] = index;
    }
    return index;
  }

  private take(): number {
    if (this.free !== NONE) {
      const slot = this.free;
      this.free = this.next[slot] as number;
      return slot;
    }
    if (this.slots === this.ids.length) this.grow();
    return this.slots++;
  }

  private grow(): void {
    const capacity = this.ids.length * 2;
    this.ids = grownFloats(this.ids, capacity);
    this.markets = grownInts(this.markets, capacity, 0);
    this.accounts = grownInts(this.accounts, capacity, 0);
    this.flags = grownInts(this.flags, capacity, 0);
    this.prices = grownInts(this.prices, capacity, 0);
    this.quantities = grownFloats(this.quantities, capacity);
    this.remaining = grownFloats(this.remaining, capacity);
    this.priorities = grownFloats(this.priorities, capacity);
    this.expiries = grownFloats(this.expiries, capacity);
    this.clientIds = grownFloats(this.clientIds, capacity);
    this.next = grownInts(this.next, capacity, NONE);
    this.previous = grownInts(this.previous, capacity, NONE);
  }
}

export function grownInts(
  old: Int32Array<ArrayBuffer>,
  least: number,
  fill: number,
): Int32Array<ArrayBuffer> {
  let capacity = old.length;
  while (capacity < least) capacity *= 2;
  const ints = new Int32Array(capacity);
  ints.set(old);
  if (fill !== 0) ints.fill(fill, old.length);
  return ints;
}

export function grownFloats(
  old: Float64Array<ArrayBuffer>,
  least: number,
): Float64Array<ArrayBuffer> {
  let capacity = old.length;
  while (capacity < least) capacity *= 2;
  const floats = new Float64Array(capacity);
  floats.set(old);
  return floats;
}
