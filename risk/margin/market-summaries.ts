import { AccountRows } from '../../engine/book/account-rows.js';
import { FastBook } from '../../engine/book/fast-book.js';
import {
  type MarginTerms,
  type MarginTier,
  NO_MARGIN_TERMS,
} from '../../engine/market/margin-terms.js';
import type { MarketActor } from '../../engine/market/market-actor.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { letsClose, MARKET_STATE } from '../../engine/market/market-state.js';
import {
  asPriceTicks,
  asQtyLots,
  asValueTickLots,
  PPM_ONE,
  type PriceTicks,
  type ValueTickLots,
} from '../../engine/units/units.js';
import {
  LEAVES_TRADES,
  M_GUARDS,
  M_LANE,
  M_LOTS_MAX,
  M_MARK,
  M_OPEN_INTEREST_MAX,
  M_OPEN_ORDERS_MAX,
  M_POSITION_MAX,
  M_PRICE_LIMITS,
  M_VALUE_MAX,
  M_VALUE_MIN,
  TAKES_CANCELS,
  TAKES_ORDERS,
} from '../kernel/layout.js';
import { grownTiers } from '../margin-tiers/grown-tiers.js';
import type { RiskKernel } from './risk-kernel.js';

/** There is room for ten bits. */
const LEVERAGE_MAX = 1000;

/**
 * What a margin actor knows of one market: parameters, mark price, and for each of its accounts position and open orders, fed by
 * events. With the reservations it is never more optimistic than the market's own rows. All figures stand in the kernel, in
 * the market's block (risk/kernel/layout.ts).
 *
 * Where the market lives in the same shard, both use the same block and rows (a line of memory less to fetch for every order):
 * each writes its own columns, and after each message position and entry value are equal in both views by themselves.
 */
export class MarketSummary {
  readonly marketId: number;
  readonly rows: AccountRows;
  /** Address in the kernel: of its book, when the market lives in this shard. */
  readonly block: number;
  private terms: MarketParams;
  private margin = NO_MARGIN_TERMS;
  /** As the last mark price told it; initial rates may grow with it. */
  openInterestLots = asQtyLots(0);
  /** As the last mark price told it (MARKET_STATE). */
  state: number = MARKET_STATE.initializing;
  private seenState = -1;
  private seenWatch = false;
  private readonly kernel: RiskKernel;
  private readonly local: MarketActor | undefined;

  /** `index`: place among this actor's markets, 0–63. `local`: the market's actor when it lives in this shard. */
  constructor(
    kernel: RiskKernel,
    marketId: number,
    index: number,
    params: MarketParams,
    local?: MarketActor,
  ) {
    this.kernel = kernel;
    this.marketId = marketId;
    this.terms = params;
    this.local = local;
    this.block = local?.positions.rows.book ?? openRemoteBlock(kernel, marketId, params);
    this.rows = local?.positions.rows ?? new AccountRows(kernel, this.block);
    kernel.calls.addMarket(this.block, marketId, index);
    kernel.refresh();
    this.setParams(params);
  }

  get params(): MarketParams {
    return this.terms;
  }

  setParams(params: MarketParams): void {
    this.terms = params;
    this.writeTiers();
    this.readLimits();
  }

  get marginTerms(): MarginTerms {
    return this.margin;
  }

  setMarginTerms(terms: MarginTerms): void {
    this.margin = terms;
    this.setFloat(M_POSITION_MAX, terms.positionLotsMax || Number.POSITIVE_INFINITY);
    this.setFloat(M_OPEN_INTEREST_MAX, terms.openInterestLotsMax || Number.POSITIVE_INFINITY);
    this.writeTiers();
  }

  /** Highest leverage that an account may choose: what the lowest tier allows, in whole numbers. */
  get leverageMax(): number {
    const lowest = this.margin.tiers[0]?.initialPpm ?? this.terms.initialMarginPpm;
    return Math.min(LEVERAGE_MAX, Math.floor(PPM_ONE / lowest));
  }

  /** 0: the account has chosen none. */
  leverageOf(account: number): number {
    return this.kernel.calls.leverageOf(this.rows.at(account));
  }

  get markTicks(): PriceTicks {
    return asPriceTicks(this.kernel.word(this.block + M_MARK));
  }

  /** `guards`: why the market does not trust its prices, 0 when it does. */
  setMark(ticks: PriceTicks, guards = 0, openInterestLots = asQtyLots(0)): void {
    this.setWord(M_MARK, ticks);
    this.setWord(M_GUARDS, guards);
    this.openInterestLots = openInterestLots;
    if (this.margin.growthUpperUsd !== 0) this.writeTiers();
    this.kernel.calls.prepareSweep(this.block);
    this.readLimits();
  }

  /** Whether the ladder can do anything about a position here: its prices are trusted, and orders that close are let in. */
  get letsLiquidate(): boolean {
    return this.guards === 0 && letsClose(this.state);
  }

  get guards(): number {
    return this.kernel.word(this.block + M_GUARDS);
  }

  /** Highest worst-case value of an account here, tick·lots. */
  get valueTickLotsMax(): ValueTickLots {
    return asValueTickLots(this.kernel.float(this.block + M_VALUE_MAX));
  }

  /** Looks whether the market of this shard has another state, or trigger orders wait for its trades. */
  readState(): void {
    const { local } = this;
    if (local === undefined) return;
    const isSeen =
      local.admission === this.seenState && local.triggers.watchesTrades === this.seenWatch;
    if (!isSeen) this.readLane(local);
  }

  /** The flat rates of the parameters hold only where there are no tiers; initial ones may grow with open interest. */
  private writeTiers(): void {
    const { block, kernel, margin, openInterestLots, terms } = this;
    const tiers = grownTiers(terms, margin, openInterestLots, this.markTicks);
    const [first, ...higher] = tiers as [MarginTier, ...MarginTier[]];
    kernel.calls.setMarginRates(block, first.initialPpm, first.maintenancePpm);
    for (const { floorUsd, initialPpm, maintenancePpm } of higher) {
      kernel.calls.addMarginTier(block, floorUsd, initialPpm, maintenancePpm);
    }
    kernel.calls.prepareSweep(block);
    kernel.refresh();
  }

  /** What the lane asks of an order, after parameters or mark have changed. */
  private readLimits(): void {
    const { local } = this;
    if (local === undefined) return;
    this.setWord(M_PRICE_LIMITS, local.buyLimitTicks);
    this.setWord(M_PRICE_LIMITS + 4, local.sellLimitTicks);
    this.setWord(M_OPEN_ORDERS_MAX, local.params.openOrdersMax);
    this.setFloat(M_LOTS_MAX, local.params.qtyLotsMax);
    this.setFloat(M_VALUE_MIN, local.minValueTickLots);
    this.readLane(local);
  }

  /** What the lane may do here. */
  private readLane(local: MarketActor): void {
    const state = local.admission;
    const { watchesTrades } = local.triggers;
    this.seenState = state;
    this.seenWatch = watchesTrades;
    if (!(local.book instanceof FastBook)) return;
    const takesOrders = state === MARKET_STATE.open && this.markTicks !== 0;
    const takesCancels = state >= MARKET_STATE.open && state <= MARKET_STATE.reduce_only;
    const bits = (takesOrders ? TAKES_ORDERS : 0) | (takesCancels ? TAKES_CANCELS : 0);
    this.setWord(M_LANE, bits | (watchesTrades ? LEAVES_TRADES : 0));
  }

  private setWord(field: number, value: number): void {
    this.kernel.words[(this.block + field) >> 2] = value;
  }

  private setFloat(field: number, value: number): void {
    this.kernel.floats[(this.block + field) >> 3] = value;
  }
}

function openRemoteBlock(kernel: RiskKernel, marketId: number, params: MarketParams): number {
  const block = kernel.calls.openRemoteBlock(marketId);
  kernel.refresh();
  kernel.calls.setContract(
    block,
    params.microUsdPerTickLotNumerator,
    params.microUsdPerTickLotDenominator,
  );
  return block;
}
