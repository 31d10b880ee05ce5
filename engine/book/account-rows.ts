/**
 * One 64-byte row (a cache line) for each account in one market, indexed by account id. Several owners share it, because
 * an order touches all of them and with many accounts every line is fetched from memory: the market's position, what the
 * margin actor of the same shard has reserved (`risk/margin`, floats 2–5), and the book's list of the account's orders.
 */
export const ROW_WORDS = 16;
export const ROW_FLOATS = 8;
/** An account id shifted by this is its row's first word. */
export const ROW_SHIFT = 4;
export const ROW_FLOAT_SHIFT = 3;

/** Position in lots and its entry value in tick·lots, both signed. */
export const RF_POSITION = 0;
export const RF_ENTRY_VALUE = 1;
/** Newest open order of the account (slot in the order pool), 0 for none. */
export const RW_NEWEST_ORDER = 12;
export const RW_OPEN_ORDERS = 13;
export const RW_REDUCE_ONLY_ORDERS = 14;

export class AccountRows {
  words: Int32Array;
  floats: Float64Array;
  /** Rows that exist: account ids below this can be read. */
  rows: number;

  constructor(rows = 1024) {
    this.rows = rows;
    this.words = new Int32Array(rows * ROW_WORDS);
    this.floats = new Float64Array(this.words.buffer);
  }

  /** Makes the row of this account exist. Doubling keeps it rare; new rows are zero. */
  ensure(account: number): void {
    if (account < this.rows) return;
    let rows = this.rows;
    while (rows <= account) rows *= 2;
    const words = new Int32Array(rows * ROW_WORDS);
    words.set(this.words);
    this.words = words;
    this.floats = new Float64Array(words.buffer);
    this.rows = rows;
  }
}
