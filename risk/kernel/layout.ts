/**
 * Where the margin actor keeps things in the kernel's memory. As in engine/kernel/layout.ts all are bytes; names of offsets
 * begin with a letter for their record: G register of the margin actor, A account, C client id, T text, Q an account's closed orders,
 * K candidate for deleveraging, M what a margin actor knows of a market, N collateral of an isolated position.
 */

// ---- Registers: bytes 4,096 to 8,191 of the memory belong to the margin actor. ----
/** Table of account chunks (4 bytes each), and how many entries it has. */
export const G_ACCOUNT_TABLE = 4096;
export const G_ACCOUNT_CHUNKS = 4100;
/** Table of market blocks by market id (4 bytes each, 0: unknown), and how many entries it has. */
export const G_MARKET_TABLE = 4104;
export const G_MARKET_IDS = 4108;
/** Figures of the last refusal of `tryReserve`: the rejection's value and limit (8 bytes each). */
export const G_REFUSED_VALUE = 4112;
export const G_REFUSED_LIMIT = 4120;
/** 1 when markets here have traders whose home is another shard: then the lane leaves all trading to the long way. */
export const G_HOMES_ELSEWHERE = 4140;
/** Sequence before which all commands were fetched for (8 bytes). */
export const G_FETCHED_BEFORE = 4152;
/** Table of chunks of client ids (4 bytes each), how many entries it has, how many references were ever given. */
export const G_CLIENT_TABLE = 4160;
export const G_CLIENT_CHUNKS = 4164;
export const G_CLIENT_REFS = 4168;
/** Reference plus one that is given next, of those that are free; 0: none is. */
export const G_CLIENT_FREE = 4172;
/** First free record of a text. */
export const G_TEXT_FREE = 4176;
/** Table of chunks of accounts' closed orders (4 bytes each), and how many entries it has. */
export const G_CLOSED_TABLE = 4180;
export const G_CLOSED_CHUNKS = 4184;
/** Index of client ids: how many are in it, its table, and the one before, whose cells move over (I_…). */
export const G_INDEX_USED = 4188;
export const G_INDEX = 4192;
export const G_OLD_INDEX = 4204;
/** Cell of the table before that moves next, and how many have not moved yet. */
export const G_OLD_NEXT = 4216;
export const G_OLD_LEFT = 4220;
/** Goes into the hash of each id; the same as long as the memory lives, and known to nobody outside. */
export const G_HASH_SECRET = 4224;
/** Of a table: address of the cells (0: there is none), number of cells − 1, shift of the hash. */
export const I_CELLS = 0;
export const I_MASK = 4;
export const I_SHIFT = 8;
/** Block and account whose position's collateral an event has just moved; block 0: none has. */
export const G_MOVED_BLOCK = 4336;
export const G_MOVED_ACCOUNT = 4340;
/** Market blocks by index 0–63 (4 bytes each, 0: none). */
export const G_MARKETS = 4352;
export const MARKETS_MAX = 64;
/** Candidates for deleveraging, best first: account, its equity in micro-USD, its score (8 bytes each). */
export const G_CANDIDATES = 4608;
export const CANDIDATE_BYTES = 24;
export const K_ACCOUNT = 0;
export const K_EQUITY = 8;
export const K_SCORE = 16;

// ---- Account: 32 bytes, 2,048 to a chunk. ----
export const ACCOUNT_SHIFT = 5;
export const ACCOUNTS_PER_CHUNK = 2048;
export const ACCOUNTS_CHUNK_SHIFT = 11;
export const A_COLLATERAL = 0;
/** Number of its last private event. */
export const A_SEQUENCE = 8;
/**
 * Bit 0: the account exists. 1: it has used a client id. 2: it is being liquidated. 3: a market of it is isolated. 4: it may take over
 * positions from auctions. 8–15: fee tier. 16–31: how often a position of it was changed, modulo 65,536; added to when all that the
 * change writes is written, for copies that others keep (risk/runtime/swept-columns.ts), and no part of the state.
 */
export const A_STATUS = 16;
export const A_EXISTS = 1;
export const A_HAS_CLIENT_IDS = 2;
export const A_LIQUIDATING = 4;
export const A_ISOLATES = 8;
export const A_LIQUIDATOR = 16;
export const A_TIER_SHIFT = 8;
export const A_TIER_MASK = 255;
export const A_MOVES_SHIFT = 16;
export const A_PARENT = 20;
/** Markets (by index 0–63) in which the account has a position or open orders: low word, high word. */
export const A_ACTIVE = 24;
export const A_ACTIVE_HIGH = 28;

// ---- Client id: 32 bytes, 2,048 to a chunk, found by its number, the client reference. ----
export const CLIENT_SHIFT = 5;
export const CLIENTS_PER_CHUNK = 2048;
export const CLIENTS_CHUNK_SHIFT = 11;
/** The number (8 bytes), or the address of the text. */
export const C_KEY = 0;
export const C_ORDER_ID = 8;
/** When the order closed, ms below 2^48: the lower 32 bits; the upper 16, and the market id in the upper half of that word. */
export const C_CLOSED = 16;
export const C_CLOSED_MARKET = 20;
/** Account from bit 3 on, C_IS_TEXT, and the state CLIENT_…; 0: the reference is free. */
export const C_OWNER = 24;
export const C_STATE_MASK = 3;
export const C_IS_TEXT = 4;
export const C_ACCOUNT_SHIFT = 3;
/** Reference plus one of the account's order with an id that closed next, or of the next free one; 0: none. */
export const C_NEXT = 28;

/** The order is on its way to its market; open; done, and its id is remembered for a while. */
export const CLIENT_PENDING = 0;
export const CLIENT_OPEN = 1;
export const CLIENT_CLOSED = 2;
/** Closed orders whose client id an account is reminded of at least … */
export const CLOSED_REMEMBERED = 1024;
/** … and for at least this long, whichever keeps more. */
export const CLOSED_REMEMBERED_MS = 600_000;

// ---- Text of a client id: its length, then 36 bytes, zero behind the text. As in a message (W_CLIENT_TEXT_LENGTH). ----
export const TEXT_BYTES = 40;

// ---- An account's closed orders with an id, oldest first: references plus one of both ends, and how many. ----
export const CLOSED_SHIFT = 4;
export const CLOSED_PER_CHUNK = 4096;
export const CLOSED_CHUNK_SHIFT = 12;
export const Q_FIRST = 0;
export const Q_LAST = 4;
export const Q_COUNT = 8;

// ---- In a market's block (engine/kernel/layout.ts), behind what the book uses. ----
/** Mark price in ticks; 0 until the first oracle price. */
export const M_MARK = 272;
/** The market's bit in an account's active set: offset of the word in the account, and the bit. */
export const M_ACTIVE_AT = 276;
export const M_ACTIVE_BIT = 280;
/** What the lane may do in a market of this shard (TAKES_…). */
export const M_LANE = 284;
/** Worst prices that a buy and a sell may have: 4 bytes each, by side. */
export const M_PRICE_LIMITS = 288;
export const M_OPEN_ORDERS_MAX = 296;
/** Highest worst-case value of an account, tick·lots. */
export const M_VALUE_MAX = 304;
/** Least value of an order, tick·lots, and its most lots. */
export const M_VALUE_MIN = 312;
export const M_LOTS_MAX = 320;
/** Numerator of micro-USD × initial margin in ppm; divisor of every product with a rate in ppm. */
export const M_INITIAL_RATE = 328;
export const M_RATE_DIVISOR = 336;
/** As M_INITIAL_RATE, of maintenance margin. */
export const M_MAINTENANCE_RATE = 344;
/** Margin tiers (tiers.ts): least value in tick·lots of the second one, Infinity for none; table (0: none yet), count. */
export const M_SECOND_FLOOR = 352;
export const M_TIERS = 360;
export const M_TIER_COUNT = 364;
/** Caps in lots, Infinity for none: worst position of an account, open interest of the market. */
export const M_POSITION_MAX = 368;
export const M_OPEN_INTEREST_MAX = 376;
/** Why the market's prices are not trusted, 0 when they are (GUARD_… of engine/market/index-price.ts). */
export const M_GUARDS = 384;
/**
 * What sweeps take from the fields above (sweep.ts), each a float: micro-USD of a lot at the mark, and of a tick·lot; maintenance margin
 * of a lot at the mark; lots from which on the first tier does not hold.
 */
export const M_SWEEP_PRICE = 392;
export const M_SWEEP_UNIT = 400;
export const M_SWEEP_MARGIN = 408;
export const M_SWEEP_LOTS = 416;
/** Table of chunks of isolated positions' collateral (4 bytes each), and how many entries it has (purses.ts). */
export const M_PURSE_TABLE = 496;
export const M_PURSE_CHUNKS = 500;

// ---- Collateral of an isolated position: 16 bytes for each account, 1,024 to a chunk. ----
export const PURSE_SHIFT = 4;
export const N_COLLATERAL = 0;
export const N_FLAGS = 8;
/** The account's margin in this market is isolated. */
export const PURSE_IS_OPEN = 1;
/** The position is being liquidated. */
export const PURSE_LIQUIDATING = 2;
/** An event that tells of it is on its way, and will show what it is then. */
export const PURSE_TOLD = 4;

// ---- Margin tier: least value in tick·lots; of either rate numerator × ppm, and the deduction in micro-USD behind it. ----
export const TIER_BYTES = 40;
export const TIERS_ROOM = 12;
export const T_FLOOR = 0;
export const T_INITIAL = 8;
export const T_MAINTENANCE = 24;

/** Bits of M_LANE: cancels by order id; orders and amends, for which the market has to be open and to have a mark price. */
export const TAKES_CANCELS = 1;
export const TAKES_ORDERS = 2;
/** Trades are left to the long way: trigger orders wait for the price of the last one. */
export const LEAVES_TRADES = 4;

/** What the lane says of a command: left as it was for the long way; done; done, but client ids are missing in its events. */
export const LANE_NOT_DONE = 0;
export const LANE_DONE = 1;
export const LANE_HAS_REFERENCES = 2;
