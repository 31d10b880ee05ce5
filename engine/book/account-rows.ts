import type { Kernel } from '../kernel/host/kernel.js';
import {
  B_ROW_CHUNKS,
  B_ROW_TABLE,
  H_EMPTY_ROW,
  ROW_BYTES,
  ROWS_PER_CHUNK,
} from '../kernel/layout.js';

/**
 * The account rows of one market (engine/kernel/rows.ts) for those who look on. Several owners share a row: the market's
 * position, what the margin actor of the same shard has reserved, and the book's list of the account's orders. Columns are the
 * byte offsets `R_…` of engine/kernel/layout.ts.
 */
export class AccountRows {
  readonly kernel: Kernel;
  /** Address of the book or block that the rows belong to. */
  readonly book: number;

  constructor(kernel: Kernel, book: number) {
    this.kernel = kernel;
    this.book = book;
  }

  /** Every row that exists, by account id; many of them are empty. */
  forEach(visit: (account: number, row: number) => void): void {
    const { kernel } = this;
    const chunks = kernel.word(this.book + B_ROW_CHUNKS);
    for (let chunk = 0; chunk < chunks; chunk++) {
      const rows = kernel.word(kernel.word(this.book + B_ROW_TABLE) + chunk * 8);
      if (rows === 0) continue;
      for (let i = 0; i < ROWS_PER_CHUNK; i++) {
        visit(chunk * ROWS_PER_CHUNK + i, rows + i * ROW_BYTES);
      }
    }
  }

  /** Address of the account's row, 0 when there is none. */
  at(account: number): number {
    return this.kernel.calls.rowOf(this.book, account);
  }

  /** As `at`, but makes the row when there is none. */
  open(account: number): number {
    const row = this.kernel.calls.openRow(this.book, account);
    this.kernel.refresh();
    return row;
  }

  /** Index of the row in the kernel's floats; where there is none, of one that is all zero and only to be read. */
  floatIndex(account: number): number {
    return (this.at(account) || H_EMPTY_ROW) >> 3;
  }

  get(account: number, column: number): number {
    const row = this.at(account);
    return row === 0 ? 0 : this.kernel.float(row + column);
  }

  set(account: number, column: number, value: number): void {
    const at = this.open(account) + column;
    this.kernel.floats[at >> 3] = value;
  }

  add(account: number, column: number, change: number): void {
    const at = this.open(account) + column;
    this.kernel.floats[at >> 3] = this.kernel.float(at) + change;
  }
}
