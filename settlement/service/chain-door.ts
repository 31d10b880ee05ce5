import type { ChainDeposit } from '../ledger/deposits.js';
import type { ChainHead } from '../ledger/reconcile.js';
import type { TransactionPurpose } from '../ledger/transactions.js';
import type { MarketListed } from '../packs/pack-types.js';

/** What became of something that was to be done on chain. */
export type ChainOutcome =
  /** The chain's state shows it. */
  | { readonly kind: 'done' }
  /** The program said no: the same again would be refused again, until something has changed. */
  | { readonly kind: 'refused'; readonly code: string; readonly sentence: string }
  /** Nothing has happened and nothing will: it may be tried again. */
  | { readonly kind: 'expired' }
  /** It may have happened, or may still happen. */
  | { readonly kind: 'unknown'; readonly sentence: string };

/** Which transaction of the ledger something belongs to: every attempt is on disk before it goes out. */
export interface ChainPurpose {
  readonly purpose: TransactionPurpose;
  readonly reference: number;
  /** Tells what has the same reference apart; 0 where nothing has. */
  readonly part: number;
}

export interface ChainExchange extends ChainHead {
  readonly status: 'active' | 'paused' | 'halted' | 'frozen';
}

/** One account's row. */
export interface ChainRow {
  readonly accountId: number;
  readonly owner: Uint8Array;
  readonly collateralMicroUsd: bigint;
  readonly depositedMicroUsd: bigint;
  readonly nonce: bigint;
  readonly positions: readonly { slot: number; lots: bigint; entryTickLots: bigint }[];
}

export interface ChainMarket {
  readonly marketId: number;
  readonly slot: number;
  readonly feesMicroUsd: bigint;
  readonly insuranceMicroUsd: bigint;
  readonly clearingMicroUsd: bigint;
}

export interface PaidOut {
  readonly accountId: number;
  readonly nonce: bigint;
  readonly amountMicroUsd: bigint;
  /** Token account, 32 bytes. */
  readonly destination: Uint8Array;
  readonly expirySeconds: bigint;
  /** Of the owner, 64 bytes. */
  readonly signature: Uint8Array;
}

export interface DepositScan {
  readonly deposits: readonly (ChainDeposit & { readonly payer: string })[];
  /** Kept with what it gave, and handed in at the next scan. */
  readonly cursor: string | null;
  readonly hasMore: boolean;
}

/** What settlement does on chain. Everything may be asked for again without effect. */
export interface ChainDoor {
  exchange(): Promise<ChainExchange>;
  /** Of the chain's own clock, unix seconds. */
  timeSeconds(): Promise<bigint>;
  markets(): Promise<ChainMarket[]>;
  rows(accountIds: readonly number[]): Promise<ChainRow[]>;
  addMarket(listing: MarketListed, slot: number): Promise<ChainOutcome>;
  /** Rows that are there already are left as they are. */
  addRows(accounts: readonly { accountId: number; owner: Uint8Array }[]): Promise<ChainOutcome>;
  settle(batch: {
    sequence: number;
    previousHash: Uint8Array;
    bytes: Uint8Array;
  }): Promise<ChainOutcome>;
  /** From the operator's purse, which is filled by whoever runs the exchange, or on a test chain by itself. */
  payInto(
    to: { accountId: number } | { slot: number },
    microUsd: bigint,
    purpose: ChainPurpose,
  ): Promise<ChainOutcome>;
  payOut(withdrawal: PaidOut, purpose: ChainPurpose): Promise<ChainOutcome>;
  deposits(cursor: string | null): Promise<DepositScan>;
  /** Prices of which no transaction of ours decides: only a test chain has to be told them. */
  tellPrices(prices: readonly { marketId: number; indexTicks: number }[]): Promise<void>;
}
