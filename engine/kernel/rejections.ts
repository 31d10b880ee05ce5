import {
  EF_CLIENT_ID,
  EF_GRANT_OLD_REMAINING,
  EF_GRANTED_REMAINING,
  EF_LIMIT,
  EF_LOTS,
  EF_ORDER_ID,
  EF_VALUE,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  EW_CODE,
  EW_FLAGS,
  EW_RESERVED_LOSS_TICKS,
  EW_RESERVED_OLD_LOSS_TICKS,
  F_CLIENT_ID,
  F_GRANT_OLD_REMAINING,
  F_GRANT_REMAINING,
  F_ORDER_ID,
  F_QTY,
  typeOf,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_GRANT_OLD_LOSS_TICKS,
  W_HEAD,
  W_MARK_DISTANCE,
} from '../messages/layout.js';
import {
  EVT_REJECTED,
  FLAG_GRANTED,
  FLAG_SIDE,
  MSG_AMEND_GRANTED,
  MSG_PLACE,
  MSG_REPLACE,
} from '../messages/types.js';
import { answer, floatOf, pushEvent, setFloat, setWord, wordOf } from './events.js';

/** `pushMarketRejection` of messages/rejection.ts, byte for byte. */
export function pushRejection(message: i32, code: i32, value: f64, limit: f64): void {
  const event = pushEvent(EVENT_SLOTS);
  const head = wordOf(message, W_HEAD);
  const type = typeOf(head);
  setWord(event, W_HEAD, EVT_REJECTED | (EVENT_SLOTS << 8) | (head & -65536));
  setWord(event, W_ACCOUNT, wordOf(message, W_ACCOUNT));
  setWord(event, EW_FLAGS, wordOf(message, W_FLAGS));
  answer(event, message);
  setFloat(event, EF_ORDER_ID, floatOf(message, F_ORDER_ID));
  setFloat(event, EF_VALUE, value);
  setFloat(event, EF_LIMIT, limit);
  setWord(event, EW_CODE, code);
  setWord(event, EW_CLIENT_REF, -1);
  if (type === MSG_AMEND_GRANTED) {
    // The client id's place in the message holds what was granted.
    echoGrant(event, message);
    return;
  }
  setFloat(event, EF_CLIENT_ID, floatOf(message, F_CLIENT_ID));
  if (type === MSG_PLACE || type === MSG_REPLACE) {
    setFloat(event, EF_LOTS, floatOf(message, F_QTY));
    setWord(event, EW_RESERVED_LOSS_TICKS, reservedLossTicks(message));
    setWord(event, EW_CLIENT_REF, wordOf(message, W_CLIENT_REF));
  }
}

/**
 * Marks an answer to MSG_AMEND_GRANTED and echoes the grant in it, so that the margin actor can take its reservation back
 * before it books what really happened: remaining lots and loss reserve a lot, granted and before.
 */
export function echoGrant(event: i32, message: i32): void {
  setWord(event, EW_FLAGS, wordOf(event, EW_FLAGS) | FLAG_GRANTED);
  setFloat(event, EF_GRANTED_REMAINING, floatOf(message, F_GRANT_REMAINING));
  setFloat(event, EF_GRANT_OLD_REMAINING, floatOf(message, F_GRANT_OLD_REMAINING));
  setWord(event, EW_RESERVED_LOSS_TICKS, reservedLossTicks(message));
  setWord(event, EW_RESERVED_OLD_LOSS_TICKS, wordOf(message, W_GRANT_OLD_LOSS_TICKS));
}

/** Loss reserve a lot of an order `distance` = price − mark away: what it loses at once when it fills. */
export function lossTicksOf(side: i32, distance: i32): i32 {
  // Negated for a sell, and zero when negative; without branches, which nobody could predict.
  const loss = (distance ^ -side) + side;
  return loss & ~(loss >> 31);
}

function reservedLossTicks(message: i32): i32 {
  return lossTicksOf(wordOf(message, W_FLAGS) & FLAG_SIDE, wordOf(message, W_MARK_DISTANCE));
}
