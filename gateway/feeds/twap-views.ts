import {
  EF_CLIENT_ID,
  EF_EXPIRY,
  EF_LOTS,
  EF_ORDER_ID,
  EF_PARENT_ORDER_ID,
  EF_REMAINING,
  EW_CHILDREN,
  EW_CLIENT_TEXT,
  EW_CLIENT_TEXT_LENGTH,
  EW_FLAGS,
  EW_PRICE,
  marketOf,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import {
  EVT_ACCEPTED,
  EVT_CANCELED,
  EVT_FILL,
  EVT_PARENT_ENDED,
  EVT_TWAP_ACCEPTED,
} from '../../engine/messages/types.js';
import { asciiOf } from '../codec/json-sink.js';

/** A TWAP that runs, as a seed at start-up gives it, and as a snapshot shows it. */
export interface RunningTwap {
  marketId: number;
  orderId: number;
  accountId: number;
  flags: number;
  /** 0: none. */
  priceTicks: number;
  qtyLots: number;
  remainingLots: number;
  slices: number;
  endsAtMs: number;
  /** Empty: none. Numbers as digits. */
  clientOrderId: string;
}

/** The TWAPs that run, folded from the events of the private feeds: their slices are orders that name them. */
export class TwapViews {
  private readonly byId = new Map<string, RunningTwap>();
  private readonly byAccount = new Map<number, RunningTwap[]>();
  /** By market and order id of a slice that is open. */
  private readonly slices = new Map<string, RunningTwap>();

  /** An event that has a number in its account's feed. */
  apply(words: Int32Array, floats: Float64Array, at: number): void {
    const type = typeOf(words[at + W_HEAD] as number);
    if (type === EVT_TWAP_ACCEPTED) this.seed(readTwap(words, floats, at));
    // All others concern only those that run.
    if (this.byId.size === 0) return;
    const market = marketOf(words[at + W_HEAD] as number);
    const f = at / 2;
    const key = keyOf(market, floats[f + EF_ORDER_ID] as number);
    if (type === EVT_PARENT_ENDED) this.remove(key);
    else if (type === EVT_ACCEPTED) {
      const parent = this.byId.get(keyOf(market, floats[f + EF_PARENT_ORDER_ID] as number));
      if (parent !== undefined) this.slices.set(key, parent);
    } else if (type === EVT_CANCELED) this.slices.delete(key);
    else if (type === EVT_FILL) {
      const parent = this.slices.get(key);
      if (parent === undefined) return;
      parent.remainingLots -= floats[f + EF_LOTS] as number;
      if (floats[f + EF_REMAINING] === 0) this.slices.delete(key);
    }
  }

  seed(twap: RunningTwap): void {
    const key = keyOf(twap.marketId, twap.orderId);
    if (this.byId.has(key)) return;
    this.byId.set(key, twap);
    this.byAccount.set(twap.accountId, [...this.ofAccount(twap.accountId), twap]);
  }

  /** Oldest first within a market. */
  ofAccount(account: number): readonly RunningTwap[] {
    return this.byAccount.get(account) ?? [];
  }

  private remove(key: string): void {
    const twap = this.byId.get(key);
    if (twap === undefined) return;
    this.byId.delete(key);
    const others = this.ofAccount(twap.accountId).filter((other) => other !== twap);
    if (others.length === 0) this.byAccount.delete(twap.accountId);
    else this.byAccount.set(twap.accountId, others);
  }
}

function readTwap(words: Int32Array, floats: Float64Array, at: number): RunningTwap {
  const f = at / 2;
  const head = words[at + W_HEAD] as number;
  const number = floats[f + EF_CLIENT_ID] as number;
  const length = slotsOf(head) > 2 ? (words[at + EW_CLIENT_TEXT_LENGTH] as number) : 0;
  const text = length > 0 ? asciiOf(words, at + EW_CLIENT_TEXT, length) : '';
  return {
    marketId: marketOf(head),
    orderId: floats[f + EF_ORDER_ID] as number,
    accountId: words[at + W_ACCOUNT] as number,
    flags: words[at + EW_FLAGS] as number,
    priceTicks: words[at + EW_PRICE] as number,
    qtyLots: floats[f + EF_LOTS] as number,
    remainingLots: floats[f + EF_REMAINING] as number,
    slices: words[at + EW_CHILDREN] as number,
    endsAtMs: floats[f + EF_EXPIRY] as number,
    clientOrderId: number === 0 ? text : String(number),
  };
}

function keyOf(marketId: number, orderId: number): string {
  return `${marketId}:${orderId}`;
}
