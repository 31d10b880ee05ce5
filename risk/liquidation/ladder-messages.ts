import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import type { Backing } from '../../engine/market/liquidation/bankruptcy.js';
import {
  EF_LIMIT,
  EF_VALUE,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_FLAGS,
  F_QTY,
  headOf,
  LADDER_F_EQUITY,
  LADDER_F_POSITION,
  LADDER_W_MARK,
  LADDER_W_RUNG,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_MARK_DISTANCE,
  W_PRICE,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import {
  EVT_LIQUIDATION,
  FLAG_MASS_ASKS,
  FLAG_MASS_BIDS,
  MSG_LIQUIDATE,
  MSG_MASS_CANCEL,
} from '../../engine/messages/types.js';

/** What a rung asks of a market; of those that place no order only account, rung and backing. */
export interface LadderOrder {
  account: number;
  rung: number;
  backing: Backing;
  flags: number;
  lots: number;
  priceTicks: number;
}

const BOTH_SIDES = FLAG_MASS_BIDS | FLAG_MASS_ASKS;

/** MSG_LIQUIDATE. */
export function pushRung(inbox: MessageBuffer, marketId: number, order: LadderOrder): void {
  const { account, rung, backing, flags, lots, priceTicks } = order;
  const at = pushMessage(inbox, MSG_LIQUIDATE, 2, marketId, account);
  const w = at * SLOT_WORDS;
  const f = at * SLOT_FLOATS;
  inbox.words[w + W_FLAGS] = flags;
  inbox.words[w + W_PRICE] = priceTicks;
  inbox.words[w + W_CLIENT_REF] = NO_CLIENT_REF;
  inbox.words[w + W_MARK_DISTANCE] = priceTicks - backing.markTicks;
  inbox.floats[f + F_QTY] = lots;
  inbox.words[w + LADDER_W_RUNG] = rung;
  inbox.words[w + LADDER_W_MARK] = backing.markTicks;
  inbox.floats[f + LADDER_F_EQUITY] = backing.equityMicroUsd;
  inbox.floats[f + LADDER_F_POSITION] = backing.positionLots;
}

/** Orders and trigger orders of the account in one market go; `why`: FLAG_MASS_… of the margin actor. */
export function pushCancelAll(
  inbox: MessageBuffer,
  marketId: number,
  account: number,
  why: number,
): void {
  const at = pushMessage(inbox, MSG_MASS_CANCEL, 1, marketId, account);
  inbox.words[at * SLOT_WORDS + W_FLAGS] = BOTH_SIDES | why;
  inbox.words[at * SLOT_WORDS + W_CLIENT_REF] = NO_CLIENT_REF;
}

/** An empty message for a market; returns its slot. The inbox is rewound between commands, not cleared. */
export function pushMessage(
  inbox: MessageBuffer,
  type: number,
  slots: number,
  marketId: number,
  account: number,
): number {
  const at = inbox.push(slots);
  const w = at * SLOT_WORDS;
  inbox.words.fill(0, w, w + slots * SLOT_WORDS);
  inbox.words[w + W_HEAD] = headOf(type, slots, marketId);
  inbox.words[w + W_ACCOUNT] = account;
  return at;
}

/** EVT_LIQUIDATION: the account's owner hears of every stage, with equity and maintenance margin. */
export function pushStage(
  events: MessageBuffer,
  marketId: number,
  account: number,
  stage: number,
  equityMicroUsd: number,
  maintenanceMicroUsd: number,
): void {
  const event = events.push(EVENT_SLOTS);
  const w = event * SLOT_WORDS;
  const f = event * SLOT_FLOATS;
  events.words[w + W_HEAD] = headOf(EVT_LIQUIDATION, EVENT_SLOTS, marketId);
  events.words[w + W_ACCOUNT] = account;
  events.words[w + EW_FLAGS] = stage;
  events.words[w + EW_CLIENT_REF] = NO_CLIENT_REF;
  events.floats[f + EF_VALUE] = equityMicroUsd;
  events.floats[f + EF_LIMIT] = maintenanceMicroUsd;
}
