import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import { flagsProblem } from '../../engine/market/order-rules.js';
import { copyWords } from '../../engine/messages/copy-words.js';
import {
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  TRIGGER_F_OCO,
  TRIGGER_W_OCO_TEXT_LENGTH,
  TRIGGER_W_PRICE,
  TRIGGER_W_TERMS,
  TRIGGER_W_TRAIL_PPM,
  TRIGGER_W_TRAIL_TICKS,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import {
  CLIENT_FLAGS,
  FLAG_MARKET_ORDER,
  FLAG_REDUCE_ONLY,
  MSG_PLACE_TRIGGER,
  TRIGGER_TERM_OCO_CLIENT,
  TRIGGER_TRAILING_STOP,
} from '../../engine/messages/types.js';
import {
  closesPosition,
  kindOfTerms,
  sourceOfTerms,
} from '../../engine/triggers/trigger-events.js';
import { isPriceSource, isTriggerKind } from '../../engine/triggers/trigger-order.js';
import { PPM_ONE } from '../../engine/units/units.js';
import type { MarketSummary } from './market-summaries.js';
import type { MarginState } from './trade-commands.js';

/** What of the trigger slot the market reads. */
const TRIGGER_WORDS = [
  TRIGGER_W_TERMS,
  TRIGGER_W_PRICE,
  TRIGGER_W_TRAIL_TICKS,
  TRIGGER_W_TRAIL_PPM,
];

/**
 * CMD_PLACE_TRIGGER at the home of its account. Nothing is reserved: margin is asked for when the order fires
 * (trigger-events.ts). So only the form is looked at here, and the client id is remembered.
 */
export class TriggerCommands {
  private readonly state: MarginState;
  private readonly inbox: MessageBuffer;
  private readonly events: MessageBuffer;

  constructor(state: MarginState, inbox: MessageBuffer, events: MessageBuffer) {
    this.state = state;
    this.inbox = inbox;
    this.events = events;
  }

  /** `market`: the one that the command names. */
  place(message: MessageBuffer, slot: number, market: MarketSummary, account: number): void {
    if (!this.isSound(message, slot, market)) return;
    const oco = this.ocoOrder(message, slot, market, account);
    if (oco < 0) return;
    const { accounts, clientIds } = this.state;
    const ref = clientIds.add(message, slot, accounts.at(account));
    const out = this.inbox.push(2);
    const o = out * SLOT_WORDS;
    const { words } = this.inbox;
    const w = slot * SLOT_WORDS;
    copyWords(message.words, w, words, o, SLOT_WORDS);
    words[o + W_HEAD] = headOf(MSG_PLACE_TRIGGER, 2, market.marketId);
    words[o + W_FLAGS] = (message.words[w + W_FLAGS] as number) & CLIENT_FLAGS;
    words[o + W_CLIENT_REF] = ref;
    words[o + W_MARK_DISTANCE] = 0;
    words.fill(0, o + SLOT_WORDS, o + 2 * SLOT_WORDS);
    const terms = triggerSlotOf(message, slot) * SLOT_WORDS;
    for (const at of TRIGGER_WORDS) {
      words[o + SLOT_WORDS + at] = message.words[terms + at] as number;
    }
    words[o + SLOT_WORDS + TRIGGER_W_TERMS]! &= ~TRIGGER_TERM_OCO_CLIENT;
    this.inbox.floats[(out + 1) * SLOT_FLOATS + TRIGGER_F_OCO] = oco;
  }

  /** Id of the order that the command names for OCO, 0 for none; −1 when it was rejected. */
  private ocoOrder(
    message: MessageBuffer,
    slot: number,
    market: MarketSummary,
    account: number,
  ): number {
    const at = triggerSlotOf(message, slot);
    const w = at * SLOT_WORDS;
    const length = message.words[w + TRIGGER_W_OCO_TEXT_LENGTH] as number;
    const number = message.floats[at * SLOT_FLOATS + TRIGGER_F_OCO] as number;
    const terms = message.words[w + TRIGGER_W_TERMS] as number;
    const byClient = length > 0 || (terms & TRIGGER_TERM_OCO_CLIENT) !== 0;
    if (!byClient) return number;
    const { clientIds } = this.state;
    const textAt = length > 0 ? (at - slot) * SLOT_WORDS + TRIGGER_W_OCO_TEXT_LENGTH : 0;
    const ref = clientIds.findOther(message, slot, account, number, textAt);
    const isHere = ref !== NO_CLIENT_REF && clientIds.marketOf(ref) === market.marketId;
    const id = isHere ? clientIds.orderIdOf(ref) : 0;
    if (id !== 0) return id;
    pushRejection(this.events, message, slot, REJECT.order_is_not_open, number, 0);
    return -1;
  }

  private isSound(message: MessageBuffer, slot: number, market: MarketSummary): boolean {
    const refuse = (code: RejectCode, value: number, limit: number): false => {
      pushRejection(this.events, message, slot, code, value, limit);
      return false;
    };
    const { priceTicksMax, qtyLotsMax } = market.params;
    const w = slot * SLOT_WORDS;
    const flags = (message.words[w + W_FLAGS] as number) & CLIENT_FLAGS;
    const problem = flagsProblem(flags);
    if (problem !== 0) return refuse(problem, flags, 0);
    const terms = triggerSlotOf(message, slot) * SLOT_WORDS;
    const kind = kindOfTerms(message.words[terms + TRIGGER_W_TERMS] as number);
    const source = sourceOfTerms(message.words[terms + TRIGGER_W_TERMS] as number);
    if (!isTriggerKind(kind) || !isPriceSource(source)) {
      return refuse(REJECT.trigger_kind_or_source_is_unknown, kind, source);
    }
    const price = message.words[w + W_PRICE] as number;
    const isUnbounded = (flags & FLAG_MARKET_ORDER) !== 0 && price === 0;
    if (!isUnbounded && (price < 1 || price > priceTicksMax)) {
      return refuse(REJECT.price_ticks_must_be_within_1_and_limit, price, priceTicksMax);
    }
    const found = distanceProblem(message.words, terms, kind, flags, priceTicksMax);
    if (found !== null) return refuse(...found);
    const lots = message.floats[slot * SLOT_FLOATS + F_QTY] as number;
    if (closesPosition(message.words[terms + TRIGGER_W_TERMS] as number)) {
      if ((flags & FLAG_REDUCE_ONLY) === 0) return refuse(REJECT.flags_are_contradictory, flags, 0);
      return lots === 0 || refuse(REJECT.qty_must_be_absent_when_position_is_closed, lots, 0);
    }
    if (Number.isInteger(lots) && lots >= 1 && lots <= qtyLotsMax) return true;
    return refuse(REJECT.qty_lots_must_be_within_1_and_limit, lots, qtyLotsMax);
  }
}

/** What is wrong with the trigger price, or with the distance that stands for it in a trailing stop. */
function distanceProblem(
  words: Int32Array,
  terms: number,
  kind: number,
  flags: number,
  priceTicksMax: number,
): [code: RejectCode, value: number, limit: number] | null {
  const price = words[terms + TRIGGER_W_PRICE] as number;
  const ticks = words[terms + TRIGGER_W_TRAIL_TICKS] as number;
  const ppm = words[terms + TRIGGER_W_TRAIL_PPM] as number;
  if (kind !== TRIGGER_TRAILING_STOP) {
    if (ticks !== 0 || ppm !== 0) return [REJECT.trailing_distance_must_be_given_once, ticks, ppm];
    if (price >= 1 && price <= priceTicksMax) return null;
    return [REJECT.trigger_price_ticks_must_be_within_1_and_limit, price, priceTicksMax];
  }
  // Its limit would have to trail too, and its price is not given.
  if ((flags & FLAG_MARKET_ORDER) === 0) return [REJECT.flags_are_contradictory, flags, 0];
  if (price !== 0 || (ticks === 0) === (ppm === 0)) {
    return [REJECT.trailing_distance_must_be_given_once, ticks, ppm];
  }
  const [distance, limit] = ticks !== 0 ? [ticks, priceTicksMax] : [ppm, PPM_ONE - 1];
  if (distance >= 1 && distance <= limit) return null;
  return [REJECT.trailing_distance_must_be_within_1_and_limit, distance, limit];
}

/** Its last slot. */
function triggerSlotOf(message: MessageBuffer, slot: number): number {
  return slot + slotsOf(message.words[slot * SLOT_WORDS + W_HEAD] as number) - 1;
}
