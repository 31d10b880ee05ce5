import { wordOf } from '../../../engine/kernel/events.js';
import { E_LENGTH } from '../../../engine/kernel/layout.js';
import { f64At, i32At, setI32 } from '../../../engine/kernel/memory.js';
import {
  F_DEADLINE,
  marketOf,
  SLOT_BYTES,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../../engine/messages/layout.js';
import { CMD_AMEND, CMD_CANCEL, CMD_PLACE } from '../../../engine/messages/types.js';
import { findAccount } from '../accounts.js';
import { G_LANE_EVENTS, G_LANE_NEXT, G_LANE_RESULT, LANE_DONE, LANE_NOT_DONE } from '../layout.js';
import { findBlock } from '../markets.js';
import { laneAmend } from './amend.js';
import { laneCancel } from './cancel.js';
import { lanePlace } from './place.js';

/**
 * A short way for what makes nearly all of the traffic: orders without a client id that pass every check, amends and cancels by
 * order id, in a market of the same shard. Margin actor, market actor and book do the same in four messages; here it is
 * one function for each kind, on the same memory.
 *
 * The lane either does the whole command, with the very bytes of events and state that the long way would give, or it
 * changes nothing and says no. It never rejects: whatever is not regular goes the long way, and is judged there.
 */

/** A trader's command. Returns LANE_…. */
function applyCommand(message: i32, timeMs: f64, sequence: f64): i32 {
  const head = wordOf(message, W_HEAD);
  const block = findBlock(marketOf(head));
  if (block === 0 || slotsOf(head) !== 1) return LANE_NOT_DONE;
  const deadline = f64At(message + (F_DEADLINE << 3));
  if (deadline !== 0 && !(deadline >= timeMs)) return LANE_NOT_DONE;
  const account = wordOf(message, W_ACCOUNT);
  const record = findAccount(account);
  if (record === 0) return LANE_NOT_DONE;
  const type = typeOf(head);
  if (type === CMD_AMEND) return laneAmend(block, message, account, record, sequence);
  if (type === CMD_PLACE) return lanePlace(block, message, account, record, timeMs, sequence);
  if (type === CMD_CANCEL) return laneCancel(block, message, account, record, sequence);
  return LANE_NOT_DONE;
}

/**
 * Messages of a frame, one after another, up to the first that is not done, or whose events lack client ids. Returns how many
 * are done; G_LANE_… tell where and why it stopped.
 */
export function applyCommands(first: i32, count: i32, timeMs: f64, firstSequence: f64): i32 {
  let message = first;
  let done = 0;
  let result = LANE_DONE;
  let events = i32At(E_LENGTH);
  while (done < count && result === LANE_DONE) {
    events = i32At(E_LENGTH);
    result = applyCommand(message, timeMs, firstSequence + done);
    if (result !== LANE_NOT_DONE) {
      message += SLOT_BYTES;
      done++;
    }
  }
  setI32(G_LANE_RESULT, result);
  setI32(G_LANE_NEXT, message);
  setI32(G_LANE_EVENTS, events);
  return done;
}
