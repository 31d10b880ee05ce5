import type { MarginTerms } from '../../engine/market/margin-terms.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import type { PricingParams } from '../../engine/market/pricing-params.js';
import { DIRECTORY_SHARD } from '../../engine/shard/routing.js';
import {
  asMicroUsd,
  type MicroUsd,
  type Ppm,
  type PriceTicks,
  type TimeMs,
} from '../../engine/units/units.js';
import { type Operator, OperatorError } from './operator.js';

export interface DeskShards {
  /** By shard. */
  readonly operators: readonly Operator[];
  hostOf(marketId: number): number;
  /** Resolves when the account's home has told the gateway of it. */
  accountIsKnown(account: number): Promise<void>;
}

/** The operator's commands, each to the shard that it concerns: a market's host, an account's home, or the giver of ids. */
export class OperatorDesk {
  private readonly shards: DeskShards;
  /** Home of each account that is not at home at the first shard. */
  private readonly homes = new Map<number, number>();

  constructor(shards: DeskShards) {
    this.shards = shards;
  }

  /** What the state says of an account from before this start. */
  noteHome(account: number, home: number): void {
    if (home !== DIRECTORY_SHARD) this.homes.set(account, home);
  }

  /** Gives the new account's id, when its home knows of it and its owner may log in. */
  async createAccount(publicKey: Uint8Array | null): Promise<number> {
    const { account, home } = await this.directory.createAccount(publicKey);
    this.noteHome(account, home);
    await this.shards.accountIsKnown(account);
    return account;
  }

  deposit(
    account: number,
    microUsd: MicroUsd,
    idempotencyKey: Int32Array | null,
  ): Promise<MicroUsd> {
    return this.home(account).deposit(account, microUsd, idempotencyKey);
  }

  withdraw(
    account: number,
    microUsd: MicroUsd,
    idempotencyKey: Int32Array | null,
  ): Promise<MicroUsd> {
    return this.home(account).withdraw(account, microUsd, idempotencyKey);
  }

  cancelOrders(account: number): Promise<void> {
    return this.home(account).cancelOrders(account);
  }

  /** Moves back what may leave an isolated position, up to `most`; gives how much that was. */
  async takeIsolated(account: number, marketId: number, most: MicroUsd): Promise<MicroUsd> {
    const home = this.home(account);
    try {
      await home.takeMargin(account, marketId, most);
      return most;
    } catch (error) {
      if (!(error instanceof OperatorError) || error.code === 'busy') throw error;
      const free = Math.floor(error.limit);
      // No isolated position, or one of which nothing may leave.
      if (error.code !== 'insufficient_free_collateral' || free < 1) return asMicroUsd(0);
      await home.takeMargin(account, marketId, asMicroUsd(free));
      return asMicroUsd(free);
    }
  }

  setFeeTier(account: number, tier: number): Promise<number> {
    return this.home(account).setFeeTier(account, tier);
  }

  setLiquidator(account: number, isLiquidator: boolean): Promise<boolean> {
    return this.home(account).setLiquidator(account, isLiquidator);
  }

  fundInsurance(
    marketId: number,
    microUsd: MicroUsd,
    idempotencyKey: Int32Array | null,
  ): Promise<MicroUsd> {
    return this.host(marketId).fundInsurance(marketId, microUsd, idempotencyKey);
  }

  listMarket(marketId: number, params: MarketParams): Promise<void> {
    return this.host(marketId).listMarket(marketId, params);
  }

  setMarketParams(marketId: number, params: MarketParams): Promise<void> {
    return this.host(marketId).setMarketParams(marketId, params);
  }

  setPricing(marketId: number, pricing: PricingParams): Promise<void> {
    return this.host(marketId).setPricing(marketId, pricing);
  }

  setMarginTerms(marketId: number, terms: MarginTerms): Promise<void> {
    return this.host(marketId).setMarginTerms(marketId, terms);
  }

  setMarketState(marketId: number, state: number): Promise<number> {
    return this.host(marketId).setMarketState(marketId, state);
  }

  setFeeRates(tier: number, makerPpm: Ppm, takerPpm: Ppm): Promise<void> {
    return this.directory.setFeeRates(tier, makerPpm, takerPpm);
  }

  setIndexPrice(
    marketId: number,
    ticks: PriceTicks,
    publishTimeMs: TimeMs,
    confidenceTicks: PriceTicks,
  ): Promise<{ indexTicks: PriceTicks; markTicks: PriceTicks }> {
    return this.host(marketId).setIndexPrice(marketId, ticks, publishTimeMs, confidenceTicks);
  }

  private get directory(): Operator {
    return this.operator(DIRECTORY_SHARD);
  }

  private home(account: number): Operator {
    return this.operator(this.homes.get(account) ?? DIRECTORY_SHARD);
  }

  private host(marketId: number): Operator {
    return this.operator(this.shards.hostOf(marketId));
  }

  private operator(shard: number): Operator {
    return this.shards.operators[shard] as Operator;
  }
}
