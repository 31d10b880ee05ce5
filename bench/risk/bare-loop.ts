import { MARK_TICKS, MARKETS, positionsOf } from './population.js';

/** Positions that an account has room for. */
const STRIDE_SHIFT = 3;

/**
 * What a sweep would take that does nothing but the arithmetic: plain arrays with everything side by side, floats without any
 * exact rounding, equity, maintenance margin and their ratio written for each account.
 */
export class BareLoop {
  readonly positions: number;
  private readonly accounts: number;
  private readonly collateral: Float64Array;
  private readonly size: Float64Array;
  private readonly entry: Float64Array;
  private readonly market: Int32Array;
  private readonly count: Int32Array;
  private readonly equity: Float64Array;
  private readonly margin: Float64Array;
  private readonly ratio: Float64Array;
  private readonly mark = new Float64Array(MARKETS).fill(MARK_TICKS);
  private readonly rate = new Float64Array(MARKETS).fill(0.01);

  constructor(accounts: number, seed: number) {
    this.accounts = accounts;
    this.collateral = new Float64Array(accounts).fill(1e11);
    this.size = new Float64Array(accounts << STRIDE_SHIFT);
    this.entry = new Float64Array(accounts << STRIDE_SHIFT);
    this.market = new Int32Array(accounts << STRIDE_SHIFT);
    this.count = new Int32Array(accounts);
    this.equity = new Float64Array(accounts);
    this.margin = new Float64Array(accounts);
    this.ratio = new Float64Array(accounts);
    let positions = 0;
    for (const { account, market, lots, entryValue } of positionsOf(accounts, seed)) {
      const i = account - 1;
      const at = (i << STRIDE_SHIFT) + (this.count[i] as number);
      this.count[i] = (this.count[i] as number) + 1;
      this.size[at] = lots;
      this.entry[at] = entryValue / lots;
      this.market[at] = market;
      positions++;
    }
    this.positions = positions;
  }

  /** How many accounts are below their margin. */
  run(): number {
    const { collateral, size, entry, market, count, equity, margin, ratio, mark, rate } = this;
    let below = 0;
    for (let i = 0; i < this.accounts; i++) {
      let value = collateral[i] as number;
      let required = 0;
      const first = i << STRIDE_SHIFT;
      const end = first + (count[i] as number);
      for (let at = first; at < end; at++) {
        const k = market[at] as number;
        const price = mark[k] as number;
        const lots = size[at] as number;
        value += lots * (price - (entry[at] as number));
        required += Math.abs(lots) * price * (rate[k] as number);
      }
      equity[i] = value;
      margin[i] = required;
      ratio[i] = required / value;
      if (value < required) below++;
    }
    return below;
  }
}
