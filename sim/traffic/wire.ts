import {
  F_CLIENT_ID,
  F_DEADLINE,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  TARGET_F_CLIENT_ID,
  TARGET_F_ORDER_ID,
  TARGET_W_TEXT,
  TARGET_W_TEXT_LENGTH,
  TRIGGER_W_KIND,
  TRIGGER_W_PRICE,
  TRIGGER_W_SOURCE,
  W_ACCOUNT,
  W_CLIENT_TEXT,
  W_CLIENT_TEXT_LENGTH,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import { CMD_PLACE_TRIGGER, CMD_REPLACE, FLAG_CLIENT_TEXT } from '../../engine/messages/types.js';

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
  trigger?: { kind: number; source: number; price: number };
}

/** Builds a command with as many slots as its kind and client id need. */
export function command(type: number, fields: Fields): Wire {
  const text = typeof fields.client === 'string' ? fields.client : '';
  const hasExtraSlot = type === CMD_REPLACE || type === CMD_PLACE_TRIGGER;
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
    const terms = (slots - 1) * SLOT_WORDS;
    words[terms + TRIGGER_W_KIND] = fields.trigger.kind;
    words[terms + TRIGGER_W_SOURCE] = fields.trigger.source;
    words[terms + TRIGGER_W_PRICE] = fields.trigger.price;
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
