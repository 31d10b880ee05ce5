/**
 * What leaves the exchange for settlement. A pack is one message on the bus: items of one market, or of the accounts of one shard. All
 * numbers are safe integers; money is in micro-USD, positions in lots and entry values in tick·lots, both signed (long positive).
 *
 * Items are numbered from 1 without a gap, and the number of an item is a function of the journal alone. Where one pack ends and the next
 * begins is not: after a restart the same items may come in other packs. A receiver skips items by their numbers, and stops when one is missing.
 */
export type Pack = MarketPack | AccountPack | PricePack;

/** How the lots of an item have changed hands: in the book, or by one of the three ways outside of it. */
export type MarketItemKind = 'fill' | 'takeOver' | 'deleveraging' | 'settlement';

/** One market, from the shard that hosts it. Items are numbered in the order of the market. At least one item. */
export interface MarketPack {
  kind: 'market';
  marketId: number;
  shardId: number;
  /** Of the journal, at the last item. */
  epoch: number;
  firstItem: number;
  lastItem: number;
  /** Journal sequences of the shard that the first and the last item come from. */
  firstSequence: number;
  lastSequence: number;
  /** Of the last item. */
  timeMs: number;
  items: MarketItem[];
}

/**
 * Lots that go from one side to the other at one price. A fill has maker and taker; a transfer has who gives as maker, who takes as taker.
 * Σ Δlots of each item is zero, so that any run of items balances.
 */
export interface MarketItem {
  kind: MarketItemKind;
  /** Of fills: from 1 without a gap in the market. 0: a transfer. */
  tradeSequence: number;
  timeMs: number;
  priceTicks: number;
  qtyLots: number;
  /** 0: the taker buys; 1: the taker sells. */
  takerSide: 0 | 1;
  /** The taker's order liquidates a position. */
  isLiquidation: boolean;
  maker: ItemSide;
  taker: ItemSide;
}

/** What the item changes for one account: its collateral moves by realized − fee, the market's clearing account by −realized. */
export interface ItemSide {
  accountId: number;
  /** + qtyLots of who buys, − of who sells. */
  deltaLots: number;
  deltaEntryTickLots: number;
  realizedMicroUsd: number;
  /** Negative: a rebate. Of transfers 0. */
  feeMicroUsd: number;
}

/**
 * Everything else that moves money or makes accounts and markets: of accounts from the shard that is their home, of markets from their host.
 * Items are numbered for each shard. Without items it is a watermark: everything that the shard's journal has up to `lastSequence` is on the bus.
 */
export interface AccountPack {
  kind: 'account';
  shardId: number;
  epoch: number;
  firstItem: number;
  /** Watermark: firstItem − 1. */
  lastItem: number;
  firstSequence: number;
  lastSequence: number;
  timeMs: number;
  items: AccountItem[];
  /** Of a watermark only: where the shard's markets end, by their ids. Watermarks of earlier releases have none. */
  marketEnds?: readonly MarketEnd[];
}

/** Newest item of a market up to a place in the journal of its host; a market without items is left out. */
export interface MarketEnd {
  readonly marketId: number;
  readonly lastItem: number;
}

/** When the item happened, and the sequence of its command in the shard's journal. */
export interface ItemOrigin {
  timeMs: number;
  sequence: number;
}

export type AccountItem = ItemOrigin &
  (AccountCreated | MarketListed | BalanceChanged | Transferred | PaymentMade | InsuranceFunded);

export interface AccountCreated {
  kind: 'accountCreated';
  accountId: number;
  /** 0: none. */
  parentId: number;
  /** 32 bytes, Ed25519. */
  publicKey: Uint8Array | null;
}

/** A market that is new, or has other parameters: the last one counts. Symbol, tick, lot and fraction never change. */
export interface MarketListed {
  kind: 'marketListed';
  marketId: number;
  symbol: string;
  /** Tick size in USD = tickMantissa × 10^−tickDecimals; the same for lots. */
  tickMantissa: number;
  tickDecimals: number;
  lotMantissa: number;
  lotDecimals: number;
  /** Micro-USD of a tick·lot, in lowest terms. */
  microUsdNumerator: number;
  microUsdDenominator: number;
  priceTicksMax: number;
  priceBandPpm: number;
  initialMarginPpm: number;
  maintenanceMarginPpm: number;
}

/** Deposit (positive) or withdrawal. */
export interface BalanceChanged {
  kind: 'balance';
  accountId: number;
  changeMicroUsd: number;
  /** Cross collateral after it; collateral of isolated positions is not in it. */
  collateralMicroUsd: number;
  /** Idempotency key of the command, 32 hexadecimal digits: tells which deposit or withdrawal it books. Null: it had none. */
  cashKey: string | null;
}

/** Collateral that has gone from one account of a family to another. Both are at home in the shard, so that this is one item. */
export interface Transferred {
  kind: 'transfer';
  /** Who has given it. */
  accountId: number;
  toAccountId: number;
  /** From 1 on. */
  amountMicroUsd: number;
}

/** From outside into the insurance fund of a market; negative: out of it. */
export interface InsuranceFunded {
  kind: 'insuranceFunded';
  marketId: number;
  changeMicroUsd: number;
  cashKey: string | null;
}

/** From the account to the market's insurance fund; negative: from the fund. */
export interface PaymentMade {
  kind: 'funding' | 'insurance';
  accountId: number;
  marketId: number;
  paymentMicroUsd: number;
}

/** Newest index and mark of a market, from its host; any of them may be lost. */
export interface PricePack {
  kind: 'price';
  marketId: number;
  shardId: number;
  sequence: number;
  timeMs: number;
  /** 0: none yet. */
  indexTicks: number;
  markTicks: number;
  publishTimeMs: number;
}
