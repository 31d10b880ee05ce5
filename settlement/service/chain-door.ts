import type { ChainDeposit } from '../ledger/deposits.js';
import type { ForcedPayment } from '../ledger/forced-payments.js';
import type { ForcedRequest, ForcedRequestSeen } from '../ledger/forced-requests.js';
import type { ChainHead } from '../ledger/reconcile.js';
import type { TransactionPurpose } from '../ledger/transactions.js';
import type { MarketListed } from '../packs/pack-types.js';

/** What became of something that was to be done on chain. */
export type ChainOutcome =
  /** The chain's state shows it. */
  | { readonly kind: 'done' }
  /** The program said no: the same again would be refused again, until something has changed. */
  | { readonly kind: 'refused'; readonly sentence: string }
  /** Not now; it may still be under way. */
  | { readonly kind: 'notYet'; readonly sentence: string };

/** Names a transaction for ever: every attempt is on disk under it before it goes out. */
export interface ChainPurpose {
  readonly purpose: TransactionPurpose;
  readonly reference: number;
  /** Tells what has the same reference apart; 0 where nothing has. */
  readonly part: number;
}

export interface ChainExchange extends ChainHead {
  readonly status: 'active' | 'paused' | 'halted' | 'frozen';
}

/** A withdrawal as its owner has signed it. */
export interface SignedWithdrawal {
  readonly accountId: number;
  readonly nonce: number;
  readonly amountMicroUsd: number;
  /** Token account, 32 bytes. */
  readonly destination: Uint8Array;
  readonly expirySeconds: number;
  /** Of the owner, 64 bytes. */
  readonly signature: Uint8Array;
}

/**
 * What the chain says of one: `passed`, a later nonce was used, so it was paid before or never will be; `expired`, it was not paid and
 * can never be; `open`, it still can; `uncertain`, endpoints do not agree.
 */
export type WithdrawalFate = 'paid' | 'passed' | 'expired' | 'open' | 'uncertain';

/** What an owner has asked of the chain itself, as any endpoint shows it. */
export interface ForcedOnChain extends ForcedRequestSeen {
  /** As many endpoints as must agree show it. */
  readonly isAgreed: boolean;
}

export interface DepositScan {
  /** Forced withdrawals that were paid. */
  readonly served: readonly ForcedPayment[];
  readonly deposits: readonly (ChainDeposit & { readonly payer: string })[];
  /** Kept with what it gave, and handed in at the next scan; the same again: the scan has come to the end. */
  readonly cursor: string | null;
  /** Whatever happened up to this slot was given, as enough endpoints say; null: that is not known. */
  readonly completeToSlot: number | null;
}

/** What settlement does on chain. Whatever cannot be done throws, and may be tried again without effect. */
export interface ChainDoor {
  exchange(): Promise<ChainExchange>;
  /** Places that markets of the engine have, those that are open. */
  slots(): Promise<{ marketId: number; slot: number }[]>;
  /** Gives its slot; null: it is there, but the program takes no batches of it before its time lock is over. */
  addMarket(listing: MarketListed): Promise<number | null>;
  addRows(accounts: readonly { accountId: number; owner: Uint8Array }[]): Promise<void>;
  settle(batch: BatchOnItsWay): Promise<ChainOutcome>;
  /** From the operator's purse, which is filled by whoever runs the exchange; on a test chain it fills itself. */
  payInto(
    to: { accountId: number } | { slot: number },
    microUsd: bigint,
    purpose: ChainPurpose,
  ): Promise<void>;
  /** Done when the chain's state shows its number. */
  transfer(transfer: TransferOnItsWay): Promise<ChainOutcome>;
  payOut(withdrawal: SignedWithdrawal): Promise<ChainOutcome>;
  fateOf(withdrawal: SignedWithdrawal): Promise<WithdrawalFate>;
  /** What owners have asked of the chain itself, and nobody has served yet. */
  forcedRequests(): Promise<ForcedOnChain[]>;
  /** A slot at which it is gone, as enough endpoints say; null: it is not, or too few say so. */
  forcedGoneSlot(request: ForcedRequest): Promise<number | null>;
  /** Pays it as it is on chain, if that is not more than here. */
  serveForced(request: ForcedRequest): Promise<ChainOutcome>;
  /** Cuts it to what can leave, or ends it when nothing can be paid to its destination. */
  reduceForced(request: ForcedRequest): Promise<ChainOutcome>;
  /** So long after it was asked for anybody may freeze the exchange over a request. */
  freezeDelaySeconds(): Promise<number>;
  deposits(cursor: string | null): Promise<DepositScan>;
  /** Only a test chain has to be told prices; a real one has them from its own oracle. */
  tellPrices(prices: readonly { marketId: number; indexTicks: number }[]): Promise<void>;
}

export interface TransferOnItsWay {
  readonly fromAccountId: number;
  readonly toAccountId: number;
  readonly amountMicroUsd: number;
  readonly number: number;
}

export interface BatchOnItsWay {
  readonly sequence: number;
  readonly previousHash: Uint8Array;
  readonly bytes: Uint8Array;
}
