import { CLIENT_TEXT_MAX_BYTES } from '../../engine/messages/layout.js';
import {
  asPriceTicks,
  asQtyLots,
  type PriceTicks,
  type QtyLots,
} from '../../engine/units/units.js';
import { SELF_TRADE_MODES } from '../protocol/names.js';
import { TYPE_LIMIT } from '../protocol/order-types.js';

/** A client order id: none, a number, or text of 1 to 36 bytes. */
export class ClientId {
  /** 1 … 2^53 − 1; 0: none, or text. */
  number = 0;
  length = 0;
  readonly bytes = new Uint8Array(CLIENT_TEXT_MAX_BYTES);

  clear(): void {
    this.number = 0;
    this.length = 0;
  }

  get present(): boolean {
    return this.number !== 0 || this.length !== 0;
  }

  /**
   * Takes over text. Canonical decimal numbers below 2^53 become numbers, so that "17" and 17 are the same id
   * and most ids need no extra slot. False: not 1 to 36 of the allowed characters.
   */
  setBytes(source: Uint8Array, from: number, length: number): boolean {
    if (length < 1 || length > CLIENT_TEXT_MAX_BYTES) return false;
    let number = source[from] === 0x30 ? Number.NaN : 0;
    for (let i = 0; i < length; i++) {
      const byte = source[from + i] as number;
      if (ALLOWED[byte] !== 1) return false;
      this.bytes[i] = byte;
      number = byte >= 0x30 && byte <= 0x39 ? number * 10 + (byte - 0x30) : Number.NaN;
    }
    const inline = number <= Number.MAX_SAFE_INTEGER;
    this.number = inline ? number : 0;
    this.length = inline ? 0 : length;
    return true;
  }
}

/** Characters of a client id: A–Z a–z 0–9 . : / _ - */
const ALLOWED = new Uint8Array(256);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.:/_-') {
  ALLOWED[character.charCodeAt(0)] = 1;
}

export const UNSET = -1;
export const STP_DEFAULT = SELF_TRADE_MODES.indexOf('cancel_taker');

/** A take-profit or stop that is attached to an order. */
export class LegDraft {
  /** 0: there is none. */
  triggerTicks: PriceTicks = asPriceTicks(0);
  /** 0: it becomes a market order. */
  limitTicks: PriceTicks = asPriceTicks(0);
  source = 0;

  clear(): void {
    this.triggerTicks = asPriceTicks(0);
    this.limitTicks = asPriceTicks(0);
    this.source = 0;
  }
}

/**
 * A request for an order in numbers, before it becomes a command. One object is filled again and again: by the
 * fast decoder from bytes, or by the careful one from named fields.
 */
export class OrderDraft {
  marketId = 0;
  side = 0;
  type = TYPE_LIMIT;
  /** UNSET: gtc for limit orders, ioc for market orders. */
  timeInForce = UNSET;
  postOnly = 0;
  reduceOnly = false;
  /** What the order waits for (TRIGGER_…, PRICE_OF_…); kind 0: it does not wait. */
  triggerKind = 0;
  triggerSource = 0;
  triggerTicks: PriceTicks = asPriceTicks(0);
  /** Of a trailing stop: one of both. */
  trailTicks: PriceTicks = asPriceTicks(0);
  trailPpm = 0;
  closesPosition = false;
  /** The waiting order of which only one may fire, by one of its names; none when both are empty. */
  ocoOrderId = 0;
  readonly ocoClientId = new ClientId();
  selfTrade = STP_DEFAULT;
  /** 0: none, or in an amend unchanged. */
  priceTicks: PriceTicks = asPriceTicks(0);
  qtyLots: QtyLots = asQtyLots(0);
  orderId = 0;
  expiresAtMs = 0;
  deadlineMs = 0;
  /** 0: both sides. Else the flags of a mass cancel. */
  massSides = 0;
  /** Of cancelAllAfter; 0: switch it off. */
  timeoutMs = 0;
  /** Of setLeverage. */
  leverage = 0;
  /** Of takeOver. */
  auctionId = 0;
  /** Of setMarginMode (MARGIN_…). */
  marginMode = 0;
  /** Of moveMargin: micro-USD to the position, negative: from it. */
  movedMicroUsd = 0;
  /** Of a scaled order, whose first price is `priceTicks`. */
  lastTicks: PriceTicks = asPriceTicks(0);
  count = 0;
  distribution = 0;
  /** Attached to the order; a leg without a trigger price is none. */
  readonly profit = new LegDraft();
  readonly stop = new LegDraft();
  /** Of a TWAP. */
  slices = 0;
  durationMs = 0;
  readonly clientId = new ClientId();
  /** What a replace cancels. */
  targetOrderId = 0;
  readonly targetClientId = new ClientId();

  clear(): void {
    this.marketId = 0;
    this.side = 0;
    this.type = TYPE_LIMIT;
    this.timeInForce = UNSET;
    this.postOnly = 0;
    this.reduceOnly = false;
    this.triggerKind = 0;
    this.triggerSource = 0;
    this.triggerTicks = asPriceTicks(0);
    this.trailTicks = asPriceTicks(0);
    this.trailPpm = 0;
    this.closesPosition = false;
    this.ocoOrderId = 0;
    this.ocoClientId.clear();
    this.selfTrade = STP_DEFAULT;
    this.priceTicks = asPriceTicks(0);
    this.qtyLots = asQtyLots(0);
    this.orderId = 0;
    this.expiresAtMs = 0;
    this.deadlineMs = 0;
    this.massSides = 0;
    this.timeoutMs = 0;
    this.leverage = 0;
    this.auctionId = 0;
    this.marginMode = 0;
    this.movedMicroUsd = 0;
    this.lastTicks = asPriceTicks(0);
    this.count = 0;
    this.distribution = 0;
    this.profit.clear();
    this.stop.clear();
    this.slices = 0;
    this.durationMs = 0;
    this.clientId.clear();
    this.targetOrderId = 0;
    this.targetClientId.clear();
  }
}
