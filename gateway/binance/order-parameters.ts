import type { Market } from '../markets.js';
import { BinanceError, ERRORS, illegal, missing, notRequired, unsupported } from './errors.js';
import type { Parameters } from './parameters.js';

/** A new order as the native door's `place` has it, in its words. */
export type NativeOrder = Readonly<Record<string, unknown>>;

const TYPES = [
  'LIMIT',
  'MARKET',
  'STOP',
  'STOP_MARKET',
  'TAKE_PROFIT',
  'TAKE_PROFIT_MARKET',
  'TRAILING_STOP_MARKET',
] as const;
type OrderType = (typeof TYPES)[number];

const NATIVE_TYPES: Readonly<Record<OrderType, string>> = {
  LIMIT: 'limit',
  MARKET: 'market',
  STOP: 'stop_limit',
  STOP_MARKET: 'stop_market',
  TAKE_PROFIT: 'take_profit_limit',
  TAKE_PROFIT_MARKET: 'take_profit_market',
  TRAILING_STOP_MARKET: 'trailing_stop_market',
};
const TIMES_IN_FORCE = ['GTC', 'IOC', 'FOK', 'GTX', 'GTD', 'GTE_GTC'] as const;
const SELF_TRADES: Readonly<Record<string, string>> = {
  NONE: 'none',
  EXPIRE_TAKER: 'cancel_taker',
  EXPIRE_MAKER: 'cancel_maker',
  EXPIRE_BOTH: 'cancel_both',
};
const SELF_TRADE_NAMES = Object.keys(SELF_TRADES);
const WORKING_TYPES = { CONTRACT_PRICE: 'last', MARK_PRICE: 'mark' } as const;
/** How orders without a client id are shown, and those of a liquidation. */
const MADE_UP_ID = /^auto(close)?-[0-9]+$/;
const CLIENT_ID = /^[.A-Z:/a-z0-9_-]{1,36}$/;
const CLIENT_ID_RANGE = '^[\\.A-Z\\:/a-z0-9_-]{1,36}$';
const DECIMAL = /^[0-9]{0,20}(\.[0-9]{0,20})?$/;
/** As nearly all clients write it: above zero, without a zero that says nothing. */
const PLAIN_DECIMAL = /^(?:[1-9][0-9]{0,14}(?:\.[0-9]{0,14}[1-9])?|0\.[0-9]{0,14}[1-9])$/;
const DECIMAL_RANGE = '^([0-9]{1,20})(\\.[0-9]{1,20})?$';
/** Shown prices may have this many decimals even where the tick has fewer. */
const PRICE_PRECISION_LEAST = 2;
const CALLBACK_RATE = /^[0-9]{1,2}(\.[0-9]{1,4})?$/;

export function pricePrecisionOf({ params }: Market): number {
  return Math.max(params.tickDecimals, PRICE_PRECISION_LEAST);
}

/** Reads a new order; what is not there is refused with a code of its own, and nothing is sent. */
export function nativeOrderOf(
  parameters: Parameters,
  market: Market,
  clientIdName = 'newClientOrderId',
): NativeOrder {
  const side = parameters.choice('side', ['BUY', 'SELL'], null, ERRORS.badSide);
  const type = parameters.choice('type', TYPES, null, ERRORS.badOrderType);
  refuseWhatIsNotThere(parameters);
  const clientOrderId = clientIdOf(parameters, clientIdName);
  const selfTrade = parameters.choice('selfTradePreventionMode', SELF_TRADE_NAMES, 'NONE');
  return {
    market: market.params.symbol,
    side: side.toLowerCase(),
    orderType: NATIVE_TYPES[type],
    selfTradePrevention: SELF_TRADES[selfTrade],
    ...(clientOrderId === undefined ? {} : { clientOrderId }),
    ...timeInForceOf(parameters, type),
    ...priceOf(parameters, market, type),
    ...triggerOf(parameters, market, type),
    ...sizeOf(parameters, market, type),
  };
}

function reserved(name: string): BinanceError {
  const message = `Illegal characters found in parameter '${name}'; names such as auto-1 and autoclose-1 are the exchange's.`;
  return new BinanceError(-1100, message);
}

export function clientIdOf(parameters: Parameters, name: string): string | undefined {
  const id = parameters.text(name);
  if (id !== undefined && MADE_UP_ID.test(id)) throw reserved(name);
  if (id === undefined || CLIENT_ID.test(id)) return id;
  if (id.length > 36)
    throw new BinanceError(-4015, 'Client order id length should be less than 36 chars.');
  throw illegal(name, CLIENT_ID_RANGE);
}

/** A price or quantity above zero, as text without more decimals than are defined. */
export function decimalOf(
  parameters: Parameters,
  name: string,
  precision: number,
  nothing: () => BinanceError,
): string {
  const text = parameters.must(name);
  if (PLAIN_DECIMAL.test(text) && decimalsOf(text) <= precision) return text;
  if (/^-[0-9.]+$/.test(text)) throw nothing();
  if (!DECIMAL.test(text) || !/[0-9]/.test(text)) throw illegal(name, DECIMAL_RANGE);
  const [whole = '', fraction = ''] = text.split('.');
  const digits = fraction.replace(/0+$/, '');
  if (/^0*$/.test(whole) && digits === '') throw nothing();
  if (digits.length > precision) throw ERRORS.tooPrecise();
  return digits === '' ? whole || '0' : `${whole || '0'}.${digits}`;
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

export function priceParameter(parameters: Parameters, market: Market, name = 'price'): string {
  return decimalOf(parameters, name, pricePrecisionOf(market), () => {
    const isStop = name !== 'price';
    return isStop
      ? new BinanceError(-4006, 'Stop price less than zero.')
      : new BinanceError(-4001, 'Price less than 0.');
  });
}

export function quantityParameter(parameters: Parameters, market: Market): string {
  return decimalOf(parameters, 'quantity', market.params.lotDecimals, () => {
    return new BinanceError(-4003, 'Quantity less than or equal to zero.');
  });
}

/** Only one-way positions exist. */
export function refusePositionSide(parameters: Parameters): void {
  const side = parameters.choice('positionSide', ['BOTH', 'LONG', 'SHORT'], 'BOTH', () => {
    return new BinanceError(-4060, 'Invalid position side.');
  });
  if (side === 'BOTH') return;
  throw new BinanceError(-4061, "Order's position side does not match user's setting.");
}

function refuseWhatIsNotThere(parameters: Parameters): void {
  refusePositionSide(parameters);
  if ((parameters.text('priceMatch') ?? 'NONE') !== 'NONE') throw unsupported('priceMatch');
  if (parameters.flag('priceProtect')) throw unsupported('priceProtect');
  for (const name of ['activationPrice', 'activatePrice']) {
    if (parameters.has(name))
      throw unsupported(`${name}: a trailing stop begins when it is placed`);
  }
}

function timeInForceOf(parameters: Parameters, type: OrderType): object {
  const isMarket = type === 'MARKET';
  const given = parameters.has('timeInForce');
  if (isMarket && given) throw notRequired('timeInForce');
  if (type === 'LIMIT' && !given) throw missing('timeInForce');
  const time = parameters.choice('timeInForce', TIMES_IN_FORCE, 'GTC', ERRORS.badTimeInForce);
  if (time !== 'GTD' && Number(parameters.text('goodTillDate') ?? 0) !== 0) {
    throw notRequired('goodTillDate');
  }
  // What fires as a market order never rests, so nothing else is left of its time in force.
  if (type !== 'LIMIT' && type !== 'STOP' && type !== 'TAKE_PROFIT') return {};
  if (time === 'GTX') return { timeInForce: 'gtc', postOnly: 'reject' };
  if (time === 'GTE_GTC') throw unsupported('timeInForce GTE_GTC');
  if (time !== 'GTD') return { timeInForce: time.toLowerCase() };
  return { timeInForce: 'gtd', expiresAt: parameters.mustInteger('goodTillDate', 1) };
}

function priceOf(parameters: Parameters, market: Market, type: OrderType): object {
  const isLimit = type === 'LIMIT' || type === 'STOP' || type === 'TAKE_PROFIT';
  if (isLimit) return { price: priceParameter(parameters, market) };
  if (parameters.has('price')) throw notRequired('price');
  return {};
}

function triggerOf(parameters: Parameters, market: Market, type: OrderType): object {
  const stop = parameters.has('stopPrice') ? 'stopPrice' : 'triggerPrice';
  if (type === 'LIMIT' || type === 'MARKET') {
    if (parameters.has(stop)) throw notRequired(stop);
    return {};
  }
  const workingTypes = Object.keys(WORKING_TYPES) as (keyof typeof WORKING_TYPES)[];
  const triggerBy = WORKING_TYPES[parameters.choice('workingType', workingTypes, 'CONTRACT_PRICE')];
  if (type === 'TRAILING_STOP_MARKET') {
    if (parameters.has(stop)) throw notRequired(stop);
    return { triggerBy, trailingRate: trailingRateOf(parameters) };
  }
  if (!parameters.has(stop)) throw missing('stopPrice');
  return { triggerBy, triggerPrice: priceParameter(parameters, market, stop) };
}

/** `callbackRate` is in percent, from 0.1 to 10. */
function trailingRateOf(parameters: Parameters): string {
  const text = parameters.must('callbackRate');
  const rate = CALLBACK_RATE.test(text) ? Number(text) : Number.NaN;
  if (!(rate >= 0.1 && rate <= 10)) throw new BinanceError(-2007, 'Invalid callBack rate.');
  return (rate / 100).toFixed(6);
}

function sizeOf(parameters: Parameters, market: Market, type: OrderType): object {
  const reduceOnly = parameters.flag('reduceOnly');
  if (!parameters.flag('closePosition')) {
    return { qty: quantityParameter(parameters, market), reduceOnly };
  }
  if (type !== 'STOP_MARKET' && type !== 'TAKE_PROFIT_MARKET') {
    const message = `Target strategy invalid for orderType ${type},closePosition true.`;
    throw new BinanceError(-4136, message);
  }
  if (parameters.has('quantity')) {
    throw new BinanceError(-4137, 'Quantity must be zero with closePosition equals true.');
  }
  if (reduceOnly) throw notRequired('reduceOnly');
  return { closePosition: true };
}
