import { answer, setFloat, wordOf } from '../../../engine/kernel/events.js';
import { E_BASE, E_LENGTH } from '../../../engine/kernel/layout.js';
import { i32At } from '../../../engine/kernel/memory.js';
import { NO_CLIENT_REF } from '../../../engine/kernel/orders.js';
import {
  EF_SEQUENCE,
  EW_CLIENT_REF,
  SLOT_BYTES,
  slotsOf,
  W_HEAD,
} from '../../../engine/messages/layout.js';
import { G_MOVED_BLOCK, LANE_DONE, LANE_HAS_REFERENCES } from '../layout.js';
import { numberEvent, settleIn } from '../order-events.js';
import { tellMoved } from '../purses.js';

/** The answer to a command gets all that shard and margin actor would have added. Returns LANE_…. */
export function completeAnswer(event: i32, message: i32, record: i32, sequence: f64): i32 {
  answer(event, message);
  setFloat(event, EF_SEQUENCE, sequence);
  numberEvent(event, record);
  return wordOf(event, EW_CLIENT_REF) === NO_CLIENT_REF ? LANE_DONE : LANE_HAS_REFERENCES;
}

/**
 * Settles the events from slot `first` on, which the answer made necessary: fills, cancels, cuts; and what these make necessary
 * for isolated positions. Returns LANE_….
 */
export function settleRest(block: i32, first: i32, sequence: f64): i32 {
  let result = LANE_DONE;
  let slot = first;
  while (slot < i32At(E_LENGTH)) {
    const event = i32At(E_BASE) + slot * SLOT_BYTES;
    setFloat(event, EF_SEQUENCE, sequence);
    settleIn(block, event);
    if (wordOf(event, EW_CLIENT_REF) !== NO_CLIENT_REF) result = LANE_HAS_REFERENCES;
    slot += slotsOf(wordOf(event, W_HEAD));
    if (i32At(G_MOVED_BLOCK) !== 0) tellMoved();
  }
  return result;
}
