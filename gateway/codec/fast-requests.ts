import { asPriceTicks, asQtyLots } from '../../engine/units/units.js';
import { type OrderDraft, UNSET } from '../commands/draft.js';
import { checkNewOrder } from '../commands/order-rules.js';
import type { Market, Markets } from '../markets.js';
import { POST_ONLY_MODES, SELF_TRADE_MODES, SIDES, TIMES_IN_FORCE } from '../protocol/names.js';
import { TYPE_MARKET } from '../protocol/order-types.js';
import { REQUESTS } from '../protocol/requests.js';
import { parseUnits } from './decimal-text.js';

const NIL = 0xc0;

/**
 * Decodes place and cancel from msgpack bytes straight into a draft, without objects. It accepts only what is right in
 * every way and says nothing about the rest: the careful decoder then finds the words. A fuzz test holds the two
 * together.
 */
export class FastRequests {
  private readonly markets: Markets;
  private bytes: Uint8Array = new Uint8Array(0);
  private at = 0;
  private left = 0;
  private bad = false;
  /** Id of the request that was decoded. */
  id = 0;
  private readonly floatBytes = new Uint8Array(8);
  private readonly float = new DataView(this.floatBytes.buffer);

  constructor(markets: Markets) {
    this.markets = markets;
  }

  /** The code of the request whose draft is ready, or 0: let the careful decoder look. */
  decode(bytes: Uint8Array, draft: OrderDraft): number {
    const head = bytes[0] as number;
    const code = bytes[1] as number;
    // Requests with more than 15 items or another code are not of the hot kind.
    if ((head & 0xf0) !== 0x90 || (code !== REQUESTS.place.code && code !== REQUESTS.cancel.code)) {
      return 0;
    }
    this.bytes = bytes;
    this.at = 2;
    this.left = (head & 0x0f) - 1;
    this.bad = false;
    this.id = this.uint(0x7fffffff);
    if (this.bad || this.id === 0) return 0;
    draft.clear();
    const market = this.market();
    if (market === undefined) return 0;
    draft.marketId = market.id;
    const complete = code === REQUESTS.place.code ? this.place(draft, market) : this.cancel(draft);
    return complete && !this.bad && this.left === 0 && this.at === bytes.length ? code : 0;
  }

  private place(draft: OrderDraft, market: Market): boolean {
    const p = market.params;
    draft.side = this.uint(SIDES.length - 1);
    draft.priceTicks = asPriceTicks(this.decimal(p.tickMantissa, p.tickDecimals, p.priceTicksMax));
    draft.qtyLots = asQtyLots(this.decimal(p.lotMantissa, p.lotDecimals, p.qtyLotsMax));
    if (this.bad || this.left < 0) return false;
    // Orders that wait for a price are left to the careful decoder.
    if (this.more()) draft.type = this.uint(TYPE_MARKET);
    draft.timeInForce = this.more() ? this.uint(TIMES_IN_FORCE.length - 1) : UNSET;
    if (this.more()) draft.postOnly = this.uint(POST_ONLY_MODES.length - 1);
    if (this.more()) draft.reduceOnly = this.flag();
    if (this.more()) draft.selfTrade = this.uint(SELF_TRADE_MODES.length - 1);
    if (this.more()) this.clientId(draft);
    if (this.more()) draft.expiresAtMs = this.positive();
    if (this.more()) draft.deadlineMs = this.positive();
    // timestamp and recvWindow are left to the careful decoder: then items are left over.
    return !this.bad && checkNewOrder(draft, market) === null;
  }

  private cancel(draft: OrderDraft): boolean {
    if (this.more()) draft.orderId = this.positive();
    if (this.more()) this.clientId(draft);
    if (this.more()) draft.deadlineMs = this.positive();
    return (draft.orderId !== 0) !== draft.clientId.present;
  }

  /** Whether the next item is there and not nil; skips it when it is nil. */
  private more(): boolean {
    if (this.left <= 0) return false;
    if (this.bytes[this.at] !== NIL) return true;
    this.at++;
    this.left--;
    return false;
  }

  private market(): Market | undefined {
    const head = this.bytes[this.at] as number;
    if ((head & 0xe0) !== 0xa0) return this.markets.get(this.uint(0xffff));
    const length = head & 0x1f;
    const market = this.markets.findBytes(this.bytes, this.at + 1, length);
    this.at += length + 1;
    this.left--;
    return market;
  }

  private uint(most: number): number {
    const bytes = this.bytes;
    const head = bytes[this.at++] as number;
    this.left--;
    let value = head;
    if (head >= 0x80) {
      let width = 0;
      if (head === 0xcc) width = 1;
      else if (head === 0xcd) width = 2;
      else if (head === 0xce) width = 4;
      else if (head === 0xcb) return this.float64(most);
      else this.bad = true;
      value = 0;
      for (let i = 0; i < width; i++) value = value * 256 + (bytes[this.at++] as number);
    }
    // Past the end the bytes are undefined and the sum is not a number: refused as well.
    if (!(value <= most)) this.bad = true;
    return value;
  }

  private float64(most: number): number {
    for (let i = 0; i < 8; i++) this.floatBytes[i] = this.bytes[this.at++] as number;
    const value = this.float.getFloat64(0);
    if (!(value >= 0 && value <= most && Number.isInteger(value))) this.bad = true;
    return value;
  }

  private positive(): number {
    const value = this.uint(Number.MAX_SAFE_INTEGER);
    if (value === 0) this.bad = true;
    return value;
  }

  private flag(): boolean {
    const head = this.bytes[this.at++];
    this.left--;
    if (head !== 0xc2 && head !== 0xc3) this.bad = true;
    return head === 0xc3;
  }

  private decimal(mantissa: number, decimals: number, most: number): number {
    const head = this.bytes[this.at] as number;
    this.left--;
    if (head === NIL) {
      this.at++;
      return 0;
    }
    const from = this.at + 1;
    const to = from + (head & 0x1f);
    this.at = to;
    if ((head & 0xe0) !== 0xa0 || to > this.bytes.length) {
      this.bad = true;
      return 0;
    }
    const units = parseUnits(this.bytes, from, to, mantissa, decimals);
    if (units < 1 || units > most) this.bad = true;
    return units;
  }

  private clientId(draft: OrderDraft): void {
    const head = this.bytes[this.at] as number;
    if ((head & 0xe0) !== 0xa0) {
      draft.clientId.number = this.positive();
      return;
    }
    const length = head & 0x1f;
    const from = this.at + 1;
    this.at = from + length;
    this.left--;
    if (this.at > this.bytes.length || !draft.clientId.setBytes(this.bytes, from, length)) {
      this.bad = true;
    }
  }
}
