import { base58 } from '@scure/base';
import { readMarginTerms, W_MARGIN_TERMS } from '../../engine/market/margin-terms.js';
import { readMarketParams } from '../../engine/market/market-params.js';
import { isMarketState, marketStateName } from '../../engine/market/market-state.js';
import { readPricingParams } from '../../engine/market/pricing-params.js';
import { W_CANDIDATES } from '../../engine/messages/candidates.js';
import {
  BRACKET_W_PROFIT_LIMIT,
  BRACKET_W_PROFIT_PRICE,
  BRACKET_W_SOURCES,
  BRACKET_W_STOP_LIMIT,
  BRACKET_W_STOP_PRICE,
  F_CLIENT_ID,
  F_DEADLINE,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  marketOf,
  SCALED_W_COUNT,
  SCALED_W_DISTRIBUTION,
  SCALED_W_LAST_PRICE,
  SLOT_BYTES,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  TARGET_F_CLIENT_ID,
  TARGET_F_ORDER_ID,
  TARGET_W_TEXT,
  TARGET_W_TEXT_LENGTH,
  TRIGGER_F_OCO,
  TRIGGER_W_OCO_TEXT,
  TRIGGER_W_OCO_TEXT_LENGTH,
  TRIGGER_W_PRICE,
  TRIGGER_W_TERMS,
  TRIGGER_W_TRAIL_PPM,
  TRIGGER_W_TRAIL_TICKS,
  TWAP_W_DURATION,
  TWAP_W_SLICES,
  typeOf,
  W_ACCOUNT,
  W_CLIENT_TEXT,
  W_CLIENT_TEXT_LENGTH,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
  W_TRANSFER_KEY,
  W_TRANSFER_TO,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as types from '../../engine/messages/types.js';
import {
  closesPosition,
  kindOfTerms,
  sourceOfTerms,
} from '../../engine/triggers/trigger-events.js';
import { MARKET_ID_ALL } from '../../engine/units/units.js';

/** A message in readable form: field by field, in a fixed order. */
export type MessageFields = Record<string, string | number | boolean | object>;

/** Names come from the declarations, so a new command has one without a change here. */
const TYPE_NAMES = new Map<number, string>();
for (const [name, value] of Object.entries(types)) {
  if (/^(CMD|MSG|EVT)_/.test(name)) TYPE_NAMES.set(value as number, name);
}

/**
 * Decodes the message that begins at a slot. Fields that are zero because the message does not use them
 * are left out. A type that is not known here is shown as its words.
 */
export function messageFields(messages: MessageBuffer, slot: number): MessageFields {
  const at = slot * SLOT_WORDS;
  const view = new View(messages, at);
  const head = messages.words[at + W_HEAD];
  const type = typeOf(head);
  const fields: MessageFields = { type: TYPE_NAMES.get(type) ?? `unknown_type_${type}` };
  const decode = DECODERS.get(type);
  if (decode === undefined) {
    fields.words = Array.from(view.bytes(0, slotsOf(head) * SLOT_BYTES), toHex).join('');
    return fields;
  }
  const account = view.word(W_ACCOUNT) >>> 0;
  const market = marketOf(head);
  if (account !== 0) fields.accountId = account;
  if (MARKET_TYPES.has(type)) fields.marketId = market === MARKET_ID_ALL ? 'all' : market;
  Object.assign(fields, decode(view, slotsOf(head)));
  addIfSet(fields, 'session', view.word(W_SESSION));
  addIfSet(fields, 'request', view.word(W_REQUEST) >>> 0);
  addIfSet(fields, 'deadlineMs', type < 32 ? view.float(F_DEADLINE) : 0);
  return fields;
}

/** One message within a buffer, addressed as layout.ts does. */
class View {
  private readonly messages: MessageBuffer;
  readonly at: number;

  constructor(messages: MessageBuffer, at: number) {
    this.messages = messages;
    this.at = at;
  }
  word(index: number): number {
    return this.messages.words[this.at + index];
  }
  float(index: number): number {
    return this.messages.floats[this.at / 2 + index];
  }
  bytes(fromWord: number, length: number): Uint8Array {
    const { buffer, byteOffset } = this.messages.words;
    return new Uint8Array(buffer, byteOffset + (this.at + fromWord) * 4, length);
  }
  text(fromWord: number, length: number): string {
    return Buffer.from(this.bytes(fromWord, length)).toString();
  }
  pricingParams(): object {
    return readPricingParams(this.messages.floats, this.at / 2 + SLOT_FLOATS);
  }
  marginTerms(): object {
    const { words, floats } = this.messages;
    return readMarginTerms(words, floats, this.at + W_MARGIN_TERMS);
  }
  candidates(): number[] {
    const first = this.at + W_CANDIDATES;
    return Array.from(this.messages.words.subarray(first, first + this.float(F_QTY)));
  }
  marketParams(): object {
    return readMarketParams(this.messages.words, this.messages.floats, this.at + SLOT_WORDS);
  }
}

type Decoder = (view: View, slots: number) => MessageFields;

const DECODERS = new Map<number, Decoder>([
  [types.CMD_PLACE, (view) => ({ ...order(view), ...clientId(view) })],
  [types.CMD_CANCEL, (view) => ({ ...orderId(view), ...clientId(view) })],
  [types.CMD_AMEND, (view) => ({ ...orderId(view), ...clientId(view), ...priceAndQty(view) })],
  [
    types.CMD_REPLACE,
    (view, slots) => ({ ...order(view), ...clientId(view), target: target(view, slots) }),
  ],
  [
    types.CMD_PLACE_TRIGGER,
    (view, slots) => ({ ...order(view), ...clientId(view), trigger: trigger(view, slots) }),
  ],
  [
    types.CMD_PLACE_SCALED,
    (view, slots) => ({ ...order(view), ...clientId(view), scaled: scaled(view, slots) }),
  ],
  [
    types.CMD_PLACE_TWAP,
    (view, slots) => ({ ...order(view), ...clientId(view), twap: twap(view, slots) }),
  ],
  [
    types.CMD_PLACE_BRACKET,
    (view, slots) => ({ ...order(view), ...clientId(view), bracket: bracket(view, slots) }),
  ],
  [types.CMD_MASS_CANCEL, (view) => ({ sides: massSides(view.word(W_FLAGS)) })],
  [types.CMD_CANCEL_ALL_AFTER, (view) => ({ timeoutMs: view.float(F_QTY) })],
  [types.CMD_SET_LEVERAGE, (view) => ({ leverage: view.word(W_PRICE) })],
  [types.CMD_TAKE_OVER, takeOver],
  [types.CMD_SET_MARGIN_MODE, (view) => ({ mode: marginModeName(view.word(W_PRICE)) })],
  [types.CMD_MOVE_MARGIN, (view) => ({ amountMicroUsd: view.float(F_QTY) })],
  [types.CMD_TRANSFER, transfer],
  [types.CMD_CREATE_SUB_ACCOUNT, (view) => ({ number: view.word(W_PRICE) })],
  [types.CMD_CREATE_ACCOUNT, createAccount],
  [types.CMD_DEPOSIT, amount],
  [types.CMD_WITHDRAW, amount],
  [types.CMD_LIST_MARKET, (view) => ({ params: view.marketParams() })],
  [types.CMD_SET_MARKET_PARAMS, (view) => ({ params: view.marketParams() })],
  [types.CMD_SET_MARKET_STATE, (view) => ({ state: stateName(view.word(W_FLAGS)) })],
  [types.CMD_ORACLE_PRICE, oraclePrice],
  [types.CMD_SET_PRICING, (view) => ({ pricing: view.pricingParams() })],
  [types.CMD_SET_MARGIN_TIERS, (view) => ({ margin: view.marginTerms() })],
  [types.CMD_CANDIDATES, (view) => ({ accountIds: view.candidates() })],
  [types.CMD_TIMER, () => ({})],
  [types.CMD_BEGIN_EPOCH, (view) => ({ begins: view.float(F_QTY) })],
  [types.CMD_CHANNEL, channelMessage],
  [types.CMD_SET_SHARDS, (view) => ({ shards: view.float(F_QTY) })],
  [types.CMD_SET_FEE_TIER, (view) => ({ tier: view.word(W_FLAGS) })],
  [types.CMD_SET_LIQUIDATOR, (view) => ({ isLiquidator: view.word(W_FLAGS) === 1 })],
  [types.CMD_FUND_INSURANCE, amount],
  [
    types.CMD_SET_FEE_RATES,
    (view) => ({
      tier: view.word(W_FLAGS),
      takerPpm: view.word(W_PRICE),
      makerPpm: view.float(F_QTY),
    }),
  ],
]);

const MARKET_TYPES = new Set<number>([
  types.CMD_PLACE,
  types.CMD_CANCEL,
  types.CMD_AMEND,
  types.CMD_REPLACE,
  types.CMD_MASS_CANCEL,
  types.CMD_PLACE_TRIGGER,
  types.CMD_SET_LEVERAGE,
  types.CMD_TAKE_OVER,
  types.CMD_FUND_INSURANCE,
  types.CMD_SET_MARGIN_MODE,
  types.CMD_MOVE_MARGIN,
  types.CMD_PLACE_SCALED,
  types.CMD_PLACE_TWAP,
  types.CMD_PLACE_BRACKET,
  types.CMD_LIST_MARKET,
  types.CMD_SET_MARKET_PARAMS,
  types.CMD_SET_MARKET_STATE,
  types.CMD_ORACLE_PRICE,
  types.CMD_SET_PRICING,
  types.CMD_SET_MARGIN_TIERS,
]);

/** Of messages between actors and of events, which may travel between shards. */
const INNER_NAMES = new Map<number, string>(
  Object.entries(types).flatMap(([name, value]) => {
    return /^(MSG|EVT)_/.test(name) ? [[value as number, name] as const] : [];
  }),
);

const TIMES_IN_FORCE = ['GTC', 'IOC', 'FOK', 'GTD'];
const TRIGGER_KINDS = [undefined, 'stop', 'take_profit', 'trailing_stop'];
const DISTRIBUTIONS = ['equal', 'rising', 'falling'];
const TRIGGER_SOURCES = ['mark', 'last', 'index'];
const SELF_TRADE_PREVENTION = ['none', 'cancel_taker', 'cancel_maker', 'cancel_both', 'decrement'];

function order(view: View): MessageFields {
  const flags = view.word(W_FLAGS);
  const fields: MessageFields = {
    side: sideName(flags),
    kind: (flags & types.FLAG_MARKET_ORDER) !== 0 ? 'market' : 'limit',
    ...priceAndQty(view),
    timeInForce: TIMES_IN_FORCE[types.tifOf(flags)],
  };
  if ((flags & types.FLAG_POST_ONLY) !== 0) fields.postOnly = true;
  if ((flags & types.FLAG_POST_ONLY_SLIDE) !== 0) fields.slide = true;
  if ((flags & types.FLAG_REDUCE_ONLY) !== 0) fields.reduceOnly = true;
  const prevention = types.stpOf(flags);
  if (prevention !== types.STP_NONE) {
    fields.selfTradePrevention = SELF_TRADE_PREVENTION[prevention] ?? prevention;
  }
  addIfSet(fields, 'expiryMs', view.float(F_EXPIRY));
  return fields;
}

function takeOver(view: View): MessageFields {
  return {
    auctionId: view.float(F_ORDER_ID),
    side: sideName(view.word(W_FLAGS)),
    ...priceAndQty(view),
  };
}

function sideName(flags: number): string {
  return types.sideOf(flags) === types.SIDE_BUY ? 'buy' : 'sell';
}

/** Zero means "keep" in an amend and "any" in a market order, so it is left out. */
function priceAndQty(view: View): MessageFields {
  const fields: MessageFields = {};
  addIfSet(fields, 'priceTicks', view.word(W_PRICE));
  addIfSet(fields, 'qtyLots', view.float(F_QTY));
  return fields;
}

function orderId(view: View): MessageFields {
  const fields: MessageFields = {};
  addIfSet(fields, 'orderId', view.float(F_ORDER_ID));
  return fields;
}

function clientId(view: View): MessageFields {
  const fields: MessageFields = {};
  if ((view.word(W_FLAGS) & types.FLAG_CLIENT_TEXT) !== 0) {
    fields.clientId = view.text(W_CLIENT_TEXT, view.word(W_CLIENT_TEXT_LENGTH));
  } else {
    addIfSet(fields, 'clientId', view.float(F_CLIENT_ID));
  }
  return fields;
}

/** The order that a REPLACE cancels stands in its last slot. */
function target(view: View, slots: number): MessageFields {
  const word = (slots - 1) * SLOT_WORDS;
  const fields: MessageFields = {};
  addIfSet(fields, 'orderId', view.float(word / 2 + TARGET_F_ORDER_ID));
  addIfSet(fields, 'clientId', view.float(word / 2 + TARGET_F_CLIENT_ID));
  const length = view.word(word + TARGET_W_TEXT_LENGTH);
  if (length > 0) fields.clientId = view.text(word + TARGET_W_TEXT, length);
  return fields;
}

/** What a trigger order waits for stands in its last slot. */
function trigger(view: View, slots: number): MessageFields {
  const word = (slots - 1) * SLOT_WORDS;
  const terms = view.word(word + TRIGGER_W_TERMS);
  const kind = kindOfTerms(terms);
  const source = sourceOfTerms(terms);
  const fields: MessageFields = {
    kind: TRIGGER_KINDS[kind] ?? kind,
    by: TRIGGER_SOURCES[source] ?? source,
  };
  addIfSet(fields, 'priceTicks', view.word(word + TRIGGER_W_PRICE));
  addIfSet(fields, 'trailTicks', view.word(word + TRIGGER_W_TRAIL_TICKS));
  addIfSet(fields, 'trailPpm', view.word(word + TRIGGER_W_TRAIL_PPM));
  if (closesPosition(terms)) fields.closesPosition = true;
  const isClientId = (terms & types.TRIGGER_TERM_OCO_CLIENT) !== 0;
  addIfSet(fields, isClientId ? 'ocoClientId' : 'ocoOrderId', view.float(word / 2 + TRIGGER_F_OCO));
  const length = view.word(word + TRIGGER_W_OCO_TEXT_LENGTH);
  if (length > 0) fields.ocoClientId = view.text(word + TRIGGER_W_OCO_TEXT, length);
  return fields;
}

/** Where a scaled order ends, beside its first price, and how its lots are spread. */
function scaled(view: View, slots: number): MessageFields {
  const word = (slots - 1) * SLOT_WORDS;
  const distribution = view.word(word + SCALED_W_DISTRIBUTION);
  return {
    lastPriceTicks: view.word(word + SCALED_W_LAST_PRICE),
    count: view.word(word + SCALED_W_COUNT),
    distribution: DISTRIBUTIONS[distribution] ?? distribution,
  };
}

function twap(view: View, slots: number): MessageFields {
  const word = (slots - 1) * SLOT_WORDS;
  return { slices: view.word(word + TWAP_W_SLICES), durationMs: view.word(word + TWAP_W_DURATION) };
}

/** Take-profit and stop that are attached to an order. */
function bracket(view: View, slots: number): MessageFields {
  const word = (slots - 1) * SLOT_WORDS;
  const sources = view.word(word + BRACKET_W_SOURCES);
  const fields: MessageFields = {};
  const profit = view.word(word + BRACKET_W_PROFIT_PRICE);
  addIfSet(fields, 'profitTicks', profit);
  addIfSet(fields, 'profitLimitTicks', view.word(word + BRACKET_W_PROFIT_LIMIT));
  if (profit !== 0) fields.profitBy = TRIGGER_SOURCES[sources & 0xff] ?? sources & 0xff;
  const stop = view.word(word + BRACKET_W_STOP_PRICE);
  addIfSet(fields, 'stopTicks', stop);
  addIfSet(fields, 'stopLimitTicks', view.word(word + BRACKET_W_STOP_LIMIT));
  if (stop !== 0) fields.stopBy = TRIGGER_SOURCES[(sources >>> 8) & 0xff] ?? sources >>> 8;
  return fields;
}

function createAccount(view: View, slots: number): MessageFields {
  const fields: MessageFields = {};
  addIfSet(fields, 'parentAccountId', view.float(F_ORDER_ID));
  if (slots > 1 && view.bytes(SLOT_WORDS, 32).some((byte) => byte !== 0)) {
    fields.publicKey = publicKey(view);
  }
  return fields;
}

function amount(view: View): MessageFields {
  return { amountMicroUsd: view.float(F_QTY), ...idempotencyKey(view, 6) };
}

function transfer(view: View): MessageFields {
  const to = { toAccountId: view.word(W_TRANSFER_TO) >>> 0, amountMicroUsd: view.float(F_QTY) };
  return { ...to, ...idempotencyKey(view, W_TRANSFER_KEY) };
}

function idempotencyKey(view: View, at: number): MessageFields {
  const key = Array.from(view.bytes(at, 16), toHex).join('');
  return /[^0]/.test(key) ? { idempotencyKey: key } : {};
}

function oraclePrice(view: View): MessageFields {
  return {
    indexTicks: view.word(W_PRICE),
    confidenceTicks: view.float(F_CLIENT_ID),
    publishTimeMs: view.float(F_QTY),
  };
}

/** Of another shard's message what it is and whom it concerns; the words tell the rest. */
function channelMessage(view: View, slots: number): MessageFields {
  const inner = view.word(SLOT_WORDS + W_HEAD);
  const fields: MessageFields = {
    fromShard: view.word(W_FLAGS),
    toShard: view.word(W_PRICE),
    number: view.float(F_QTY),
    message: INNER_NAMES.get(typeOf(inner)) ?? typeOf(inner),
  };
  addIfSet(fields, 'marketId', marketOf(inner));
  addIfSet(fields, 'accountId', view.word(SLOT_WORDS + W_ACCOUNT));
  const words = view.bytes(SLOT_WORDS, (slots - 1) * SLOT_BYTES);
  fields.words = Buffer.from(words).toString('hex');
  return fields;
}

function massSides(flags: number): string {
  const bids = (flags & types.FLAG_MASS_BIDS) !== 0;
  const asks = (flags & types.FLAG_MASS_ASKS) !== 0;
  return bids === asks ? 'both' : bids ? 'bids' : 'asks';
}

function marginModeName(mode: number): string | number {
  return ['cross', 'isolated'][mode] ?? mode;
}

function publicKey(view: View): string {
  return base58.encode(view.bytes(SLOT_WORDS, 32));
}

function stateName(state: number): string | number {
  return isMarketState(state) ? marketStateName(state) : state;
}

function addIfSet(fields: MessageFields, name: string, value: number): void {
  if (value !== 0) fields[name] = value;
}

function toHex(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}
