/** What is needed to show ticks and lots of a market as decimals. */
export interface MarketUnits {
  marketId: number;
  symbol: string;
  tickMantissa: number;
  tickDecimals: number;
  lotMantissa: number;
  lotDecimals: number;
}

export const ACCOUNT_TABLES = [
  'orders',
  'changes',
  'fills',
  'funding',
  'transfers',
  'liquidations',
] as const;
export type AccountTable = (typeof ACCOUNT_TABLES)[number];

/** A request for a page, checked, with everything that a thread needs to answer it. */
export interface Question {
  table: AccountTable | 'trades' | 'candles' | 'fundingRates';
  /** Whose history it is in: the account's home, or the market's host. */
  shardId: number;
  /** 0 for public tables. */
  accountId: number;
  /** 0: all. */
  marketId: number;
  /** 0: all. Only with a market. */
  orderId: number;
  /** Of candles, else 0. */
  intervalMs: number;
  /** From this time on and before that one; null: no bound. */
  fromMs: number | null;
  toMs: number | null;
  newestFirst: boolean;
  limit: number;
  /** Key of the last row of the page before; null: the first page. */
  after: number | null;
  cursorTag: string;
  markets: MarketUnits[];
}

/** A page, as it goes out. */
export interface Page {
  data: object[];
  /** For the page behind this one; null: there is none. */
  next: string | null;
  /** Whether that page has something by now. */
  more: boolean;
  /** How far the history has come: everything up to here is in it. */
  asOf: { sequence: number; time: number };
}
