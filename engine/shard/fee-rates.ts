import {
  EVENT_SLOTS,
  F_QTY,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_FLAGS,
  W_PRICE,
} from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import { pushRejection } from '../messages/rejection.js';
import { EVT_DONE } from '../messages/types.js';
import { withoutMinusZero } from '../state/minus-zero.js';
import { asPpm } from '../units/units.js';
import type { ShardCore } from './shard-core.js';

/** CMD_SET_FEE_RATES: the rates of a tier, here and in all other shards. */
export function setFeeRates(core: ShardCore, messages: MessageBuffer, slot: number): void {
  const { events, fees } = core;
  const w = slot * SLOT_WORDS;
  const tier = messages.words[w + W_FLAGS] as number;
  const takerPpm = asPpm(messages.words[w + W_PRICE] as number);
  const maker = messages.floats[slot * SLOT_FLOATS + F_QTY] as number;
  const makerPpm = asPpm(withoutMinusZero(maker));
  if (tier < 0 || tier >= fees.makerPpm.length) {
    const code = REJECT.fee_tier_must_be_within_0_and_15;
    pushRejection(events, messages, slot, code, tier, fees.makerPpm.length - 1);
    return;
  }
  const problem = fees.problem(tier, makerPpm, takerPpm);
  if (problem !== null) {
    const code = REJECT.fee_rate_ppm_must_be_within_limits;
    pushRejection(events, messages, slot, code, problem.value, problem.limit);
    return;
  }
  fees.set(tier, makerPpm, takerPpm);
  core.answer(messages, slot, EVT_DONE, EVENT_SLOTS, 0);
  core.routing?.announceFees(tier, makerPpm, takerPpm);
}
