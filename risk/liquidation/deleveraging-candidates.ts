import {
  ADL_F_FIRST,
  ADL_W_COUNT,
  EF_ORDER_ID,
  EW_FLAGS,
  F_ORDER_ID,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_HEAD,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { MSG_ADL_CANDIDATES, sideOf } from '../../engine/messages/types.js';
import { CANDIDATE_BYTES, G_CANDIDATES, K_ACCOUNT, K_EQUITY } from '../kernel/layout.js';
import type { MarginState } from '../margin/trade-commands.js';
import { pushMessage } from './ladder-messages.js';

const CANDIDATES_PER_SLOT = 4;

/** EVT_DELEVERAGING: answers the market with the best candidates of this home, also when there are none: it waits for all homes. */
export function answerDeleveraging(
  { kernel, markets }: MarginState,
  inbox: MessageBuffer,
  events: MessageBuffer,
  slot: number,
): void {
  const w = slot * SLOT_WORDS;
  const marketId = marketOf(events.words[w + W_HEAD] as number);
  const market = markets.find(marketId);
  const side = sideOf(events.words[w + EW_FLAGS] as number);
  const count = market === null ? 0 : kernel.calls.bestCandidates(market.block, side);
  const slots = 1 + Math.ceil(count / CANDIDATES_PER_SLOT);
  const at = pushMessage(inbox, MSG_ADL_CANDIDATES, slots, marketId, 0);
  const f = at * SLOT_FLOATS;
  inbox.words[at * SLOT_WORDS + ADL_W_COUNT] = count;
  inbox.floats[f + F_ORDER_ID] = events.floats[slot * SLOT_FLOATS + EF_ORDER_ID] as number;
  for (let i = 0; i < count; i++) {
    const entry = G_CANDIDATES + i * CANDIDATE_BYTES;
    inbox.floats[f + ADL_F_FIRST + 2 * i] = kernel.float(entry + K_ACCOUNT);
    inbox.floats[f + ADL_F_FIRST + 2 * i + 1] = kernel.float(entry + K_EQUITY);
  }
}
