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
  headOf,
  SCALED_W_COUNT,
  SCALED_W_DISTRIBUTION,
  SCALED_W_LAST_PRICE,
  SLOT_FLOATS,
  SLOT_WORDS,
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
import {
  CMD_PLACE_BRACKET,
  CMD_PLACE_SCALED,
  CMD_PLACE_TRIGGER,
  CMD_PLACE_TWAP,
  CMD_REPLACE,
  CMD_TRANSFER,
  FLAG_CLIENT_TEXT,
  TRIGGER_TERM_OCO_CLIENT,
} from '../../engine/messages/types.js';

import { triggerTerms } from '../../engine/triggers/trigger-events.js';

/** One whole message as it travels: its slots, as words. */
export type Wire = Int32Array;

/** A client order id: a number, a text, or 0 for none. */
export type ClientKey = number | string;

export interface Fields {
  marketId?: number;
  account?: number;
  flags?: number;
  price?: number;
  qty?: number;
  client?: ClientKey;
  orderId?: number;
  deadlineMs?: number;
  expiryMs?: number;
  /** REPLACE: the order to cancel. */
  target?: { orderId?: number; client?: ClientKey };
  /** PLACE_TRIGGER: what it waits for. */
  trigger?: TriggerFields;
  /** PLACE_SCALED, beside first price and whole quantity. */
  scaled?: { lastPrice: number; count: number; distribution: number };
  /** PLACE_TWAP. */
  twap?: { slices: number; durationMs: number };
  /** TRANSFER: who gets it, and a number for an idempotency key. */
  transfer?: { to: number; key?: number };
  /** PLACE_BRACKET. */
  bracket?: { profit?: LegFields; stop?: LegFields };
}

export interface LegFields {
  at: number;
  limit?: number;
  source?: number;
}

export interface TriggerFields {
  kind: number;
  source: number;
  price?: number;
  trailTicks?: number;
  trailPpm?: number;
  oco?: { orderId?: number; client?: ClientKey };
  closesPosition?: boolean;
}

const WITH_EXTRA_SLOT: readonly number[] = [
  CMD_REPLACE,
  CMD_PLACE_TRIGGER,
  CMD_PLACE_SCALED,
  CMD_PLACE_TWAP,
  CMD_PLACE_BRACKET,
  CMD_TRANSFER,
];

/** Builds a command with as many slots as its kind and client id need. */
export function command(type: number, fields: Fields): Wire {
  const text = typeof fields.client === 'string' ? fields.client : '';
  const { scaled, twap } = fields;
  const hasExtraSlot = WITH_EXTRA_SLOT.includes(type);
  const slots = 1 + (text === '' ? 0 : 1) + (hasExtraSlot ? 1 : 0);
  const words = new Int32Array(slots * SLOT_WORDS);
  const floats = new Float64Array(words.buffer);
  words[W_HEAD] = headOf(type, slots, fields.marketId ?? 0);
  words[W_ACCOUNT] = fields.account ?? 0;
  words[W_FLAGS] = (fields.flags ?? 0) | (text === '' ? 0 : FLAG_CLIENT_TEXT);
  words[W_PRICE] = fields.price ?? 0;
  floats[F_QTY] = fields.qty ?? 0;
  floats[F_CLIENT_ID] = typeof fields.client === 'number' ? fields.client : 0;
  floats[F_ORDER_ID] = fields.orderId ?? 0;
  floats[F_DEADLINE] = fields.deadlineMs ?? 0;
  floats[F_EXPIRY] = fields.expiryMs ?? 0;
  if (text !== '') writeText(words, W_CLIENT_TEXT_LENGTH, W_CLIENT_TEXT, text);
  if (type === CMD_REPLACE) writeTarget(words, floats, slots - 1, fields.target ?? {});
  if (type === CMD_PLACE_TRIGGER && fields.trigger !== undefined) {
    writeTrigger(words, floats, slots - 1, fields.trigger);
  }
  const last = (slots - 1) * SLOT_WORDS;
  if (type === CMD_PLACE_SCALED && scaled !== undefined) {
    words[last + SCALED_W_LAST_PRICE] = scaled.lastPrice;
    words[last + SCALED_W_COUNT] = scaled.count;
    words[last + SCALED_W_DISTRIBUTION] = scaled.distribution;
  }
  if (type === CMD_TRANSFER && fields.transfer !== undefined) {
    words[W_TRANSFER_TO] = fields.transfer.to;
    words[W_TRANSFER_KEY + 3] = fields.transfer.key ?? 0;
  }
  if (type === CMD_PLACE_BRACKET && fields.bracket !== undefined) {
    writeBracket(words, last, fields.bracket);
  }
  if (type === CMD_PLACE_TWAP && twap !== undefined) {
    words[last + TWAP_W_SLICES] = twap.slices;
    words[last + TWAP_W_DURATION] = twap.durationMs;
  }
  return words;
}

export function addressed(wire: Wire, session: number, request: number): Wire {
  wire[W_SESSION] = session;
  wire[W_REQUEST] = request;
  return wire;
}

export function withSlots(type: number, slots: number, fields: Fields): Wire {
  const words = new Int32Array(slots * SLOT_WORDS);
  words.set(command(type, fields).subarray(0, SLOT_WORDS));
  words[W_HEAD] = headOf(type, slots, fields.marketId ?? 0);
  return words;
}

function writeBracket(
  words: Int32Array,
  last: number,
  { profit, stop }: NonNullable<Fields['bracket']>,
): void {
  words[last + BRACKET_W_PROFIT_PRICE] = profit?.at ?? 0;
  words[last + BRACKET_W_PROFIT_LIMIT] = profit?.limit ?? 0;
  words[last + BRACKET_W_STOP_PRICE] = stop?.at ?? 0;
  words[last + BRACKET_W_STOP_LIMIT] = stop?.limit ?? 0;
  words[last + BRACKET_W_SOURCES] = (profit?.source ?? 0) | ((stop?.source ?? 0) << 8);
}

function writeTrigger(
  words: Int32Array,
  floats: Float64Array,
  slot: number,
  trigger: TriggerFields,
): void {
  const w = slot * SLOT_WORDS;
  const { kind, source, price = 0, trailTicks = 0, trailPpm = 0, oco = {} } = trigger;
  const byNumber = typeof oco.client === 'number' && oco.client !== 0;
  const terms = triggerTerms(kind, source, trigger.closesPosition);
  words[w + TRIGGER_W_TERMS] = terms | (byNumber ? TRIGGER_TERM_OCO_CLIENT : 0);
  words[w + TRIGGER_W_PRICE] = price;
  words[w + TRIGGER_W_TRAIL_TICKS] = trailTicks;
  words[w + TRIGGER_W_TRAIL_PPM] = trailPpm;
  floats[slot * SLOT_FLOATS + TRIGGER_F_OCO] = byNumber
    ? (oco.client as number)
    : (oco.orderId ?? 0);
  if (typeof oco.client !== 'string') return;
  writeText(words, w + TRIGGER_W_OCO_TEXT_LENGTH, w + TRIGGER_W_OCO_TEXT, oco.client);
}

function writeTarget(
  words: Int32Array,
  floats: Float64Array,
  slot: number,
  target: { orderId?: number; client?: ClientKey },
): void {
  const w = slot * SLOT_WORDS;
  const f = slot * SLOT_FLOATS;
  floats[f + TARGET_F_ORDER_ID] = target.orderId ?? 0;
  if (typeof target.client === 'number') floats[f + TARGET_F_CLIENT_ID] = target.client;
  if (typeof target.client !== 'string') return;
  writeText(words, w + TARGET_W_TEXT_LENGTH, w + TARGET_W_TEXT, target.client);
}

function writeText(words: Int32Array, lengthAt: number, bytesAt: number, text: string): void {
  words[lengthAt] = text.length;
  const bytes = new Uint8Array(words.buffer, bytesAt * 4, text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
}
