import { NO_MARGIN_TERMS, sameMarginTerms } from '../../engine/market/margin-terms.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import type { MicroUsd } from '../../engine/units/units.js';
import { cashKey } from '../../settlement/packs/cash-key.js';
import { OperatorError } from '../admin/operator.js';
import type { OperatorDesk } from '../admin/operator-desk.js';
import type { Config } from '../config/config.js';
import { pricingUnder } from '../config/pricing-config.js';
import { StartError } from '../config/problem.js';
import type { SeededMarket } from './shard-seed.js';

/** What stays as it was when the market was listed. */
const FIXED = [
  'symbol',
  'tickMantissa',
  'tickDecimals',
  'lotMantissa',
  'lotDecimals',
  'priceTicksMax',
] as const satisfies readonly (keyof MarketParams)[];

/** What of the state the configuration is compared with. */
export interface ConfiguredState {
  markets: readonly SeededMarket[];
  makerPpm: readonly number[];
  takerPpm: readonly number[];
}

/**
 * Turns differences between the configuration and the state into journaled commands; what is equal already makes none. Returns
 * sentences about what was done.
 */
export async function applyConfig(
  config: Config,
  seed: ConfiguredState,
  operator: OperatorDesk,
): Promise<string[]> {
  const done: string[] = [];
  await applyFees(config, seed, operator, done);
  for (const { marketId, params, pricing, margin, insuranceMicroUsd } of config.markets) {
    const known = seed.markets.find((market) => market.marketId === marketId);
    try {
      if (known === undefined) {
        await operator.listMarket(marketId, params);
        done.push(`listed ${params.symbol}`);
      } else if (changed(known.params, params).length > 0) {
        refuseFixed(config, known, params);
        await operator.setMarketParams(marketId, params);
        done.push(`changed ${changed(known.params, params).join(', ')} of ${params.symbol}`);
      }
      const wanted = pricingUnder(config.oracle, pricing);
      if (known === undefined || changed(known.pricing, wanted).length > 0) {
        await operator.setPricing(marketId, wanted);
        done.push(`set the pricing of ${params.symbol}`);
      }
      if (!sameMarginTerms(known?.margin ?? NO_MARGIN_TERMS, margin)) {
        await operator.setMarginTerms(marketId, margin);
        done.push(`set the margin tiers and caps of ${params.symbol}`);
      }
      if ((known?.state ?? MARKET_STATE.initializing) === MARKET_STATE.initializing) {
        await beginFund(operator, marketId, insuranceMicroUsd);
        if (insuranceMicroUsd > 0) done.push(`paid into the insurance fund of ${params.symbol}`);
        await operator.setMarketState(marketId, MARKET_STATE.open);
        done.push(`opened ${params.symbol}`);
      }
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      throw new StartError(
        `${config.file}: the exchange refuses market ${params.symbol}: ${error.message}`,
      );
    }
  }
  for (const { marketId, params } of seed.markets) {
    if (config.markets.some((market) => market.marketId === marketId)) continue;
    done.push(`${params.symbol} is not in the configuration any more, and goes on as it is`);
  }
  return done;
}

/** Before a market opens for the first time. A start that was cut off between the two pays nothing again. */
async function beginFund(operator: OperatorDesk, marketId: number, microUsd: MicroUsd) {
  if (microUsd === 0) return;
  const key = cashKey(`first payment into the insurance fund of market ${marketId}`);
  await operator.fundInsurance(marketId, microUsd, key);
}

async function applyFees(
  config: Config,
  seed: ConfiguredState,
  operator: OperatorDesk,
  done: string[],
): Promise<void> {
  const open = config.feeTiers.filter(({ tier, makerPpm, takerPpm }) => {
    return seed.makerPpm[tier] !== makerPpm || seed.takerPpm[tier] !== takerPpm;
  });
  // A rebate may not exceed the cheapest taker rate of any tier, so taker rates go up before makers go down; what is
  // refused in one order may pass in another.
  let last: OperatorError | null = null;
  for (let left = open; left.length > 0; ) {
    const refused: typeof open = [];
    for (const fee of left) {
      try {
        await operator.setFeeRates(fee.tier, fee.makerPpm, fee.takerPpm);
        done.push(`set the fees of tier ${fee.tier}`);
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error;
        last = error;
        refused.push(fee);
      }
    }
    if (refused.length === left.length) {
      const tiers = refused.map(({ tier }) => tier).join(', ');
      throw new StartError(
        `${config.file}: the exchange refuses the fees of tier ${tiers}: ${last?.message}; ` +
          'a maker rebate must not exceed the lowest taker fee of all 16 tiers',
      );
    }
    left = refused;
  }
}

function changed<T extends object>(before: T, after: T): (keyof T)[] {
  const keys = Object.keys(after) as (keyof T)[];
  return keys.filter((key) => before[key] !== after[key]);
}

function refuseFixed(config: Config, known: SeededMarket, params: MarketParams): void {
  const field = FIXED.find((key) => known.params[key] !== params[key]);
  if (field === undefined) return;
  throw new StartError(
    `${config.file}: ${field} of market ${known.marketId} must stay ${known.params[field]}, as it was listed, ` +
      `but is ${params[field]}; list a market with another id instead`,
  );
}
