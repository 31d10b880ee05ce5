import { R_ENTRY_VALUE, R_POSITION } from '../../engine/kernel/layout.js';
import {
  A_ACTIVE,
  A_COLLATERAL,
  A_EXISTS,
  A_ISOLATES,
  A_LIQUIDATING,
  A_MOVES_SHIFT,
  A_SEQUENCE,
  A_STATUS,
  ACCOUNT_SHIFT,
  ACCOUNTS_CHUNK_SHIFT,
  ACCOUNTS_PER_CHUNK,
  G_ACCOUNT_TABLE,
  G_MARKETS,
  M_SWEEP_LOTS,
  M_SWEEP_MARGIN,
  M_SWEEP_PRICE,
  M_SWEEP_UNIT,
  MARKETS_MAX,
} from '../kernel/layout.js';
import type { RiskCalls } from '../margin/risk-kernel.js';

/** What sweeps call of the kernel: functions that write nothing. */
export type SweepCalls = Pick<RiskCalls, 'nextBelowMargin' | 'tableSizes' | 'rowOf'>;

/** Positions that an account has room for here; who has more is asked in the kernel each time. */
const ROOM_SHIFT = 3;
const ROOM = 1 << ROOM_SHIFT;
/** In place of a number of positions: they are not known here, or there are too many of them. */
const UNKNOWN = 255;
const TOO_MANY = 254;
/** Private events after which the count of an account's changes, which has 16 bits, may have come round. */
const COUNT_HOLDS = 32_768;
/** Far more than what sums of products are off by (risk/kernel/sweep.ts). */
const SLACK_MICRO_USD = 1_000_000;

/** Of a range of accounts. */
interface Columns {
  /** The account that comes first in them. */
  readonly first: number;
  /** How often its positions had been changed, modulo 65,536, when it was last looked at closely … */
  moves: Uint16Array;
  /** … and the number of its last private event then: every change is one. */
  sequence: Float64Array;
  /** What its positions were entered at, micro-USD. */
  cost: Float64Array;
  positions: Uint8Array;
  market: Uint8Array;
  lots: Float64Array;
}

/**
 * Positions of accounts side by side, copied from their rows, which lie by market: a sweep of the rows themselves waits for memory
 * nearly all the time. Nobody tells of changes; an account's record counts them, each after it has been written. So an account is
 * copied when the count is the one that the sweep before saw: then whatever led to that count was complete when this sweep began. Until
 * then, and whenever it is not certainly far above its margin, the kernel is asked. Orders change no count: those of a busy maker cost
 * a sweep nothing.
 */
export class SweptColumns {
  private readonly memory: WebAssembly.Memory;
  private readonly calls: SweepCalls;
  private words: Int32Array;
  private floats: Float64Array;
  /** By first account. */
  private readonly ranges = new Map<number, Columns>();
  private readonly price = new Float64Array(MARKETS_MAX);
  private readonly margin = new Float64Array(MARKETS_MAX);
  private readonly lotsMax = new Float64Array(MARKETS_MAX);
  private readonly unit = new Float64Array(MARKETS_MAX);

  private readonly copiesMax: number;
  private copiesLeft = 0;

  /** `copiesMax`: accounts that are copied in one call, which takes ten times as long as looking at a copy. */
  constructor(memory: WebAssembly.Memory, calls: SweepCalls, copiesMax = Number.POSITIVE_INFINITY) {
    this.memory = memory;
    this.calls = calls;
    this.copiesMax = copiesMax;
    this.words = new Int32Array(memory.buffer);
    this.floats = new Float64Array(memory.buffer);
  }

  /**
   * Visits accounts from `first` on, and before `end`, that are below their margin and not being liquidated yet. A range always begins
   * at the same account.
   */
  sweep(first: number, end: number, visit: (account: number) => void): void {
    this.refresh();
    this.copiesLeft = this.copiesMax;
    const columns = this.columnsOf(first, end);
    for (let account = first; account < end; ) {
      const stop = Math.min(end, (account | (ACCOUNTS_PER_CHUNK - 1)) + 1);
      this.sweepChunk(columns, first, account, stop, visit);
      account = stop;
    }
  }

  /** What was copied of this range may be anything. */
  forget(first: number): void {
    this.ranges.delete(first);
  }

  /** Accounts of one chunk, whose records are side by side. */
  private sweepChunk(
    columns: Columns,
    first: number,
    from: number,
    stop: number,
    visit: (account: number) => void,
  ): void {
    const { words, floats, price, margin, lotsMax } = this;
    const { moves, sequence, cost, positions, market, lots } = columns;
    const table = words[G_ACCOUNT_TABLE >> 2] as number;
    const chunk = words[(table >> 2) + (from >> ACCOUNTS_CHUNK_SHIFT)] as number;
    if (chunk === 0) return;
    let record = chunk + ((from & (ACCOUNTS_PER_CHUNK - 1)) << ACCOUNT_SHIFT);
    for (let i = from - first; i < stop - first; i++, record += 1 << ACCOUNT_SHIFT) {
      const status = words[(record + A_STATUS) >> 2] as number;
      if ((status & A_ISOLATES) !== 0) {
        // An isolated position stands on collateral that is not here.
        this.ask(first + i, visit);
        continue;
      }
      if ((status & (A_EXISTS | A_LIQUIDATING)) !== A_EXISTS) continue;
      const events = (floats[(record + A_SEQUENCE) >> 3] as number) - (sequence[i] as number);
      const isSame = status >>> A_MOVES_SHIFT === moves[i] && events < COUNT_HOLDS;
      if (!isSame || positions[i] === UNKNOWN) this.learn(columns, i, record, isSame);
      const count = positions[i] as number;
      if (count === 0) continue;
      let left = (floats[(record + A_COLLATERAL) >> 3] as number) - (cost[i] as number);
      let isTiered = count > ROOM;
      const end = isTiered ? 0 : (i << ROOM_SHIFT) + count;
      for (let at = i << ROOM_SHIFT; at < end; at++) {
        const k = market[at] as number;
        const own = lots[at] as number;
        const size = Math.abs(own);
        left += own * (price[k] as number) - size * (margin[k] as number);
        if (size >= (lotsMax[k] as number)) isTiered = true;
      }
      // Not a number, where something was read that is none: then the kernel is asked, too.
      if (left > SLACK_MICRO_USD && !isTiered) continue;
      this.ask(first + i, visit);
    }
  }

  private ask(account: number, visit: (account: number) => void): void {
    if (this.calls.nextBelowMargin(account, account + 1) !== 0) visit(account);
  }

  /** Copies the account's positions, if they are still those that the sweep before saw. */
  private learn(columns: Columns, i: number, record: number, isSame: boolean): void {
    const { first, moves, sequence, positions, market, lots, cost } = columns;
    const { words, floats } = this;
    positions[i] = UNKNOWN;
    if (!isSame) {
      moves[i] = (words[(record + A_STATUS) >> 2] as number) >>> A_MOVES_SHIFT;
      sequence[i] = floats[(record + A_SEQUENCE) >> 3] as number;
      return;
    }
    if (--this.copiesLeft < 0) return;
    let count = 0;
    let sum = 0;
    for (let k = 0; k < MARKETS_MAX; k++) {
      const active = words[(record + A_ACTIVE + ((k >> 5) << 2)) >> 2] as number;
      if ((active & (1 << (k & 31))) === 0) continue;
      const row = this.calls.rowOf(words[(G_MARKETS >> 2) + k] as number, first + i);
      const position = floats[(row + R_POSITION) >> 3] as number;
      if (position === 0) continue;
      if (count === ROOM) {
        positions[i] = TOO_MANY;
        return;
      }
      const at = (i << ROOM_SHIFT) + count++;
      market[at] = k;
      lots[at] = position;
      sum += (floats[(row + R_ENTRY_VALUE) >> 3] as number) * (this.unit[k] as number);
    }
    positions[i] = count;
    cost[i] = sum;
  }

  private columnsOf(first: number, end: number): Columns {
    const known = this.ranges.get(first);
    const accounts = end - first;
    if (known !== undefined && known.positions.length >= accounts) return known;
    const columns: Columns = {
      first,
      moves: new Uint16Array(accounts),
      sequence: new Float64Array(accounts).fill(Number.NEGATIVE_INFINITY),
      cost: new Float64Array(accounts),
      positions: new Uint8Array(accounts).fill(UNKNOWN),
      market: new Uint8Array(accounts << ROOM_SHIFT),
      lots: new Float64Array(accounts << ROOM_SHIFT),
    };
    this.ranges.set(first, columns);
    return columns;
  }

  /** Marks and rates of all markets, as they are now. */
  private refresh(): void {
    const { memory } = this;
    if (this.words.byteLength !== memory.buffer.byteLength) {
      this.words = new Int32Array(memory.buffer);
      this.floats = new Float64Array(memory.buffer);
    }
    const { words, floats, price, margin, lotsMax, unit } = this;
    for (let k = 0; k < MARKETS_MAX; k++) {
      const block = words[(G_MARKETS >> 2) + k] as number;
      if (block === 0) continue;
      price[k] = floats[(block + M_SWEEP_PRICE) >> 3] as number;
      margin[k] = floats[(block + M_SWEEP_MARGIN) >> 3] as number;
      lotsMax[k] = floats[(block + M_SWEEP_LOTS) >> 3] as number;
      const now = floats[(block + M_SWEEP_UNIT) >> 3] as number;
      // Copies hold micro-USD: with another contract they are worth nothing.
      if (unit[k] !== now) this.ranges.clear();
      unit[k] = now;
    }
  }
}
