import type { MarginTerms } from '../engine/market/margin-terms.js';
import type { MarketParams } from '../engine/market/market-params.js';
import type { MicroUsd, PriceTicks } from '../engine/units/units.js';
import type { EventRouter } from './event-router.js';
import type { AccountViews } from './feeds/account-views.js';
import type { OpenOrder } from './feeds/open-orders.js';
import type { OrderFold } from './feeds/order-fold.js';
import type { PublicFeeds } from './feeds/public-feeds.js';
import type { RunningTwap, TwapViews } from './feeds/twap-views.js';
import type { MarketAuction, Markets } from './markets.js';
import type { Accounts } from './session/accounts.js';

export interface SeedAccount {
  accountId: number;
  /** Ed25519 keys of 32 bytes. */
  publicKeys: readonly Uint8Array[];
  collateralMicroUsd: MicroUsd;
  /** Number and epoch of the last event in the account's private feed. */
  accountSequence: number;
  epoch: number;
  home: number;
  /** Whose sub-account without a key it is; itself: nobody's. */
  familyId: number;
}

export interface SeedPosition {
  accountId: number;
  marketId: number;
  lots: number;
  /** Signed tick·lots. */
  entryValue: number;
}

export interface SeedMarket {
  marketId: number;
  params: MarketParams;
  state: number;
  /** 0: none yet. */
  markTicks: PriceTicks;
  indexTicks: PriceTicks;
  fundingRatePpb: number;
  nextFundingMs: number;
  guards: number;
  openInterestLots: number;
  margin: MarginTerms;
  insuranceMicroUsd: number;
  auctions: readonly MarketAuction[];
  host: number;
}

interface SeedTargets {
  readonly accounts: Accounts;
  readonly markets: Markets;
  readonly views: AccountViews;
  readonly twaps: TwapViews;
  readonly orders: OrderFold;
  /** Open orders as their owners' feeds tell them; the same as `orders` with one shard. */
  readonly privateOrders: OrderFold;
  readonly publicFeeds: PublicFeeds;
  /** By shard. */
  readonly routers: readonly EventRouter[];
}

/**
 * State of the exchange at the moment from which on the gateway sees events: a restart from a snapshot puts it in
 * here. Markets first, then accounts, then positions and orders (each market's as they queue).
 */
export class GatewaySeed {
  private readonly to: SeedTargets;

  constructor(targets: SeedTargets) {
    this.to = targets;
  }

  /** Where a shard stands: its epoch has begun already. */
  shard(shard: number, epoch: number, timeMs: number): void {
    const router = this.to.routers[shard] as EventRouter;
    router.epoch = epoch;
    router.timeMs = timeMs;
  }

  market(seed: SeedMarket): void {
    const market = this.to.markets.put(seed.marketId, seed.params, seed.host);
    market.state = seed.state;
    market.markTicks = seed.markTicks;
    market.indexTicks = seed.indexTicks;
    market.fundingRatePpb = seed.fundingRatePpb;
    market.nextFundingMs = seed.nextFundingMs;
    market.guards = seed.guards;
    market.openInterestLots = seed.openInterestLots;
    market.margin = seed.margin;
    market.insuranceMicroUsd = seed.insuranceMicroUsd;
    for (const auction of seed.auctions) market.auctions.set(auction.auctionId, { ...auction });
    this.to.publicFeeds.addMarket(market);
  }

  account(seed: SeedAccount): void {
    const { accounts, views } = this.to;
    accounts.add(seed.accountId, seed.home, seed.familyId);
    for (const key of seed.publicKeys) accounts.addWithKey(seed.accountId, key, seed.home);
    views.seed(seed.accountId, seed.collateralMicroUsd, seed.accountSequence, seed.epoch);
  }

  position(seed: SeedPosition): void {
    const { accountId, marketId, lots, entryValue } = seed;
    this.to.views.setPosition(accountId, { marketId, lots, entryValue });
  }

  /** The account, or its isolated position in a market, is on its way down the ladder; its positions are there already. */
  liquidating(accountId: number, part: number): void {
    const { accounts, publicFeeds, views } = this.to;
    views.setLiquidating(accountId, part, true);
    publicFeeds.risk.saw(accountId, accounts.homeOf(accountId), 0);
  }

  liquidator(accountId: number): void {
    this.to.accounts.setLiquidator(accountId, true);
  }

  leverage(accountId: number, marketId: number, leverage: number): void {
    this.to.views.setLeverage(accountId, marketId, leverage);
  }

  /** `collateral`: of the account's isolated position in this market, micro-USD. */
  isolated(accountId: number, marketId: number, collateral: number): void {
    this.to.views.setIsolated(accountId, marketId, collateral);
  }

  twap(seed: RunningTwap): void {
    this.to.twaps.seed(seed);
  }

  order(seed: OpenOrder): void {
    const { orders, privateOrders } = this.to;
    // With several shards a waiting order is known to its owner's feed alone.
    if (privateOrders === orders || seed.trigger === null) orders.seed(seed);
    if (privateOrders !== orders) privateOrders.seed(seed);
  }
}
