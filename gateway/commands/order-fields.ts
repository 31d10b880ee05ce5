import { FLAG_MASS_ASKS, FLAG_MASS_BIDS } from '../../engine/messages/types.js';
import { SCALED_ORDERS_MAX } from '../../engine/parents/scaled-order.js';
import {
  TWAP_DURATION_MS_MAX,
  TWAP_INTERVAL_MS_MIN,
  TWAP_SLICES_MAX,
} from '../../engine/parents/twap-schedule.js';
import {
  asPriceTicks,
  asQtyLots,
  MARKET_ID_ALL,
  MICRO_USD_MAX,
  PPM_ONE,
  type PriceTicks,
  type QtyLots,
} from '../../engine/units/units.js';
import {
  DECIMAL_MALFORMED,
  DECIMAL_TOO_LARGE,
  formatScaled,
  parseUnits,
} from '../codec/decimal-text.js';
import type { ReadRequest } from '../codec/request-reader.js';
import type { Market, Markets } from '../markets.js';
import { ENUM_FIELDS } from '../protocol/names.js';
import { plainTypeOf, triggerKindOf } from '../protocol/order-types.js';
import { BRACKET_FIELDS, bracketProblem } from './bracket-rules.js';
import type { ClientId, OrderDraft } from './draft.js';
import { checkNewOrder, checkSizes } from './order-rules.js';
import { scaledProblem, twapProblem } from './parent-rules.js';
import { type Problem, problem, shown } from './problem.js';
import { TRIGGER_FIELDS, triggerProblem } from './trigger-rules.js';

const RECV_WINDOW_DEFAULT_MS = 5_000;
const RECV_WINDOW_MAX_MS = 60_000;
const TRIGGER_NAMES: ReadonlySet<string> = new Set(TRIGGER_FIELDS);
const BRACKET_NAMES: ReadonlySet<string> = new Set(BRACKET_FIELDS);
/** No market lets anybody have more. */
const LEVERAGE_MAX = 1000;

/**
 * The careful decoder: fills a draft from named fields and says exactly what is wrong with the first that is.
 * What the fast decoder does not take comes here, so both must accept the same.
 */
export class OrderFields {
  private readonly markets: Markets;
  private readonly scratch = new Uint8Array(64);
  private fields: Readonly<Record<string, unknown>> = {};
  private binary = false;
  private found: Problem | null = null;

  constructor(markets: Markets) {
    this.markets = markets;
  }

  /** Null when the draft is complete and allowed. */
  read(request: ReadRequest, draft: OrderDraft): Problem | null {
    this.fields = request.fields;
    this.binary = request.binary;
    this.found = null;
    draft.clear();
    const name = request.shape.name;
    if (name === 'cancelAll') return this.readCancelAll(draft);
    if (name === 'cancelAllAfter') return this.readCountdown(draft);
    const market = this.market();
    if (market === undefined) return this.found;
    draft.marketId = market.id;
    draft.deadlineMs = this.deadline();
    if (name === 'place' || name === 'replace') return this.readNewOrder(name, draft, market);
    if (name === 'setLeverage') return this.readLeverage(draft);
    if (name === 'takeOver') return this.readTakeOver(draft, market);
    if (name === 'setMarginMode') return this.readMarginMode(draft);
    if (name === 'moveMargin') return this.readMovedMargin(draft);
    if (name === 'placeScaled') return this.readScaled(draft, market);
    if (name === 'placeTwap') return this.readTwap(draft, market);
    draft.orderId = this.integer('orderId', 1, Number.MAX_SAFE_INTEGER);
    this.clientId('clientOrderId', draft.clientId);
    if (name === 'amend') {
      draft.priceTicks = this.price(market);
      draft.qtyLots = this.qty(market);
    }
    if (this.found !== null) return this.found;
    const ambiguous = oneName('orderId', draft.orderId, 'clientOrderId', draft.clientId);
    if (ambiguous !== null || name === 'cancel') return ambiguous;
    if (draft.priceTicks === 0 && draft.qtyLots === 0) {
      return problem('amend_must_change_something', 'amend must name a price, a qty or both');
    }
    return checkSizes(draft, market);
  }

  /** Of a request without a market: the time after which it must not be done, 0 for none. */
  deadlineOf({ fields, binary }: ReadRequest): number | Problem {
    this.fields = fields;
    this.binary = binary;
    this.found = null;
    const deadlineMs = this.deadline();
    return this.found ?? deadlineMs;
  }

  private readNewOrder(name: string, draft: OrderDraft, market: Market): Problem | null {
    draft.side = this.choice('side', -1);
    draft.priceTicks = this.price(market);
    draft.qtyLots = this.qty(market);
    this.orderType(draft);
    draft.timeInForce = this.choice('timeInForce', draft.timeInForce);
    draft.postOnly = this.choice('postOnly', draft.postOnly);
    draft.reduceOnly = this.flag('reduceOnly');
    draft.selfTrade = this.choice('selfTradePrevention', draft.selfTrade);
    draft.expiresAtMs = this.integer('expiresAt', 1, Number.MAX_SAFE_INTEGER);
    this.clientId('clientOrderId', draft.clientId);
    if (name === 'place') {
      // Most orders have none of these fields, and asking for each of them costs more than all the others.
      const given = Object.keys(this.fields);
      if (draft.triggerKind !== 0 || given.some(isTriggerField)) this.trigger(draft, market);
      if (given.some(isBracketField)) this.bracket(draft, market);
    } else if (draft.triggerKind !== 0) {
      const shownType = shown(this.value('orderType'));
      this.fail(
        'flags_are_contradictory',
        `orderType of a replacement must be limit or market, but is ${shownType}`,
      );
    }
    if (name === 'replace') {
      draft.targetOrderId = this.integer('targetOrderId', 1, Number.MAX_SAFE_INTEGER);
      this.clientId('targetClientOrderId', draft.targetClientId);
    }
    if (this.found !== null) return this.found;
    if (draft.side < 0) return problem('field_is_missing', 'side must be present in a new order');
    if (name === 'replace') {
      const ambiguous = oneName(
        'targetOrderId',
        draft.targetOrderId,
        'targetClientOrderId',
        draft.targetClientId,
      );
      if (ambiguous !== null) return ambiguous;
    }
    return checkNewOrder(draft, market);
  }

  private readScaled(draft: OrderDraft, market: Market): Problem | null {
    draft.side = this.choice('side', -1);
    draft.priceTicks = this.price(market);
    draft.lastTicks = this.price(market, 'lastPrice');
    draft.qtyLots = this.qty(market, SCALED_ORDERS_MAX);
    draft.count = this.integer('count', 2, SCALED_ORDERS_MAX);
    draft.distribution = this.choice('distribution', 0);
    draft.timeInForce = this.choice('timeInForce', draft.timeInForce);
    draft.postOnly = this.choice('postOnly', draft.postOnly);
    this.commonOfParents(draft);
    draft.expiresAtMs = this.integer('expiresAt', 1, Number.MAX_SAFE_INTEGER);
    return this.found ?? scaledProblem(draft, market);
  }

  private readTwap(draft: OrderDraft, market: Market): Problem | null {
    draft.side = this.choice('side', -1);
    draft.priceTicks = this.price(market);
    draft.qtyLots = this.qty(market);
    draft.durationMs = this.integer('duration', 1, TWAP_DURATION_MS_MAX);
    draft.slices = this.integer('slices', 2, TWAP_SLICES_MAX);
    const intervalMs = this.integer('interval', TWAP_INTERVAL_MS_MIN, TWAP_DURATION_MS_MAX);
    draft.timeInForce = 0;
    this.commonOfParents(draft);
    return this.found ?? twapProblem(draft, intervalMs);
  }

  private commonOfParents(draft: OrderDraft): void {
    draft.reduceOnly = this.flag('reduceOnly');
    draft.selfTrade = this.choice('selfTradePrevention', draft.selfTrade);
    this.clientId('clientOrderId', draft.clientId);
  }

  private orderType(draft: OrderDraft): void {
    const type = this.choice('orderType', draft.type);
    draft.type = plainTypeOf(type);
    draft.triggerKind = triggerKindOf(type);
  }

  private trigger(draft: OrderDraft, market: Market): void {
    const { tickMantissa, tickDecimals, priceTicksMax } = market.params;
    draft.triggerTicks = this.price(market, 'triggerPrice');
    draft.triggerSource = this.choice('triggerBy', 0);
    draft.trailTicks = asPriceTicks(
      this.decimal('trailingAmount', 'tick', tickMantissa, tickDecimals, priceTicksMax),
    );
    draft.trailPpm = this.rate('trailingRate');
    draft.ocoOrderId = this.integer('ocoOrderId', 1, Number.MAX_SAFE_INTEGER);
    this.clientId('ocoClientOrderId', draft.ocoClientId);
    draft.closesPosition = this.flag('closePosition');
    if (draft.closesPosition) draft.reduceOnly = true;
    const given = TRIGGER_FIELDS.filter((name) => this.value(name) !== undefined);
    this.found ??= triggerProblem(draft.triggerKind, given, shown(this.value('orderType')));
  }

  private bracket(draft: OrderDraft, market: Market): void {
    for (const [name, leg] of Object.entries({ takeProfit: draft.profit, stopLoss: draft.stop })) {
      leg.triggerTicks = this.price(market, `${name}Price`);
      leg.limitTicks = this.price(market, `${name}Limit`);
      leg.source = this.choice(`${name}By`, 0);
    }
    const given = BRACKET_FIELDS.filter((name) => this.value(name) !== undefined);
    this.found ??= bracketProblem(draft, given, shown(this.value('orderType')));
  }

  /** A part of one as decimal text, in ppm: above zero and below one. */
  private rate(name: string): number {
    const value = this.value(name);
    if (value === undefined) return 0;
    if (typeof value !== 'string') {
      this.wrongType(name, 'a decimal number in a string, such as "0.01"', value);
      return 0;
    }
    const length = this.toScratch(value);
    const ppm = length < 0 ? DECIMAL_MALFORMED : parseUnits(this.scratch, 0, length, 1, 6);
    if (ppm >= 1 && ppm < PPM_ONE) return ppm;
    this.fail(
      'trailing_distance_must_be_within_1_and_limit',
      `${name} must be from 0.000001 to 0.999999 in steps of 0.000001, but is ${shown(value)}`,
    );
    return 0;
  }

  private readCancelAll(draft: OrderDraft): Problem | null {
    draft.marketId = MARKET_ID_ALL;
    if (this.value('market') !== undefined) draft.marketId = this.market()?.id ?? MARKET_ID_ALL;
    const side = this.choice('side', -1);
    draft.massSides =
      side === 0 ? FLAG_MASS_BIDS : side === 1 ? FLAG_MASS_ASKS : FLAG_MASS_BIDS | FLAG_MASS_ASKS;
    draft.deadlineMs = this.deadline();
    return this.found;
  }

  /** Its limit is the shard's. */
  private readCountdown(draft: OrderDraft): Problem | null {
    draft.timeoutMs = this.integer('timeout', 0, Number.MAX_SAFE_INTEGER);
    if (this.value('timeout') === undefined) {
      this.fail('field_is_missing', 'timeout must be present, in milliseconds; 0 switches it off');
    }
    draft.deadlineMs = this.deadline();
    return this.found;
  }

  /** Its limit is the market's, and known to the shard. */
  private readLeverage(draft: OrderDraft): Problem | null {
    draft.leverage = this.integer('leverage', 1, LEVERAGE_MAX);
    if (this.found === null && draft.leverage === 0) {
      this.fail('field_is_missing', 'leverage must be present');
    }
    return this.found;
  }

  /** The side is that of the auction, when the request does not say it. */
  private readTakeOver(draft: OrderDraft, market: Market): Problem | null {
    draft.auctionId = this.integer('auctionId', 1, Number.MAX_SAFE_INTEGER);
    draft.priceTicks = this.price(market);
    draft.qtyLots = this.qty(market);
    draft.side = this.choice('side', market.auctions.get(draft.auctionId)?.side ?? -1);
    const needed = { auctionId: draft.auctionId, qty: draft.qtyLots, price: draft.priceTicks };
    for (const [name, value] of Object.entries(needed)) {
      if (value === 0) this.fail('field_is_missing', `${name} must be present in takeOver`);
    }
    if (draft.side < 0) {
      const { symbol } = market.params;
      this.fail('auction_is_not_open', `auction ${draft.auctionId} is not open in ${symbol}`);
    }
    return this.found;
  }

  private readMarginMode(draft: OrderDraft): Problem | null {
    draft.marginMode = this.choice('marginMode', -1);
    if (draft.marginMode < 0) this.fail('field_is_missing', 'marginMode must be present');
    return this.found;
  }

  /** Money in USD with up to six decimals; a minus in front: from the position to the account. */
  private readMovedMargin(draft: OrderDraft): Problem | null {
    const value = this.value('amount');
    if (value === undefined) this.fail('field_is_missing', 'amount must be present');
    else if (typeof value !== 'string') {
      this.wrongType('amount', 'a decimal number in a string, such as "12.5" or "-12.5"', value);
    } else {
      const isBack = value.startsWith('-');
      const length = this.toScratch(isBack ? value.slice(1) : value);
      const units = length < 0 ? DECIMAL_MALFORMED : parseUnits(this.scratch, 0, length, 1, 6);
      if (units < 1 || units > MICRO_USD_MAX) {
        const most = formatScaled(MICRO_USD_MAX, 1, 6);
        this.fail(
          'amount_micro_usd_must_be_within_1_and_limit',
          `amount must be from 0.000001 to ${most} in steps of 0.000001, or as much below zero, but is ${shown(value)}`,
        );
      }
      draft.movedMicroUsd = isBack ? -units : units;
    }
    return this.found;
  }

  /** Null stands for an absent field, which msgpack's positions need and JSON may use. */
  private value(name: string): unknown {
    const value = this.fields[name];
    return value === null ? undefined : value;
  }

  private fail(code: string, message: string): void {
    this.found ??= problem(code, message);
  }

  private wrongType(name: string, wanted: string, value: unknown): void {
    this.fail('field_has_wrong_type', `${name} must be ${wanted}, but is ${shown(value)}`);
  }

  private market(): Market | undefined {
    const value = this.value('market');
    let market: Market | undefined;
    if (typeof value === 'string') market = this.markets.find(value);
    else if (typeof value === 'number') market = this.markets.get(value);
    else if (value === undefined) this.fail('field_is_missing', 'market must be present');
    else this.wrongType('market', 'a symbol or the number of a market', value);
    if (market === undefined) {
      this.fail('unknown_market', `market must be one of instruments, but is ${shown(value)}`);
    }
    return market;
  }

  private choice(name: string, absent: number): number {
    const value = this.value(name);
    if (value === undefined) return absent;
    const names = ENUM_FIELDS[name] as readonly string[];
    const index = this.binary ? (value as number) : names.indexOf(value as string);
    if (typeof index === 'number' && names[index] !== undefined) return index;
    const wanted = this.binary
      ? `an integer from 0 to ${names.length - 1}`
      : `one of ${names.join(', ')}`;
    this.fail('value_is_not_allowed', `${name} must be ${wanted}, but is ${shown(value)}`);
    return absent;
  }

  private flag(name: string): boolean {
    const value = this.value(name);
    if (value === undefined) return false;
    if (typeof value === 'boolean') return value;
    this.wrongType(name, 'true or false', value);
    return false;
  }

  private integer(name: string, least: number, most: number): number {
    const value = this.value(name);
    if (value === undefined) return 0;
    if (typeof value !== 'number') {
      this.wrongType(name, 'an integer', value);
      return 0;
    }
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    this.fail(
      'integer_must_be_within_limits',
      `${name} must be an integer from ${least} to ${most}, but is ${shown(value)}`,
    );
    return 0;
  }

  private clientId(name: string, into: ClientId): void {
    const value = this.value(name);
    if (value === undefined) return;
    if (typeof value === 'number') {
      if (Number.isSafeInteger(value) && value >= 1) {
        into.number = value;
        return;
      }
    } else if (typeof value === 'string') {
      const length = this.toScratch(value);
      if (length > 0 && into.setBytes(this.scratch, 0, length)) return;
    } else {
      this.wrongType(name, 'a string or an integer', value);
      return;
    }
    this.fail(
      'client_order_id_is_malformed',
      `${name} must be 1 to 36 of A-Z a-z 0-9 . : / _ - or an integer from 1 to 2^53 - 1, but is ${shown(value)}`,
    );
  }

  private price(market: Market, name = 'price'): PriceTicks {
    const { tickMantissa, tickDecimals, priceTicksMax } = market.params;
    return asPriceTicks(this.decimal(name, 'tick', tickMantissa, tickDecimals, priceTicksMax));
  }

  /** `orders`: it is that of so many at most. */
  private qty(market: Market, orders = 1): QtyLots {
    const { lotMantissa, lotDecimals, qtyLotsMax } = market.params;
    return asQtyLots(this.decimal('qty', 'lot', lotMantissa, lotDecimals, qtyLotsMax * orders));
  }

  private decimal(
    name: string,
    unit: 'tick' | 'lot',
    mantissa: number,
    decimals: number,
    unitsMax: number,
  ): number {
    const value = this.value(name);
    if (value === undefined) return 0;
    if (typeof value !== 'string') {
      this.wrongType(name, 'a decimal number in a string, such as "12.5"', value);
      return 0;
    }
    const length = this.toScratch(value);
    const units =
      length < 0 ? DECIMAL_MALFORMED : parseUnits(this.scratch, 0, length, mantissa, decimals);
    if (units > 0 && units <= unitsMax) return units;
    const size = formatScaled(1, mantissa, decimals);
    if (units === DECIMAL_MALFORMED) {
      this.fail(
        'decimal_is_malformed',
        `${name} must be a decimal number of digits and at most one point, but is ${shown(value)}`,
      );
    } else if (units === 0 || units === DECIMAL_TOO_LARGE || units > unitsMax) {
      this.fail(
        unit === 'tick'
          ? 'price_ticks_must_be_within_1_and_limit'
          : 'qty_lots_must_be_within_1_and_limit',
        `${name} must be from ${size} to ${formatScaled(unitsMax, mantissa, decimals)}, but is ${shown(value)}`,
      );
    } else {
      this.fail(
        unit === 'tick' ? 'price_must_be_multiple_of_tick' : 'qty_must_be_multiple_of_lot',
        `${name} must be a multiple of the ${unit} size ${size}, but is ${shown(value)}`,
      );
    }
    return 0;
  }

  /** Either an absolute deadline, or the sender's time with a window after it. */
  private deadline(): number {
    const deadline = this.integer('deadline', 1, Number.MAX_SAFE_INTEGER);
    const timestamp = this.integer('timestamp', 1, Number.MAX_SAFE_INTEGER - RECV_WINDOW_MAX_MS);
    const recvWindow = this.integer('recvWindow', 1, RECV_WINDOW_MAX_MS);
    if (deadline !== 0 && (timestamp !== 0 || recvWindow !== 0)) {
      this.fail('flags_are_contradictory', 'deadline must be absent beside timestamp');
    }
    if (timestamp === 0) {
      if (recvWindow !== 0) {
        this.fail('field_is_missing', 'timestamp must be present when recvWindow is');
      }
      return deadline;
    }
    return timestamp + (recvWindow === 0 ? RECV_WINDOW_DEFAULT_MS : recvWindow);
  }

  /** Copies text to bytes; −1 when it is too long or not ASCII. */
  private toScratch(text: string): number {
    if (text.length > this.scratch.length) return -1;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 0x7f) return -1;
      this.scratch[i] = code;
    }
    return text.length;
  }
}

function isTriggerField(name: string): boolean {
  return TRIGGER_NAMES.has(name);
}

function isBracketField(name: string): boolean {
  return BRACKET_NAMES.has(name);
}

function oneName(
  idField: string,
  orderId: number,
  clientField: string,
  clientId: ClientId,
): Problem | null {
  if ((orderId !== 0) !== clientId.present) return null;
  return problem(
    'order_must_be_named_once',
    `exactly one of ${idField} and ${clientField} must be present`,
  );
}
