/**
 * Builders of traders' messages for tests, in words: `place({ side: 'buy', price: 100, lots: 5 })`. A built message is plain
 * data, so that a failing test can print it; `writeMessage` puts it into a buffer. They come in the form that the margin
 * actor forwards to a market; `asCommand` turns one into the form that enters from outside.
 */
import * as layout from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import * as type from '../messages/types.js';

export type SideName = 'buy' | 'sell';
export type TifName = 'gtc' | 'ioc' | 'fok' | 'gtd';
export type StpName = 'none' | 'cancel_taker' | 'cancel_maker' | 'cancel_both' | 'decrement';

/** A message as plain data; 0 stands for "none" as in the layout. */
export interface TestMessage {
  type: number;
  marketId: number;
  account: number;
  flags: number;
  priceTicks: number;
  qtyLots: number;
  clientId: number;
  clientText: string;
  orderId: number;
  session: number;
  request: number;
  clientRef: number;
  markDistanceTicks: number;
  deadlineMs: number;
  expiryMs: number;
  targetId: number;
  grantOldRemainingLots: number;
  grantOldLossTicks: number;
  grantRemainingLots: number;
}

/** What every message may say. */
export interface Envelope {
  account?: number;
  marketId?: number;
  session?: number;
  request?: number;
  clientId?: number;
  clientText?: string;
  clientRef?: number;
  deadlineMs?: number;
}

export interface PlaceOptions extends Envelope {
  side: SideName;
  price: number;
  lots: number;
  tif?: TifName;
  market?: boolean;
  postOnly?: boolean | 'slide';
  reduceOnly?: boolean;
  stp?: StpName;
  tier?: number;
  expiryMs?: number;
  /** Price − mark. */
  markDistance?: number;
}

export interface AmendOptions extends Envelope {
  orderId: number;
  /** Left out: unchanged. */
  price?: number;
  lots?: number;
  markDistance?: number;
}

export interface GrantOptions extends AmendOptions {
  side?: SideName;
  grantRemaining?: number;
  grantOldRemaining?: number;
  grantOldLossTicks?: number;
}

const TIF = { gtc: type.TIF_GTC, ioc: type.TIF_IOC, fok: type.TIF_FOK, gtd: type.TIF_GTD };
const STP = {
  none: type.STP_NONE,
  cancel_taker: type.STP_CANCEL_TAKER,
  cancel_maker: type.STP_CANCEL_MAKER,
  cancel_both: type.STP_CANCEL_BOTH,
  decrement: type.STP_DECREMENT,
};

export function place(options: PlaceOptions): TestMessage {
  const message = envelope(type.MSG_PLACE, options);
  message.flags = flagsOf(options);
  message.priceTicks = options.price;
  message.qtyLots = options.lots;
  message.expiryMs = options.expiryMs ?? 0;
  message.markDistanceTicks = options.markDistance ?? 0;
  return message;
}

export function buy(price: number, lots: number, options: Partial<PlaceOptions> = {}): TestMessage {
  return place({ ...options, side: 'buy', price, lots });
}

export function sell(
  price: number,
  lots: number,
  options: Partial<PlaceOptions> = {},
): TestMessage {
  return place({ ...options, side: 'sell', price, lots });
}

/** The new order, in place of the one with the id. */
export function replace(targetId: number, order: TestMessage): TestMessage {
  return { ...order, type: type.MSG_REPLACE, targetId };
}

export function cancel(orderId: number, options: Envelope = {}): TestMessage {
  return { ...envelope(type.MSG_CANCEL, options), orderId };
}

export function amend(options: AmendOptions): TestMessage {
  return {
    ...envelope(type.MSG_AMEND, options),
    orderId: options.orderId,
    priceTicks: options.price ?? 0,
    qtyLots: options.lots ?? 0,
    markDistanceTicks: options.markDistance ?? 0,
  };
}

/** The margin actor's answer to EVT_RESERVE_AMEND. */
export function grantAmend(options: GrantOptions): TestMessage {
  return {
    ...amend(options),
    type: type.MSG_AMEND_GRANTED,
    flags: options.side === 'sell' ? type.SIDE_SELL : type.SIDE_BUY,
    clientRef: 0,
    grantRemainingLots: options.grantRemaining ?? 0,
    grantOldRemainingLots: options.grantOldRemaining ?? 0,
    grantOldLossTicks: options.grantOldLossTicks ?? 0,
  };
}

export function massCancel(options: Envelope & { side?: SideName } = {}): TestMessage {
  let flags = type.FLAG_MASS_BIDS | type.FLAG_MASS_ASKS;
  if (options.side === 'buy') flags = type.FLAG_MASS_BIDS;
  if (options.side === 'sell') flags = type.FLAG_MASS_ASKS;
  return { ...envelope(type.MSG_MASS_CANCEL, options), flags };
}

/** The same message as a trader sends it: with client ids, without what the margin actor adds. */
export function asCommand(message: TestMessage): TestMessage {
  const commandType = message.type - type.MSG_PLACE + type.CMD_PLACE;
  return { ...message, type: commandType, clientRef: 0, markDistanceTicks: 0 };
}

/** Appends the message to a buffer and returns its first slot. */
export function writeMessage(buffer: MessageBuffer, message: TestMessage): number {
  const hasText = message.clientText !== '';
  const isReplace = message.type === type.MSG_REPLACE || message.type === type.CMD_REPLACE;
  const slots = 1 + (hasText ? 1 : 0) + (isReplace ? 1 : 0);
  const slot = buffer.push(slots);
  const w = slot * layout.SLOT_WORDS;
  const f = slot * layout.SLOT_FLOATS;
  const { words, floats } = buffer;
  words[w + layout.W_HEAD] = layout.headOf(message.type, slots, message.marketId);
  words[w + layout.W_ACCOUNT] = message.account;
  words[w + layout.W_FLAGS] = message.flags;
  words[w + layout.W_PRICE] = message.priceTicks;
  floats[f + layout.F_QTY] = message.qtyLots;
  floats[f + layout.F_CLIENT_ID] = message.clientId;
  floats[f + layout.F_ORDER_ID] = message.orderId;
  words[w + layout.W_SESSION] = message.session;
  words[w + layout.W_REQUEST] = message.request;
  if (message.type < type.MSG_PLACE) {
    floats[f + layout.F_DEADLINE] = message.deadlineMs;
  } else {
    words[w + layout.W_CLIENT_REF] = message.clientRef;
    words[w + layout.W_MARK_DISTANCE] = message.markDistanceTicks;
  }
  floats[f + layout.F_EXPIRY] = message.expiryMs;
  if (message.type === type.MSG_AMEND_GRANTED) {
    floats[f + layout.F_GRANT_OLD_REMAINING] = message.grantOldRemainingLots;
    words[w + layout.W_GRANT_OLD_LOSS_TICKS] = message.grantOldLossTicks;
    floats[f + layout.F_GRANT_REMAINING] = message.grantRemainingLots;
  }
  if (hasText) writeText(buffer, slot, message.clientText);
  if (isReplace) floats[f + (slots - 1) * layout.SLOT_FLOATS] = message.targetId;
  return slot;
}

function envelope(messageType: number, options: Envelope): TestMessage {
  const clientText = options.clientText ?? '';
  return {
    type: messageType,
    marketId: options.marketId ?? 1,
    account: options.account ?? 1,
    flags: clientText === '' ? 0 : type.FLAG_CLIENT_TEXT,
    priceTicks: 0,
    qtyLots: 0,
    clientId: options.clientId ?? 0,
    clientText,
    orderId: 0,
    session: options.session ?? 5,
    request: options.request ?? 1,
    clientRef: options.clientRef ?? -1,
    markDistanceTicks: 0,
    deadlineMs: options.deadlineMs ?? 0,
    expiryMs: 0,
    targetId: 0,
    grantOldRemainingLots: 0,
    grantOldLossTicks: 0,
    grantRemainingLots: 0,
  };
}

function flagsOf(options: PlaceOptions): number {
  let flags = options.side === 'buy' ? type.SIDE_BUY : type.SIDE_SELL;
  flags |= TIF[options.tif ?? 'gtc'] << type.TIF_SHIFT;
  flags |= STP[options.stp ?? 'none'] << type.STP_SHIFT;
  flags |= (options.tier ?? 0) << type.TIER_SHIFT;
  if (options.market) flags |= type.FLAG_MARKET_ORDER;
  if (options.postOnly) flags |= type.FLAG_POST_ONLY;
  if (options.postOnly === 'slide') flags |= type.FLAG_POST_ONLY_SLIDE;
  if (options.reduceOnly) flags |= type.FLAG_REDUCE_ONLY;
  if (options.clientText) flags |= type.FLAG_CLIENT_TEXT;
  return flags;
}

/** Client ids are ASCII: a byte a character. */
function writeText(buffer: MessageBuffer, slot: number, text: string): void {
  const w = slot * layout.SLOT_WORDS;
  const bytes = new Uint8Array(
    buffer.words.buffer,
    buffer.words.byteOffset + (w + layout.W_CLIENT_TEXT) * 4,
    text.length,
  );
  buffer.words[w + layout.W_CLIENT_TEXT_LENGTH] = text.length;
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
}
