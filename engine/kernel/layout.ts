/**
 * Where everything is in the kernel's memory. Addresses and offsets are in bytes; names of offsets begin with a letter for
 * their record: H heap, E event buffer, O order, V price level, L ladder (one side of a book), R account row, S settlement
 * record, X entry of the expiry queue, B book.
 */

// ---- Registers at the bottom of memory, below the first block. ----
/** First byte that was never handed out. */
export const H_TOP = 1024;
/** First free byte and end of the chunk from which small blocks come. */
export const H_SMALL = 1028;
export const H_SMALL_END = 1032;
/** First free order record. */
export const H_FREE_ORDER = 1036;
/** Chunks of order records so far. */
export const H_ORDER_CHUNKS = 1040;
/** Events: address, slots in use, slots there is room for. */
export const E_BASE = 1044;
export const E_LENGTH = 1048;
export const E_CAPACITY = 1052;
/** Accounts to be trimmed at the end of the command: address, count, room. */
export const H_TOUCHED = 1056;
export const H_TOUCHED_COUNT = 1060;
export const H_TOUCHED_CAPACITY = 1064;
/** Scratch numbers of the fill-or-kill test: address, room (8 bytes each). */
export const H_SCRATCH = 1068;
export const H_SCRATCH_CAPACITY = 1072;
/** Where what is read ahead of commands leaves its sum, which means nothing. */
export const H_FETCHED = 1076;
/** First free block of each size class: 4 bytes for each power of two. */
export const H_FREE_BLOCKS = 1152;
/** Fee rates in ppm by tier, 16 each. */
export const H_MAKER_PPM = 1280;
export const H_TAKER_PPM = 1344;
/** Room for a message of up to four slots that comes from outside of this memory. */
export const H_MESSAGE = 2048;
/** What placing hands to its next step: quantity (8 bytes), price, distance from the mark. */
export const H_PLACED_LOTS = 2304;
export const H_PLACED_PRICE = 2312;
export const H_PLACED_DISTANCE = 2316;
/** What amending hands on: new total, new remaining, old remaining (8 bytes each), new loss ticks. */
export const H_AMEND_TOTAL = 2320;
export const H_AMEND_REMAINING = 2328;
export const H_AMEND_OLD_REMAINING = 2336;
export const H_AMEND_LOSS_TICKS = 2344;
/** Stands for a row that does not exist: always zero. */
export const H_EMPTY_ROW = 2560;
/** The first block begins here. */
export const H_FIRST_BLOCK = 65536;

/** Unit of memory: order records, account rows and large blocks come in chunks of this size, aligned to it. */
export const CHUNK_BYTES = 65536;

// ---- Order, in four parts (orders.ts). First part: ----
export const ORDER_SHIFT = 5;
export const ORDER_BYTES = 64;
export const ORDERS_PER_CHUNK = 1024;
export const O_REMAINING = 0;
export const O_TOTAL = 8;
export const O_PRICE = 16;
export const O_ACCOUNT = 20;
export const O_FLAGS = 24;
export const O_LOSS_TICKS = 28;
/**
 * A node of a circular list: at `queueNodeOf(order)` of its level's queue, at `listNodeOf(order)` of its account's list. The
 * level and the row are nodes themselves, so that nothing has to be asked when an order is linked or unlinked.
 */
export const N_NEXT = 0;
export const N_PREVIOUS = 4;
/** At `restOf(order)`. */
export const O_ID = 0;
export const O_CLIENT_REF = 8;
/** Position in the expiry queue plus one; 0: does not expire. */
export const O_EXPIRY_POSITION = 12;

// ---- Price level ----
export const LEVEL_BYTES = 24;
/** First and last order of the queue: the level is a node. */
export const V_NODE = 0;
export const V_COUNT = 8;
export const V_LOTS = 16;

// ---- Ladder ----
export const LADDER_BYTES = 64;
export const LADDER_SHIFT = 6;
/** Best key, NO_KEY when the side is empty. */
export const L_BEST = 0;
/** First key of the window. */
export const L_BASE = 4;
export const L_SIZE = 8;
export const L_LEVELS = 12;
export const L_LEAVES = 16;
export const L_MIDDLE = 20;
export const L_TOP = 24;
/** Levels with orders inside of the window. */
export const L_COUNT = 28;
/** Levels beyond the window (far-levels.ts): address of the table of leaves, levels in all, room for leaves. */
export const L_FAR = 32;
export const L_FAR_COUNT = 36;
export const L_FAR_CAPACITY = 40;
/** Reduce-only orders that rest on this side: none lets fill-or-kill sum whole levels. */
export const L_REDUCE_ONLY = 44;
/** Leaves of the levels beyond the window. */
export const L_FAR_LEAVES = 48;

/** A far level: a level with its key. */
export const FAR_BYTES = 32;
export const FAR_KEY = 24;

// ---- Account row in one market: a cache line, 1,024 to a chunk. ----
export const ROW_BYTES = 64;
export const ROW_SHIFT = 6;
export const ROWS_PER_CHUNK = 1024;
export const ROWS_CHUNK_SHIFT = 10;
/** Position in lots and its entry value in tick·lots, both signed. */
export const R_POSITION = 0;
export const R_ENTRY_VALUE = 8;
/** Margin actor of the same shard: lots of open orders and Σ lots × loss ticks; buy side first, 8 bytes each. */
export const R_OPEN_LOTS = 16;
export const R_OPEN_LOSS = 32;
/** Newest and oldest open order of the account: the row is a node here. */
export const R_NODE = 48;
export const R_OPEN_ORDERS = 56;
export const R_REDUCE_ONLY_ORDERS = 60;
/** Reduce-only orders are counted in the lower 22 bits; above them the margin actor of the same shard keeps the leverage. */
export const R_LEVERAGE_SHIFT = 22;
export const R_REDUCE_ONLY_MASK = 4194303;

// ---- What was settled for an account in one market; only fills and funding touch it. ----
export const SETTLED_BYTES = 32;
export const SETTLED_SHIFT = 5;
export const S_REALIZED = 0;
export const S_FEE = 8;
/** Σ funding that the account has paid (negative: received), micro-USD. */
export const S_FUNDING = 16;
/** Zero but during a fill-or-kill test. */
export const S_SCRATCH = 24;

// ---- Expiry queue ----
export const EXPIRY_BYTES = 16;
export const EXPIRY_SHIFT = 4;
export const X_TIME = 0;
export const X_ORDER = 8;

// ---- Book ----
export const BOOK_BYTES = 512;
export const B_LADDERS = 0;
/** Words 0 of events: market id in the upper half. */
export const B_HEAD = 128;
export const B_PRICE_MAX = 132;
export const B_LAST_ORDER_ID = 136;
export const B_LAST_TRADE = 144;
export const B_OPEN_ORDERS = 152;
/** Pages of the order index: table, pages in it, room, id of the first page's first cell (8 bytes). */
export const B_PAGES = 240;
export const B_PAGE_COUNT = 244;
export const B_PAGE_CAPACITY = 248;
export const B_PAGE_FIRST_ID = 256;
/** Orders of dissolved pages: cells, number of cells − 1, shift of the hash, cells in use. */
export const B_CELLS = 156;
export const B_CELLS_MASK = 160;
export const B_CELLS_SHIFT = 164;
export const B_CELLS_USED = 168;
/** Expiry queue: address, count, room. */
export const B_EXPIRY = 172;
export const B_EXPIRY_COUNT = 176;
export const B_EXPIRY_CAPACITY = 180;
/** Table of row chunks (rows, settlement records: 4 bytes each), and how many entries it has. */
export const B_ROW_TABLE = 184;
export const B_ROW_CHUNKS = 188;
/** Who keeps the positions: LEDGER_… */
export const B_LEDGER = 192;
/** Price of the last trade, 0 before the first. */
export const B_LAST_PRICE = 196;
/** A bare book: there are no positions. */
export const LEDGER_NONE = 0;
/** Positions in the account rows. */
export const LEDGER_OWN = 1;
/** Positions outside of the kernel (ledger.ts). */
export const LEDGER_OUTSIDE = 2;
/** Micro-USD of a tick·lot as a fraction. */
export const B_MICRO_NUMERATOR = 200;
export const B_MICRO_DENOMINATOR = 208;
/** Totals: open interest in lots; −Σ realised profit and Σ fees in micro-USD. */
export const B_OPEN_INTEREST = 216;
export const B_CLEARING = 224;
export const B_FEES = 232;
/** What roundings of funding have left to the insurance fund, micro-USD. */
export const B_INSURANCE = 264;
