import { flagsProblem } from '../../engine/market/order-rules.js';
import {
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  TRIGGER_W_KIND,
  TRIGGER_W_PRICE,
  TRIGGER_W_SOURCE,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import { CLIENT_FLAGS, FLAG_MARKET_ORDER, MSG_PLACE_TRIGGER } from '../../engine/messages/types.js';
import { isPriceSource, isTriggerKind } from '../../engine/triggers/trigger-order.js';
import type { MarketSummary } from './market-summaries.js';
import type { MarginState } from './trade-commands.js';

/** What of the trigger slot the market reads. */
const TRIGGER_WORDS = [TRIGGER_W_KIND, TRIGGER_W_SOURCE, TRIGGER_W_PRICE];

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
    const { accounts, clientIds } = this.state;
    const ref = clientIds.add(message, slot, accounts.at(account));
    const out = this.inbox.push(2);
    const o = out * SLOT_WORDS;
    const { words } = this.inbox;
    const w = slot * SLOT_WORDS;
    for (let i = 0; i < SLOT_WORDS; i++) words[o + i] = message.words[w + i] as number;
    words[o + W_HEAD] = headOf(MSG_PLACE_TRIGGER, 2, market.marketId);
    words[o + W_FLAGS] = (message.words[w + W_FLAGS] as number) & CLIENT_FLAGS;
    words[o + W_CLIENT_REF] = ref;
    words[o + W_MARK_DISTANCE] = 0;
    words.fill(0, o + SLOT_WORDS, o + 2 * SLOT_WORDS);
    const terms = triggerSlotOf(message, slot) * SLOT_WORDS;
    for (const at of TRIGGER_WORDS) {
      words[o + SLOT_WORDS + at] = message.words[terms + at] as number;
    }
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
    const kind = message.words[terms + TRIGGER_W_KIND] as number;
    const source = message.words[terms + TRIGGER_W_SOURCE] as number;
    if (!isTriggerKind(kind) || !isPriceSource(source)) {
      return refuse(REJECT.trigger_kind_or_source_is_unknown, kind, source);
    }
    const price = message.words[w + W_PRICE] as number;
    const isUnbounded = (flags & FLAG_MARKET_ORDER) !== 0 && price === 0;
    if (!isUnbounded && (price < 1 || price > priceTicksMax)) {
      return refuse(REJECT.price_ticks_must_be_within_1_and_limit, price, priceTicksMax);
    }
    const trigger = message.words[terms + TRIGGER_W_PRICE] as number;
    if (trigger < 1 || trigger > priceTicksMax) {
      return refuse(REJECT.trigger_price_ticks_must_be_within_1_and_limit, trigger, priceTicksMax);
    }
    const lots = message.floats[slot * SLOT_FLOATS + F_QTY] as number;
    if (Number.isInteger(lots) && lots >= 1 && lots <= qtyLotsMax) return true;
    return refuse(REJECT.qty_lots_must_be_within_1_and_limit, lots, qtyLotsMax);
  }
}

/** Its last slot. */
function triggerSlotOf(message: MessageBuffer, slot: number): number {
  return slot + slotsOf(message.words[slot * SLOT_WORDS + W_HEAD] as number) - 1;
}
