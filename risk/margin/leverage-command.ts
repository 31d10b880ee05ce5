import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import {
  EF_ACCOUNT_SEQUENCE,
  EF_COLLATERAL,
  EF_LOTS,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_REQUEST,
  EW_SESSION,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT, type RejectCode } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import { EVT_LEVERAGE } from '../../engine/messages/types.js';
import type { MarketSummary } from './market-summaries.js';
import { type MarginState, refusedFigures } from './trade-commands.js';

/** CMD_SET_LEVERAGE of an account that exists, in a market that is known. */
export function setLeverage(
  state: MarginState,
  events: MessageBuffer,
  message: MessageBuffer,
  slot: number,
  market: MarketSummary,
): void {
  const w = slot * SLOT_WORDS;
  const account = message.words[w + W_ACCOUNT] as number;
  const leverage = message.words[w + W_PRICE] as number;
  const { leverageMax } = market;
  if (leverage < 1 || leverage > leverageMax) {
    const code = REJECT.leverage_must_be_within_1_and_limit;
    pushRejection(events, message, slot, code, leverage, leverageMax);
    return;
  }
  const { accounts, kernel } = state;
  const row = market.rows.open(account);
  const record = accounts.at(account);
  const code = kernel.calls.tryLeverage(market.block, account, record, row, leverage);
  if (code !== 0) {
    const [value, limit] = refusedFigures(kernel);
    pushRejection(events, message, slot, code as RejectCode, value, limit);
    return;
  }
  const event = events.push(EVENT_SLOTS);
  const e = event * SLOT_WORDS;
  const f = event * SLOT_FLOATS;
  events.words[e + W_HEAD] = headOf(EVT_LEVERAGE, EVENT_SLOTS, market.marketId);
  events.words[e + W_ACCOUNT] = account;
  events.words[e + EW_SESSION] = message.words[w + W_SESSION] as number;
  events.words[e + EW_REQUEST] = message.words[w + W_REQUEST] as number;
  events.words[e + EW_CLIENT_REF] = NO_CLIENT_REF;
  events.floats[f + EF_LOTS] = leverage;
  events.floats[f + EF_ACCOUNT_SEQUENCE] = accounts.nextSequence(account);
  events.floats[f + EF_COLLATERAL] = accounts.collateral(account);
}
