/**
 * Binary messages. A message is one to four slots of 64 bytes; the same bytes travel through rings, lie
 * in the journal, and pass between actors. `W_` names an Int32 word and `F_` a Float64 within a message
 * (both counted from the message's first slot; F_n covers words 2n and 2n + 1). Little-endian.
 *
 * Word 0 of every message: type (bits 0–7), slot count (bits 8–15), market id (bits 16–31).
 * Unused fields are zero, so that equal messages are equal bytes.
 */
export const SLOT_WORDS = 16;
export const SLOT_FLOATS = 8;
export const SLOT_BYTES = 64;

export const W_HEAD = 0;
export const W_ACCOUNT = 1;

// ---- Commands (from outside) and their forwarded form (margin actor → market actor) ----
export const W_FLAGS = 2;
export const W_PRICE = 3;
/** Quantity in lots; deposits and withdrawals: micro-USD; oracle price: publish time. */
export const F_QTY = 2;
/** Numeric client order id, 1 … 2^53 − 1; 0 when there is none or it is a string. */
export const F_CLIENT_ID = 3;
/** Order that a cancel or amend names; 0 when it names it by client id. */
export const F_ORDER_ID = 4;
/** Connection (bits 0–23: connection, bits 24–31: gateway port) that gets the answer; 0: nobody. */
export const W_SESSION = 10;
/** The sender's own number of the request, echoed in the answer. */
export const W_REQUEST = 11;
/** From outside: refuse when the exchange's time is later (receive window); 0: none. */
export const F_DEADLINE = 6;
/** Forwarded form, same bytes: the margin actor's reference to the client id, −1 for none … */
export const W_CLIENT_REF = 12;
/** … and price − mark in ticks at the check, from which the order's loss reserve follows. */
export const W_MARK_DISTANCE = 13;
/** GTD: the time at which the order ends. */
export const F_EXPIRY = 7;
/** MSG_AMEND_GRANTED only: what the margin actor saw and granted; echoed, so that it can undo or correct. */
export const F_GRANT_OLD_REMAINING = 3;
export const W_GRANT_OLD_LOSS_TICKS = 12;
export const F_GRANT_REMAINING = 7;

/** Second slot of a command whose client id is a string: length in bytes, then up to 36 bytes. */
export const W_CLIENT_TEXT_LENGTH = 16;
export const W_CLIENT_TEXT = 17;
export const CLIENT_TEXT_MAX_BYTES = 36;
export const CLIENT_TEXT_WORDS = 9;

/**
 * Last slot of REPLACE: the order to cancel. Word offsets are relative to that slot:
 * F 0 order id, F 1 numeric client id, W 4 length of a string client id, W 5 … 13 its bytes.
 */
export const TARGET_F_ORDER_ID = 0;
export const TARGET_F_CLIENT_ID = 1;
export const TARGET_W_TEXT_LENGTH = 4;
export const TARGET_W_TEXT = 5;

/**
 * Last slot of a trigger order, as command and as message to the market; offsets are relative to that slot. Terms: what it waits
 * for (TRIGGER_…, bits 0–7), which price (PRICE_OF_…, bits 8–15), and TRIGGER_TERM_… above.
 */
export const TRIGGER_W_TERMS = 0;
/** In ticks; of a trailing stop 0. */
export const TRIGGER_W_PRICE = 1;
/** Trailing stop: how far behind the best price, in ticks or in ppm of that price. The other one is 0. */
export const TRIGGER_W_TRAIL_TICKS = 2;
export const TRIGGER_W_TRAIL_PPM = 3;
/** The waiting order of which only one may fire, 0 for none: its id, or with TRIGGER_TERM_OCO_CLIENT the client's number … */
export const TRIGGER_F_OCO = 2;
/** … or the client's text: length in bytes, then the bytes. Messages to the market have the id. */
export const TRIGGER_W_OCO_TEXT_LENGTH = 6;
export const TRIGGER_W_OCO_TEXT = 7;

/**
 * Second slot of MSG_LIQUIDATE: the rung, and what of the account's equity is behind the position, as its home sees them: the mark
 * that equity is taken at, equity in micro-USD, and the position in lots, signed.
 */
export const LADDER_W_RUNG = 16;
export const LADDER_W_MARK = 17;
export const LADDER_F_EQUITY = 9;
export const LADDER_F_POSITION = 10;
/** MSG_ADL_CANDIDATES: how many, and the first one, account and equity, of up to eight: with the envelope of a message between shards that is as long as a message may be. */
export const ADL_W_COUNT = 3;
export const ADL_F_FIRST = 8;
export const ADL_CANDIDATES_MAX = 8;
/** Last slot of a scaled order: price of its last order, how many there are, SCALED_…. Offsets are relative to that slot. */
export const SCALED_W_LAST_PRICE = 0;
export const SCALED_W_COUNT = 1;
export const SCALED_W_DISTRIBUTION = 2;
/** Last slot of a TWAP: number of slices, and all of its time in milliseconds. */
export const TWAP_W_SLICES = 0;
export const TWAP_W_DURATION = 1;

/** Last slot of an order with a bracket: trigger prices (0: no such leg), limits (0: a market order); sources, the stop's from bit 8 on. */
export const BRACKET_W_PROFIT_PRICE = 0;
export const BRACKET_W_PROFIT_LIMIT = 1;
export const BRACKET_W_STOP_PRICE = 2;
export const BRACKET_W_STOP_LIMIT = 3;
export const BRACKET_W_SOURCES = 4;

/** Second slot of CMD_TRANSFER: the account that gets the money, and an idempotency key of four words, zeros for none. */
export const W_TRANSFER_TO = 16;
export const W_TRANSFER_KEY = 20;

/** Floats of EVT_FRAME, which has one slot. */
export const FRAME_F_SEQUENCE = 1;
export const FRAME_F_TIME = 2;
export const FRAME_F_EPOCH = 3;

// ---- Events (out of the shard) and their first form (market actor → margin actor) ----
export const EVENT_SLOTS = 2;
export const EF_ORDER_ID = 1;
/** Accepted, amended: total quantity; fill: lots of this fill; balance: change in micro-USD. */
export const EF_LOTS = 2;
/** Lots still open after this event; canceled: lots that were canceled. */
export const EF_REMAINING = 3;
export const EW_PRICE = 8;
/** The order's flags; cancel and amend reasons in bits 20–27. */
export const EW_FLAGS = 9;
export const EW_SESSION = 10;
export const EW_REQUEST = 11;
/** Journal sequence of the command that caused it. */
export const EF_SEQUENCE = 6;
/** Number in the account's private feed, from 1 without a gap; 0: an answer outside of the feed. */
export const EF_ACCOUNT_SEQUENCE = 7;
/** Fill: fee (negative: rebate). Amended: remaining lots before. Rejected: the offending value. */
export const EF_FEE = 8;
export const EF_OLD_REMAINING = 8;
export const EF_VALUE = 8;
/** Funding: what the account pays (negative: receives), micro-USD; rate for 8 hours in parts per billion. */
export const EF_PAYMENT = 8;
/** Funding: the time that it is for, ms. */
export const EF_INTERVAL = 2;
export const EF_RATE_PPB = 9;
/** Funding rate: micro-USD in the insurance fund of the market. */
export const EF_FUND = 11;
/** Mark price, funding rate, pricing: when funding is paid next, 0 for never. */
export const EF_NEXT_FUNDING = 10;
/** Fill: realised profit of this fill. Rejected: the limit. */
export const EF_REALIZED = 9;
export const EF_LIMIT = 9;
/** Amended: price before, and loss reserve a lot before. Accepted: loss reserve a lot as it was reserved (before a slide). */
export const EW_OLD_PRICE = 18;
export const EW_OLD_LOSS_TICKS = 19;
/** Fill: number of the trade in its market. */
export const EF_TRADE_SEQUENCE = 10;
/** Position after the fill, signed. Accepted: GTD expiry. */
export const EF_POSITION = 11;
export const EF_EXPIRY = 11;
/** Entry value of the position after the fill, signed tick·lots. Amended after a grant: the remaining lots granted. */
export const EF_ENTRY_VALUE = 12;
export const EF_GRANTED_REMAINING = 12;
/** Mark price: open interest in lots, and the market's state, which homes of accounts have to know as well. */
export const EF_OPEN_INTEREST = 11;
export const EW_STATE = 28;
/** Answers to a granted amend: the remaining lots that the margin actor saw when it granted. */
export const EF_GRANT_OLD_REMAINING = 11;
/** Rejected by a market actor, or granted: loss reserve a lot of what was reserved … */
export const EW_RESERVED_LOSS_TICKS = 20;
/** … and, after a grant, what the order had reserved a lot before it. */
export const EW_RESERVED_OLD_LOSS_TICKS = 21;
/** Numeric client id, filled in by the margin actor; a string stands in a third slot (W_EVENT_TEXT…). */
export const EF_CLIENT_ID = 13;
/** Rejected: code (reject-codes.ts). Otherwise the order's loss reserve a lot, in ticks. */
export const EW_CODE = 28;
export const EW_LOSS_TICKS = 28;
export const EW_CLIENT_REF = 29;
/** Of trigger orders: kind (bits 0–7) and source (bits 8–15) … */
export const EW_TRIGGER_TERMS = 16;
/** … the trigger price in ticks, and (fired) the price that reached it. */
export const EW_TRIGGER_PRICE = 17;
export const EW_TRIGGER_REACHED = 18;
/** Accepted: the trigger order that this one comes from; 0: none. */
export const EF_TRIGGER_ORDER_ID = 10;
/** The same of the bracket that is attached to an order. */
export const BRACKET_EVENT_W_PROFIT_PRICE = 16;
export const BRACKET_EVENT_W_PROFIT_LIMIT = 17;
export const BRACKET_EVENT_W_STOP_PRICE = 18;
export const BRACKET_EVENT_W_STOP_LIMIT = 19;
export const BRACKET_EVENT_W_SOURCES = 20;
/** Accepted, and of legs of a bracket: the parent order that this one belongs to; 0: none. */
export const EF_PARENT_ORDER_ID = 12;
/** Rejected, of a scaled order: lots and loss value in tick·lots that its home has reserved for all of it. */
export const EF_RESERVED_LOTS = 3;
export const EF_RESERVED_LOSS = 10;
/** Of parent orders: how many orders it is to make; of a scaled order its last price; of a TWAP its time in milliseconds. */
export const EW_CHILDREN = 18;
export const EW_LAST_PRICE = 19;
export const EW_DURATION = 19;
/** Of trigger orders: the one of which only one may fire; 0: none. */
export const EF_OCO_ORDER_ID = 10;
/** Of trailing stops: distance from the best price, in ticks or in ppm. */
export const EW_TRAIL_TICKS = 24;
export const EW_TRAIL_PPM = 25;
/** Collateral of the account after the event, filled in by the margin actor. */
export const EF_COLLATERAL = 15;
/** Balance, insurance funded: the command's idempotency key, four words; zeros for none. It tells what outside caused it. */
export const EW_CASH_KEY = 20;
export const CASH_KEY_WORDS = 4;
/** Balance, of a transfer: the other account of the two. */
export const EW_OTHER_ACCOUNT = 8;
/** Third slot: string client id. */
export const EW_CLIENT_TEXT_LENGTH = 32;
export const EW_CLIENT_TEXT = 33;

export function headOf(type: i32, slots: i32, marketId: i32): i32 {
  return type | (slots << 8) | (marketId << 16);
}
export function typeOf(head: i32): i32 {
  return head & 0xff;
}
export function slotsOf(head: i32): i32 {
  return (head >>> 8) & 0xff;
}
export function marketOf(head: i32): i32 {
  return head >>> 16;
}
