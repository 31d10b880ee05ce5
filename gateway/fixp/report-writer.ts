import {
  EF_ACCOUNT_SEQUENCE,
  EF_CLIENT_ID,
  EF_ORDER_ID,
  EF_SEQUENCE,
  EW_CLIENT_TEXT,
  EW_CLIENT_TEXT_LENGTH,
  slotsOf,
  typeOf,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { SIDE_SELL } from '../../engine/messages/types.js';
import { messageBytes } from './fixp-connection.js';
import type { FixpSession } from './fixp-session.js';
import { FRAMING_BYTES } from './framing.js';
import { Side } from './generated/index.js';

/** Not an answer. */
export const NO_REQUEST = -1;

/** An event of a shard, where it lies. */
export interface EventAt {
  words: Int32Array;
  floats: Float64Array;
  at: number;
  timeMs: number;
}

interface NumberedEncoder {
  wrapAndApplyHeader(view: DataView, offset: number): this;
  clear(): this;
  requestSeqNo(value: number): this;
  sbeEncodedLength(): number;
}

interface EventEncoder extends NumberedEncoder {
  accountSeqNo(value: number): this;
  journalSeqNo(value: number): this;
  transactTime(value: number): this;
}

interface OrderEncoder extends EventEncoder {
  orderId(value: number): this;
  clOrdId(value: number): this;
}

/** Begins a numbered message in a session's flow; `commitMessage` ends it. */
export function beginMessage<T extends NumberedEncoder>(
  session: FixpSession,
  encoder: T,
  requestSeqNo: number,
): T {
  const { flow } = session;
  flow.reserve();
  encoder.wrapAndApplyHeader(flow.view, flow.at + FRAMING_BYTES).clear();
  if (requestSeqNo !== NO_REQUEST) encoder.requestSeqNo(requestSeqNo);
  return encoder;
}

export function commitMessage(session: FixpSession, encoder: NumberedEncoder): void {
  session.flow.commit(messageBytes(encoder));
}

/** What all messages that tell an event begin with. */
export function beginEvent<T extends EventEncoder>(
  session: FixpSession,
  encoder: T,
  event: EventAt,
  requestSeqNo: number,
): T {
  beginMessage(session, encoder, requestSeqNo);
  const f = event.at / 2;
  const accountSeqNo = event.floats[f + EF_ACCOUNT_SEQUENCE] as number;
  if (accountSeqNo > 0) encoder.accountSeqNo(accountSeqNo);
  encoder.journalSeqNo(event.floats[f + EF_SEQUENCE] as number);
  return encoder.transactTime(event.timeMs);
}

/** … and those that tell of an order. */
export function beginOrder<T extends OrderEncoder>(
  session: FixpSession,
  encoder: T,
  event: EventAt,
  requestSeqNo: number,
): T {
  beginEvent(session, encoder, event, requestSeqNo);
  const f = event.at / 2;
  const orderId = event.floats[f + EF_ORDER_ID] as number;
  const clientId = event.floats[f + EF_CLIENT_ID] as number;
  if (orderId !== 0) encoder.orderId(orderId);
  if (clientId !== 0) encoder.clOrdId(clientId);
  return encoder;
}

const text = new Uint8Array(36);

/** The client id as another door has given it; empty when it is a number, or none. */
export function putClientText(
  encoder: { putClOrdIdText(source: Uint8Array, from: number, length: number): unknown },
  { words, at }: EventAt,
): void {
  const length =
    slotsOf(words[at + W_HEAD] as number) > 2 ? (words[at + EW_CLIENT_TEXT_LENGTH] as number) : 0;
  for (let i = 0; i < length; i++) {
    text[i] = (words[at + EW_CLIENT_TEXT + (i >> 2)] as number) >>> ((i & 3) * 8);
  }
  encoder.putClOrdIdText(text, 0, length);
}

export function sideOfFlag(side: number): Side {
  return side === SIDE_SELL ? Side.Sell : Side.Buy;
}

export function eventTypeOf({ words, at }: EventAt): number {
  return typeOf(words[at + W_HEAD] as number);
}
