import { forget, ladderOf } from '../../../engine/kernel/changes.js';
import { pushOrderEvent, setFloat } from '../../../engine/kernel/events.js';
import { keyOf, removeOrder } from '../../../engine/kernel/ladder.js';
import {
  O_ACCOUNT,
  O_FLAGS,
  O_LOSS_TICKS,
  O_PRICE,
  O_REMAINING,
} from '../../../engine/kernel/layout.js';
import { f64At, i32At } from '../../../engine/kernel/memory.js';
import { findOrder } from '../../../engine/kernel/order-index.js';
import { rowOf } from '../../../engine/kernel/rows.js';
import { EF_LOTS } from '../../../engine/messages/layout.js';
import {
  EVT_CANCELED,
  FLAG_SIDE,
  REASON_SHIFT,
  REASON_USER,
} from '../../../engine/messages/types.js';
import { LANE_NOT_DONE, M_LANE, TAKES_CANCELS } from '../layout.js';
import { addOpen, clearActiveIfFlat } from '../reservation.js';
import { completeAnswer } from './events.js';

/** CMD_CANCEL of the order with this id. */
export function laneCancel(
  book: i32,
  message: i32,
  id: f64,
  account: i32,
  record: i32,
  sequence: f64,
): i32 {
  if ((i32At(book + M_LANE) & TAKES_CANCELS) === 0) return LANE_NOT_DONE;
  const order = findOrder(book, id);
  if (order === 0 || i32At(order + O_ACCOUNT) !== account) return LANE_NOT_DONE;

  const side = i32At(order + O_FLAGS) & FLAG_SIDE;
  const lots = f64At(order + O_REMAINING);
  const event = pushOrderEvent(book, EVT_CANCELED, order, id, REASON_USER << REASON_SHIFT);
  setFloat(event, EF_LOTS, 0);
  const row = rowOf(book, account);
  addOpen(row, side, -lots, -lots * i32At(order + O_LOSS_TICKS));
  removeOrder(ladderOf(book, side), order, keyOf(side, i32At(order + O_PRICE)), lots);
  forget(book, order);
  clearActiveIfFlat(record, book, row);
  return completeAnswer(event, message, record, sequence);
}
