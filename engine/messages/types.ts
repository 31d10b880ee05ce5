/** Message types. Commands < 64 come from outside and are journaled; 64–127 pass between actors; events ≥ 128. */

// ---- Traders' commands, to the margin actor that is home to the account ----
export const CMD_PLACE = 1;
export const CMD_CANCEL = 2;
/** New price and/or new total quantity (0: keep). Same order id; size down at the same price keeps the place. */
export const CMD_AMEND = 3;
/** Cancels the target and places the new order; when the target is not open, nothing happens. */
export const CMD_REPLACE = 4;
/** All orders of the account in one market or all, by side (FLAG_MASS_BIDS, FLAG_MASS_ASKS). */
export const CMD_MASS_CANCEL = 5;
/** An order that waits for a price outside of the book. As CMD_PLACE; the last slot says for what it waits. */
export const CMD_PLACE_TRIGGER = 6;
/** Takes a position over from an auction: F_ORDER_ID the auction, F_QTY lots at most, W_PRICE the worst price. For liquidators only. */
export const CMD_TAKE_OVER = 7;
/** W_PRICE: leverage of the account in the market, a whole number from 1 on. */
export const CMD_SET_LEVERAGE = 8;
/** W_PRICE: MARGIN_… of the account in the market. */
export const CMD_SET_MARGIN_MODE = 20;
/** F_QTY: micro-USD that go from the account to its isolated position in the market, negative: back. */
export const CMD_MOVE_MARGIN = 21;
/** Limit orders over a range of prices, all or none. As CMD_PLACE: W_PRICE first price, F_QTY all of it; last slot SCALED_W_…. */
export const CMD_PLACE_SCALED = 9;
/** Market orders in slices over time. As CMD_PLACE: W_PRICE worst price or 0, F_QTY all of it; last slot TWAP_W_…. */
export const CMD_PLACE_TWAP = 10;
/** CMD_PLACE of an order with a take-profit, a stop or both attached to it; last slot BRACKET_W_…. */
export const CMD_PLACE_BRACKET = 11;
/** Dead man's switch: F_QTY ms within which it has to come again, or all orders of the account are canceled; 0: no more. */
export const CMD_CANCEL_ALL_AFTER = 12;

/** F_QTY micro-USD to another account of the same family; second slot TRANSFER_W_…. */
export const CMD_TRANSFER = 22;
/** W_PRICE: number of the sub-account among those of the account, 0: the next one. One that exists is told again. */
export const CMD_CREATE_SUB_ACCOUNT = 23;

// ---- Operator's, oracle's and timer's commands: from 32 on ----
/** F_ORDER_ID: parent account or 0; second slot, words 16–23: Ed25519 public key or zeros. The id is assigned. */
export const CMD_CREATE_ACCOUNT = 32;
/** F_QTY: micro-USD; words 6–9: 128-bit idempotency key, zeros for none. */
export const CMD_DEPOSIT = 33;
export const CMD_WITHDRAW = 34;
/** Slots 2–3: parameters (market-params.ts). */
export const CMD_LIST_MARKET = 35;
export const CMD_SET_MARKET_PARAMS = 36;
/** W_FLAGS: the state (market-state.ts). */
export const CMD_SET_MARKET_STATE = 37;
/** W_PRICE: index price in ticks; F_QTY: publish time; F_CLIENT_ID: confidence in ticks. */
export const CMD_ORACLE_PRICE = 38;
/** Lets due timers run; time is in the journal frame. */
export const CMD_TIMER = 39;
/** F_QTY: the epoch that begins. First message after each start. */
export const CMD_BEGIN_EPOCH = 40;
/** W_FLAGS: tier of the account. */
export const CMD_SET_FEE_TIER = 41;
/** W_FLAGS: tier; W_PRICE: taker rate in ppm; W_SESSION … : as usual; F_QTY: maker rate in ppm (may be negative). */
export const CMD_SET_FEE_RATES = 42;
/** Slots 2–3: how the market finds mark price and funding (market/pricing-params.ts). */
export const CMD_SET_PRICING = 43;
/** Slots 2–4: margin tiers and caps of the market (market/margin-terms.ts). */
export const CMD_SET_MARGIN_TIERS = 44;
/** Accounts that a sweep has found below their margin: F_QTY how many; their ids from the second slot on (candidates.ts). */
export const CMD_CANDIDATES = 45;
/** A message of another shard: W_FLAGS sender, W_PRICE receiver, F_QTY number in the channel; the message from the second slot on. */
export const CMD_CHANNEL = 48;
/** W_FLAGS: 1 lets the account take positions over from auctions, 0 does not any more. */
export const CMD_SET_LIQUIDATOR = 50;
/** Pays into the market's insurance fund, or out of it: F_QTY micro-USD, negative: out; words 6–9: idempotency key. */
export const CMD_FUND_INSURANCE = 51;
/** F_QTY: number of shards, this one included; it only grows. From the host, when a start finds more than the shard knows. */
export const CMD_SET_SHARDS = 49;

// ---- Between actors: margin → market. Same layout as the command, with W_CLIENT_REF and W_MARK_DISTANCE ----
export const MSG_PLACE = 65;
export const MSG_CANCEL = 66;
export const MSG_AMEND = 67;
export const MSG_REPLACE = 68;
export const MSG_MASS_CANCEL = 69;
/** Answer to EVT_RESERVE_AMEND: the increase is reserved, go on. */
export const MSG_AMEND_GRANTED = 70;
/** CMD_PLACE_TRIGGER with W_CLIENT_REF: nothing is reserved for it. */
export const MSG_PLACE_TRIGGER = 80;
/** MSG_PLACE of a trigger order that has fired; F_ORDER_ID names it. */
export const MSG_PLACE_TRIGGERED = 81;
/** CMD_PLACE_SCALED with W_CLIENT_REF, and in W_MARK_DISTANCE first price − mark: all of its orders are reserved. */
export const MSG_PLACE_SCALED = 82;
/** CMD_PLACE_TWAP with W_CLIENT_REF: nothing is reserved for it. */
export const MSG_PLACE_TWAP = 83;
/** MSG_PLACE of a slice of a TWAP; F_ORDER_ID names that. */
export const MSG_PLACE_SLICE = 84;
/** F_ORDER_ID: the order (EVT_TRIGGERED) or the TWAP (EVT_SLICE) for which nothing could be reserved. */
export const MSG_NOT_RESERVED = 85;
/** MSG_PLACE with the last slot of CMD_PLACE_BRACKET. */
export const MSG_PLACE_BRACKET = 86;

/** A rung of the ladder for the account's position here. As MSG_PLACE; the second slot says which (LADDER_…). */
export const MSG_LIQUIDATE = 100;
/** CMD_TAKE_OVER, reserved like an order. */
export const MSG_TAKE_OVER = 101;
/** Answer of a home to EVT_DELEVERAGING: F_ORDER_ID echoed; from the second slot on account and equity, four to a slot. */
export const MSG_ADL_CANDIDATES = 102;

// ---- Between shards only ----
/** A market of another shard, new or changed. Slots 2–3: parameters. */
export const MSG_MARKET = 71;
/** As CMD_SET_FEE_RATES. */
export const MSG_FEE_RATES = 72;
/** To the account's home: W_FLAGS parent; W_PRICE its number when a trader has asked for it, who is told; words 16–23: public key. */
export const MSG_OPEN_ACCOUNT = 73;
/** Margin tiers and caps of a market of another shard, from word 8 on. */
export const MSG_MARGIN_TIERS = 74;

// ---- Events ----
/** One slot, before the events of a frame: FRAME_F_…. */
export const EVT_FRAME = 128;
export const EVT_ACCEPTED = 129;
/** Two for each trade: the maker's first, then the taker's (FLAG_MAKER tells). */
export const EVT_FILL = 130;
export const EVT_CANCELED = 131;
export const EVT_AMENDED = 132;
/** Answer only; changes no trading state. EW_CODE, EF_VALUE, EF_LIMIT. */
export const EVT_REJECTED = 133;
/** Answer only: the client id is known. EF_ORDER_ID (0 while in flight) tells the order. */
export const EVT_DUPLICATE = 134;
/**
 * Deposit or withdrawal: EF_LOTS change, EF_COLLATERAL after, EW_CASH_KEY. With EW_FLAGS BALANCE_TRANSFER nothing has come from outside:
 * EW_OTHER_ACCOUNT is who paid or was paid, and has an event of its own; who gives comes first.
 */
export const EVT_BALANCE = 135;
/** EF_ORDER_ID: parent; third slot: public key in words 33–40. */
export const EVT_ACCOUNT_CREATED = 136;
/** EW_FLAGS: the new state. */
export const EVT_MARKET_STATE = 137;
/** EW_PRICE: mark; EF_LOTS: index; EF_VALUE: publish time; EW_FLAGS: guards; EF_NEXT_FUNDING; EF_OPEN_INTEREST. */
export const EVT_MARK_PRICE = 138;
/** Slots 3–4: parameters. */
export const EVT_MARKET_LISTED = 139;
/** Answer to a mass cancel, after its EVT_CANCELED: EF_LOTS: number of orders. */
export const EVT_MASS_CANCELED = 140;
/** Market → margin only: an amend raises the reservation. */
export const EVT_RESERVE_AMEND = 141;
/** Answer to an operator's command that has no event of its own. */
export const EVT_DONE = 142;
/** EF_LOTS: the epoch. */
export const EVT_EPOCH = 143;
/** The fee tier of an account: EW_FLAGS. */
export const EVT_FEE_TIER = 144;
/** A message for another shard, laid out as CMD_CHANNEL. */
export const EVT_CHANNEL = 145;
/** Empty: an event that concerns only an account of another shard, and went there. */
export const EVT_SENT = 146;
/** An account's payment of funding: EF_PAYMENT, EF_RATE_PPB, EW_PRICE index, EF_POSITION. */
export const EVT_FUNDING = 147;
/**
 * Of a market, before the payments: EF_RATE_PPB for 8 hours, EW_PRICE index, EF_NEXT_FUNDING, EF_FEE premium in ppb, EF_FUND what the
 * insurance fund has after them.
 */
export const EVT_FUNDING_RATE = 148;
/** Guards of a market's prices (EW_FLAGS, GUARD_…) have changed: EW_PRICE mark, EF_LOTS index, EF_VALUE and EF_LIMIT of the newest. */
export const EVT_PRICE_GUARD = 149;
/** Slots 3–4: how the market finds mark price and funding; EF_NEXT_FUNDING. */
export const EVT_PRICING = 150;
/** Slots 2–4: margin tiers and caps of the market, from word 16 on. */
export const EVT_MARGIN_TIERS = 151;
/** The leverage that an account has chosen in a market: EF_LOTS. */
export const EVT_LEVERAGE = 152;
/** Of an account that fell below its margin, and with each rung of the ladder: EW_FLAGS stage (LIQUIDATION_…), EF_VALUE equity, EF_LIMIT maintenance margin. */
export const EVT_LIQUIDATION = 153;
/**
 * Between an account that is liquidated and the insurance fund of its market: EF_PAYMENT what the account pays (negative: the fund
 * does), EW_FLAGS for what (INSURANCE_…), EF_LIMIT what the fund has then.
 */
export const EVT_INSURANCE = 154;
/**
 * A part of a position has gone from one account to another outside of the book, without a fee: one event for each of both. EW_FLAGS:
 * side, FLAG_TAKER for who took it over, and why in the bits of reasons (TRANSFER_…); EF_REMAINING lots that had been reserved for it.
 */
export const EVT_TRANSFER = 155;
/** An auction: EF_ORDER_ID, EW_FLAGS side of who takes over, EW_CODE its stage (AUCTION_…), EW_PRICE, EF_LOTS left, EF_EXPIRY its end. */
export const EVT_AUCTION = 156;
/** A position is to be deleveraged: EF_ORDER_ID its account, EW_FLAGS its side, EF_LOTS. Every home answers with candidates. */
export const EVT_DELEVERAGING = 157;
/** The account may take positions over from auctions (EW_FLAGS 1), or not any more. */
export const EVT_LIQUIDATOR = 158;
/** The insurance fund of a market was paid into or out of: EF_LOTS change, EF_LIMIT what it has then, EW_CASH_KEY. */
export const EVT_INSURANCE_FUNDED = 159;
/** A trigger order waits: EF_LOTS, EW_PRICE (limit or bound, 0: none), EW_FLAGS, EF_EXPIRY, EW_TRIGGER_…. */
export const EVT_TRIGGER_ACCEPTED = 160;
/** It has ended without an order: the same fields, the reason in EW_FLAGS. */
export const EVT_TRIGGER_CANCELED = 161;
/** The price was reached: the same fields and EW_TRIGGER_REACHED. Its order, or EVT_TRIGGER_REJECTED, follows. */
export const EVT_TRIGGERED = 162;
/** The order of a fired trigger order was refused: EF_ORDER_ID is the trigger order's; EW_CODE, EF_VALUE, EF_LIMIT. */
export const EVT_TRIGGER_REJECTED = 163;
/** Margin mode of an account in a market: EW_FLAGS MARGIN_…. */
export const EVT_MARGIN_MODE = 170;
/** Collateral of an isolated position, EF_VALUE, micro-USD; EF_LOTS: what was asked to be moved, 0: a fill or funding has moved it. */
export const EVT_POSITION_MARGIN = 171;

/** The dead man's switch of an account: EF_EXPIRY when it falls, 0: never; EW_FLAGS 1: now, its orders are canceled. */
export const EVT_CANCEL_ALL_AFTER = 172;

/** Answer to CMD_CREATE_SUB_ACCOUNT: EF_ORDER_ID the sub-account, EF_LOTS its number, EW_FLAGS 1: it is new. */
export const EVT_SUB_ACCOUNT = 173;

/** EW_FLAGS of EVT_BALANCE. */
export const BALANCE_TRANSFER = 1;

// ---- Margin modes ----
export const MARGIN_CROSS = 0;
export const MARGIN_ISOLATED = 1;
/** A scaled order: its orders follow. EF_ORDER_ID, EF_LOTS, EW_PRICE first price, EW_FLAGS, EF_EXPIRY, EW_CHILDREN, EW_LAST_PRICE. */
export const EVT_SCALED_ACCEPTED = 164;
/** A TWAP has begun: EF_ORDER_ID, EF_LOTS, EW_PRICE (0: none), EW_FLAGS, EF_EXPIRY its end, EW_CHILDREN slices, EW_DURATION. */
export const EVT_TWAP_ACCEPTED = 165;
/** A parent order has ended: EF_LOTS, EF_REMAINING, EF_VALUE filled in tick·lots (TWAP), reason in EW_FLAGS; EW_CHILDREN. */
export const EVT_PARENT_ENDED = 166;
/** Market → margin: a slice of a TWAP (EF_ORDER_ID) is due: EF_LOTS, EW_PRICE, EW_FLAGS. Not numbered. */
export const EVT_SLICE = 167;
/** A leg of a bracket has another size: the fields of EVT_TRIGGER_ACCEPTED. */
export const EVT_TRIGGER_AMENDED = 168;
/** What is attached to an order (EF_ORDER_ID), after its acceptance: BRACKET_EVENT_W_…. */
export const EVT_BRACKET = 169;

// ---- Trigger orders ----
/** Buy when the price rises to the trigger price, sell when it falls to it. */
export const TRIGGER_STOP = 1;
/** Buy when the price falls to the trigger price, sell when it rises to it. */
export const TRIGGER_TAKE_PROFIT = 2;
/** As a stop whose trigger price follows the best price since it was placed, at a distance, and never goes back. */
export const TRIGGER_TRAILING_STOP = 3;
/** TRIGGER_F_OCO is a client id. */
export const TRIGGER_TERM_OCO_CLIENT = 1 << 16;
/** It belongs to the account's position: closes all of it, whatever its size then, and ends when the position does. */
export const TRIGGER_TERM_CLOSES_POSITION = 1 << 17;
/** It is a leg of a bracket: EF_PARENT_ORDER_ID of its events is the entry. */
export const TRIGGER_TERM_IN_BRACKET = 1 << 18;
export const PRICE_OF_MARK = 0;
export const PRICE_OF_LAST_TRADE = 1;
export const PRICE_OF_INDEX = 2;

// ---- How the lots of a scaled order are spread, from its first price to its last ----
export const SCALED_EQUAL = 0;
/** 1 : 2 : 3 … */
export const SCALED_RISING = 1;
/** … 3 : 2 : 1 */
export const SCALED_FALLING = 2;

// ---- Stages of a liquidation ----
export const LIQUIDATION_BEGUN = 1;
/** The account is above its margin again, or has no position left. */
export const LIQUIDATION_ENDED = 2;
/** + LADDER_…: this rung is next for it. */
export const LIQUIDATION_RUNG = 10;

// ---- Rungs of the ladder that a market does ----
export const LADDER_SLICE = 2;
export const LADDER_AUCTION = 3;
/** As a slice, and what it closes beyond the bankruptcy price the insurance fund pays. */
export const LADDER_FUND = 4;
export const LADDER_DELEVERAGE = 5;
/** Nothing is left but a debt: the fund pays it as far as it can. */
export const LADDER_COVER = 6;
/** What was asked before is taken back: an auction ends, and deleveraging that waits for homes is withdrawn. */
export const LADDER_END = 7;

// ---- What the insurance fund and an account pay each other for ----
/** A part of what was left above bankruptcy. */
export const INSURANCE_FEE = 1;
/** Closing was worse than bankruptcy. */
export const INSURANCE_SHORTFALL = 2;
/** Deleveraging at a whole tick was better than bankruptcy: less than a tick a lot. */
export const INSURANCE_DUST = 3;
export const INSURANCE_DEBT = 4;

export const TRANSFER_TAKE_OVER = 1;
export const TRANSFER_DELEVERAGING = 2;
/** The market is closed: all positions end at its settlement price. */
export const TRANSFER_SETTLEMENT = 3;

export const AUCTION_OPENED = 1;
export const AUCTION_TAKEN = 2;
export const AUCTION_ENDED = 3;

// ---- Flags of an order (W_FLAGS, EW_FLAGS) ----
export const SIDE_BUY = 0;
export const SIDE_SELL = 1;
export const FLAG_SIDE = 1;
export const TIF_SHIFT = 1;
export const TIF_MASK = 3;
export const TIF_GTC = 0;
export const TIF_IOC = 1;
export const TIF_FOK = 2;
export const TIF_GTD = 3;
export const FLAG_MARKET_ORDER = 1 << 3;
export const FLAG_POST_ONLY = 1 << 4;
/** With FLAG_POST_ONLY: rest one tick behind the opposite best instead of a rejection. */
export const FLAG_POST_ONLY_SLIDE = 1 << 5;
export const FLAG_REDUCE_ONLY = 1 << 6;
export const STP_SHIFT = 7;
export const STP_MASK = 7;
export const STP_NONE = 0;
export const STP_CANCEL_TAKER = 1;
export const STP_CANCEL_MAKER = 2;
export const STP_CANCEL_BOTH = 3;
export const STP_DECREMENT = 4;
export const FLAG_CLIENT_TEXT = 1 << 10;
/** Fee tier of the account when the order came, 0–15. */
export const TIER_SHIFT = 11;
export const TIER_MASK = 15;
/** Flags that a client may set on an order. */
export const CLIENT_FLAGS = (1 << 11) - 1;
export const FLAG_MASS_BIDS = 1 << 16;
export const FLAG_MASS_ASKS = 1 << 17;
/** The margin actor cancels, because the account's dead man's switch has fallen. */
export const FLAG_MASS_COUNTDOWN = 1 << 14;
/** The margin actor cancels, because it liquidates the account. */
export const FLAG_MASS_LIQUIDATION = 1 << 15;
/** Amended or rejected after a grant by the margin actor. */
export const FLAG_GRANTED = 1 << 18;
/** Fill: this account was the maker. */
export const FLAG_MAKER = 1 << 19;
/** Transfer: this account took the position over. */
export const FLAG_TAKER = 1 << 28;
/** The taker's fill of an order that liquidates a position. */
export const FLAG_LIQUIDATION = 1 << 29;
export const REASON_SHIFT = 20;

// ---- Reasons of EVT_CANCELED and EVT_AMENDED (bits 20–27 of EW_FLAGS) ----
export const REASON_USER = 1;
export const REASON_IOC_REMAINDER = 2;
export const REASON_FOK_UNFILLABLE = 3;
export const REASON_SELF_TRADE = 4;
export const REASON_EXPIRED = 5;
export const REASON_REDUCE_ONLY = 6;
export const REASON_MASS_CANCEL = 7;
export const REASON_REPLACED = 8;
export const REASON_MARKET_STATE = 9;
/** A market order found no more liquidity within its price bound. */
export const REASON_NO_LIQUIDITY = 10;
/** Of two trigger orders of which one may fire, the other one has ended. */
export const REASON_OCO = 11;
/** The position that a trigger order belongs to is closed, or has turned. */
export const REASON_POSITION_CLOSED = 12;
/** The account fell below its maintenance margin. */
export const REASON_LIQUIDATION = 13;
/** The account's dead man's switch has fallen. */
export const REASON_COUNTDOWN = 14;

/** Why the orders go that a MSG_MASS_CANCEL with these flags takes along. */
export function reasonOfMassCancel(flags: i32): i32 {
  if ((flags & FLAG_MASS_LIQUIDATION) !== 0) return REASON_LIQUIDATION;
  return (flags & FLAG_MASS_COUNTDOWN) !== 0 ? REASON_COUNTDOWN : REASON_MASS_CANCEL;
}

export function sideOf(flags: i32): i32 {
  return flags & FLAG_SIDE;
}
export function tifOf(flags: i32): i32 {
  return (flags >>> TIF_SHIFT) & TIF_MASK;
}
/** Whether what does not trade at once waits in the book. */
export function mayRest(flags: i32): boolean {
  const tif = tifOf(flags);
  return tif === TIF_GTC || tif === TIF_GTD;
}
export function stpOf(flags: i32): i32 {
  return (flags >>> STP_SHIFT) & STP_MASK;
}
export function tierOf(flags: i32): i32 {
  return (flags >>> TIER_SHIFT) & TIER_MASK;
}
export function reasonOf(flags: i32): i32 {
  return (flags >>> REASON_SHIFT) & 0xff;
}
