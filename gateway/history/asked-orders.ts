import {
  CLIENT_TEXT_MAX_BYTES,
  EF_LIMIT,
  EF_VALUE,
  EW_CODE,
  EW_REQUEST,
  EW_SESSION,
  F_CLIENT_ID,
  marketOf,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_CLIENT_TEXT,
  W_CLIENT_TEXT_LENGTH,
  W_FLAGS,
  W_HEAD,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import {
  CMD_PLACE,
  CMD_PLACE_BRACKET,
  CMD_PLACE_SCALED,
  CMD_PLACE_TRIGGER,
  CMD_PLACE_TWAP,
  CMD_REPLACE,
  EVT_ACCEPTED,
  EVT_DUPLICATE,
  EVT_REJECTED,
  EVT_SCALED_ACCEPTED,
  EVT_TRIGGER_ACCEPTED,
  EVT_TWAP_ACCEPTED,
  FLAG_CLIENT_TEXT,
} from '../../engine/messages/types.js';
import type { Frame } from '../../engine/shard/frame.js';
import { asciiOf } from '../codec/json-sink.js';
import type { EventFields } from './event-fields.js';
import type { AskedRow, RejectionRow } from './rows.js';
import { digits } from './text.js';

const PLACES: ReadonlySet<number> = new Set([
  CMD_PLACE,
  CMD_REPLACE,
  CMD_PLACE_BRACKET,
  CMD_PLACE_TRIGGER,
  CMD_PLACE_SCALED,
  CMD_PLACE_TWAP,
]);
const LET_IN: ReadonlySet<number> = new Set([
  EVT_ACCEPTED,
  EVT_TRIGGER_ACCEPTED,
  EVT_SCALED_ACCEPTED,
  EVT_TWAP_ACCEPTED,
  EVT_DUPLICATE,
]);

/**
 * Orders with a client id between their command and its answer. A rejection is in no private feed and does not carry the id, so the
 * command says whose it was. Within a shard the answer comes in the same frame; where the market is another shard's it comes later, and
 * meanwhile the order is on its way.
 */
export class AskedOrders {
  /** Since it was written last. */
  hasChanged = false;
  private readonly byAnswer = new Map<string, AskedRow>();

  add(row: AskedRow): void {
    this.byAnswer.set(keyOf(row.session, row.request, row.accountId), row);
  }

  rows(): Iterable<AskedRow> {
    return this.byAnswer.values();
  }

  clear(): void {
    this.byAnswer.clear();
  }

  /** Takes the commands of a frame, before it is applied. */
  note({ messages, firstSequence, count, timeMs }: Frame): void {
    const { words, floats } = messages;
    for (let i = 0, slot = 0; i < count; i++) {
      const at = slot * SLOT_WORDS;
      const head = words[at + W_HEAD] as number;
      slot += slotsOf(head);
      if (!PLACES.has(typeOf(head))) continue;
      const clientOrderId = clientOrderIdOf(words, floats, at);
      if (clientOrderId === '') continue;
      this.hasChanged = true;
      this.add({
        accountId: words[at + W_ACCOUNT] as number,
        marketId: marketOf(head),
        clientOrderId,
        sequence: firstSequence + i,
        timeMs,
        session: words[at + W_SESSION] as number,
        request: words[at + W_REQUEST] as number,
      });
    }
  }

  /** Takes an event; when it refuses an order, that is put to the rejections. */
  answered(event: EventFields, rejections: RejectionRow[]): void {
    if (this.byAnswer.size === 0) return;
    const isRejection = event.type === EVT_REJECTED;
    if (!isRejection && !LET_IN.has(event.type)) return;
    const key = keyOf(event.word(EW_SESSION), event.word(EW_REQUEST), event.accountId);
    const asked = this.byAnswer.get(key);
    if (asked === undefined) return;
    this.hasChanged = true;
    this.byAnswer.delete(key);
    if (!isRejection) return;
    const { accountId, marketId, clientOrderId, sequence } = asked;
    rejections.push({
      accountId,
      marketId,
      clientOrderId,
      sequence,
      timeMs: event.timeMs,
      code: event.word(EW_CODE),
      value: digits(event.float(EF_VALUE)),
      limitValue: digits(event.float(EF_LIMIT)),
    });
  }
}

function keyOf(session: number, request: number, accountId: number): string {
  return `${session}:${request}:${accountId}`;
}

/** Empty: it has none. */
function clientOrderIdOf(words: Int32Array, floats: Float64Array, at: number): string {
  if (((words[at + W_FLAGS] as number) & FLAG_CLIENT_TEXT) === 0) {
    const number = floats[at / 2 + F_CLIENT_ID] as number;
    return number === 0 ? '' : String(number);
  }
  const length = words[at + W_CLIENT_TEXT_LENGTH] as number;
  const isSound = length >= 1 && length <= CLIENT_TEXT_MAX_BYTES;
  return isSound ? asciiOf(words, at + W_CLIENT_TEXT, length) : '';
}
