import {
  MARGIN_SLOTS,
  type MarginTerms,
  W_MARGIN_TERMS,
  writeMarginTerms,
} from '../../engine/market/margin-terms.js';
import { PARAM_WORDS, writeMarketParams } from '../../engine/market/market-params.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import {
  PRICING_WORDS,
  type PricingParams,
  writePricingParams,
} from '../../engine/market/pricing-params.js';
import { SLOT_FLOATS, SLOT_WORDS } from '../../engine/messages/layout.js';
import {
  CMD_CREATE_ACCOUNT,
  CMD_DEPOSIT,
  CMD_FUND_INSURANCE,
  CMD_LIST_MARKET,
  CMD_ORACLE_PRICE,
  CMD_SET_FEE_RATES,
  CMD_SET_FEE_TIER,
  CMD_SET_LIQUIDATOR,
  CMD_SET_MARGIN_TIERS,
  CMD_SET_MARKET_PARAMS,
  CMD_SET_MARKET_STATE,
  CMD_SET_PRICING,
  CMD_TIMER,
  CMD_WITHDRAW,
} from '../../engine/messages/types.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';
import { MICRO_USD_MAX } from '../../engine/units/units.js';
import type { Knowledge, KnownMarket } from './knowledge.js';
import {
  changedParams,
  type MarketPlan,
  planMargin,
  planMarket,
  planPricing,
} from './market-menu.js';
import { type Wire, withSlots } from './wire.js';

const ACCOUNTS_MAX = 24;
const MARKETS_MAX = 6;
const W_IDEMPOTENCY_KEY = 6;

/** Operator, oracle and settlement: accounts, money, prices, market states, fees, parameters, new markets. */
export class OperatorTraffic {
  private readonly random: Xorshift;
  private readonly knowledge: Knowledge;
  /** Cash commands with a key, of which some are sent again. */
  private readonly cash: Wire[] = [];
  private keys = 0;
  /** By market: by which share of itself its price moves with every message. */
  private readonly drifts = new Map<number, number>();

  constructor(random: Xorshift, knowledge: Knowledge) {
    this.random = random;
    this.knowledge = knowledge;
  }

  /** What an exchange needs before the first order. */
  opening(nowMs: number): Wire[] {
    const { random } = this;
    const wires: Wire[] = [feeRates(0, -20, 100), feeRates(1, 50, 300)];
    const markets = random.between(2, 4);
    for (let n = 0; n < markets; n++) wires.push(...this.listMarket(nowMs));
    const accounts = random.between(5, 16);
    for (let n = 1; n <= accounts; n++) wires.push(this.createAccount(), this.deposit(n));
    for (let n = 1; n <= 3; n++) wires.push(this.liquidator());
    return wires;
  }

  next(nowMs: number): Wire[] {
    const { random, knowledge } = this;
    const dice = random.below(100);
    if (dice < 45 && knowledge.markets.length > 0) return [this.price(nowMs)];
    if (dice < 62) return [this.moveCash()];
    if (dice < 70 && knowledge.markets.length > 0) return [this.state()];
    if (dice < 76) return [this.setFeeTier()];
    if (dice < 80) return [this.setFeeRates()];
    if (dice < 84 && knowledge.markets.length > 0) return [this.setParams()];
    if (dice < 86 && knowledge.markets.length > 0) return [this.setPricing()];
    if (dice < 88 && knowledge.markets.length > 0) return [this.setMarginTiers()];
    if (dice < 90 && knowledge.markets.length < MARKETS_MAX) return this.listMarket(nowMs);
    if (dice < 93) return [this.createAccount()];
    if (dice < 95) return [this.liquidator()];
    if (dice < 97 && knowledge.markets.length > 0) return [this.insurance()];
    return [withSlots(CMD_TIMER, 1, {})];
  }

  private listMarket(nowMs: number): Wire[] {
    const { markets } = this.knowledge;
    const plan = planMarket(markets.length, this.random);
    // Ids need not be dense.
    const marketId = (markets.at(-1)?.marketId ?? 0) + this.random.between(1, 3);
    markets.push({ marketId, plan, markTicks: 0 });
    const open = { marketId, flags: MARKET_STATE.open };
    return [
      paramsCommand(CMD_LIST_MARKET, marketId, plan),
      pricingCommand(marketId, planPricing(this.random)),
      marginCommand(marketId, planMargin(plan, this.random)),
      withSlots(CMD_SET_MARKET_STATE, 1, open),
      withSlots(CMD_ORACLE_PRICE, 1, { marketId, price: plan.firstPriceTicks, qty: nowMs }),
    ];
  }

  private price(nowMs: number): Wire {
    const { random } = this;
    const market = random.pick(this.knowledge.markets);
    const usual = market.plan.firstPriceTicks;
    const isFar = market.markTicks > usual * 8 || market.markTicks * 8 < usual;
    const now = isFar ? usual : market.markTicks;
    const spread = market.plan.spreadTicks;
    const jumps = random.chance(8);
    const step = jumps ? Math.ceil(now / 3) : Math.ceil(spread / 3);
    const near = Math.max(1, now + this.driftOf(market) + random.between(-step, step));
    // Seldom the price goes anywhere at all, and the next one comes back.
    const isLost = random.chance(2);
    const price = isLost ? random.between(1, market.plan.params.priceTicksMax) : near;
    // Now and then the oracle is not sure of itself.
    const client = random.chance(10) ? random.below(Math.ceil(price / 10) + 1) : 0;
    // Stale news comes too, and is refused.
    const qty = nowMs - (random.chance(5) ? 10_000 : 0);
    return withSlots(CMD_ORACLE_PRICE, 1, {
      marketId: market.marketId,
      price,
      qty,
      client,
    });
  }

  /** Markets rise and fall for a while, so that accounts come below their margin one after another; mostly they do neither. */
  private driftOf({ marketId, markTicks }: KnownMarket): number {
    const { random, drifts } = this;
    if (random.chance(6)) drifts.set(marketId, random.pick([0, 0, -0.02, 0.02, -0.05]));
    return Math.round(markTicks * (drifts.get(marketId) ?? 0));
  }

  private createAccount(): Wire {
    const { random, knowledge } = this;
    const isFull = knowledge.accounts >= ACCOUNTS_MAX;
    const isChild = isFull || (knowledge.accounts > 0 && random.chance(20));
    // A full exchange gets sub-accounts of somebody who does not exist.
    const parent = isFull ? 1_000_000 : random.between(1, Math.max(1, knowledge.accounts));
    const wire = withSlots(CMD_CREATE_ACCOUNT, 2, { orderId: isChild ? parent : 0 });
    if (random.chance(70)) {
      for (let i = 0; i < 8; i++) wire[SLOT_WORDS + i] = random.between(-3, 3);
    }
    return wire;
  }

  private deposit(account: number): Wire {
    const { random } = this;
    // Accounts that a price soon brings below their margin, and such as can carry hundreds of usual orders.
    const magnitude = random.pick([3e8, 2e9, 5e9, 1e10, 3e10, 1e12, 1e14]);
    return this.keyed(withSlots(CMD_DEPOSIT, 1, { account, qty: random.between(1, magnitude) }));
  }

  private moveCash(): Wire {
    const { random, knowledge } = this;
    if (this.cash.length > 0 && random.chance(15)) return random.pick(this.cash).slice();
    const account = random.between(1, Math.max(1, knowledge.accounts));
    if (random.chance(50)) return this.deposit(account);
    const qty = random.chance(3) ? MICRO_USD_MAX : random.between(1, 10 ** random.between(3, 12));
    return this.keyed(withSlots(CMD_WITHDRAW, 1, { account, qty }));
  }

  private keyed(wire: Wire): Wire {
    if (this.random.chance(30)) return wire;
    wire[W_IDEMPOTENCY_KEY] = ++this.keys;
    wire[W_IDEMPOTENCY_KEY + 3] = -this.keys;
    this.cash.push(wire.slice());
    return wire;
  }

  private state(): Wire {
    const { random } = this;
    const { marketId } = random.pick(this.knowledge.markets);
    // Mostly back to open: closed markets make dull traffic.
    const often = random.pick([MARKET_STATE.post_only, MARKET_STATE.cancel_only]);
    const seldom = random.pick([MARKET_STATE.reduce_only, MARKET_STATE.halted]);
    const dice = random.below(100);
    const passing = dice < 75 ? often : seldom;
    const state = dice < 60 ? MARKET_STATE.open : dice < 98 ? passing : random.below(9);
    return withSlots(CMD_SET_MARKET_STATE, 1, { marketId, flags: state });
  }

  /** Mostly somebody who exists, and mostly as one from now on. */
  private liquidator(): Wire {
    const account = this.random.between(1, Math.max(1, this.knowledge.accounts) + 1);
    return withSlots(CMD_SET_LIQUIDATOR, 1, { account, flags: this.random.below(5) === 0 ? 0 : 1 });
  }

  /** Little enough that funds run out. */
  private insurance(): Wire {
    const { random } = this;
    const { marketId } = random.pick(this.knowledge.markets);
    const qty = random.between(-(10 ** 7), 10 ** random.between(4, 9));
    return this.keyed(withSlots(CMD_FUND_INSURANCE, 1, { marketId, qty }));
  }

  private setFeeTier(): Wire {
    const account = this.random.between(1, Math.max(1, this.knowledge.accounts));
    return withSlots(CMD_SET_FEE_TIER, 1, { account, flags: this.random.below(4) });
  }

  private setFeeRates(): Wire {
    const { random } = this;
    return feeRates(random.below(4), random.between(-120, 400), random.between(0, 700));
  }

  private setPricing(): Wire {
    const { marketId } = this.random.pick(this.knowledge.markets);
    return pricingCommand(marketId, planPricing(this.random));
  }

  private setMarginTiers(): Wire {
    const { marketId, plan } = this.random.pick(this.knowledge.markets);
    return marginCommand(marketId, planMargin(plan, this.random));
  }

  private setParams(): Wire {
    const { random } = this;
    const market = random.pick(this.knowledge.markets) as KnownMarket;
    const params = changedParams(market.plan.params, random);
    return paramsCommand(CMD_SET_MARKET_PARAMS, market.marketId, { ...market.plan, params });
  }
}

function feeRates(tier: number, makerPpm: number, takerPpm: number): Wire {
  return withSlots(CMD_SET_FEE_RATES, 1, { flags: tier, price: takerPpm, qty: makerPpm });
}

export function paramsCommand(type: number, marketId: number, plan: MarketPlan): Wire {
  const wire = withSlots(type, 1 + PARAM_WORDS / SLOT_WORDS, { marketId });
  const floats = new Float64Array(wire.buffer, 0, wire.length / (SLOT_WORDS / SLOT_FLOATS));
  writeMarketParams(wire, floats, SLOT_WORDS, plan.params);
  return wire;
}

export function pricingCommand(marketId: number, params: PricingParams): Wire {
  const wire = withSlots(CMD_SET_PRICING, 1 + PRICING_WORDS / SLOT_WORDS, { marketId });
  const floats = new Float64Array(wire.buffer, 0, wire.length / (SLOT_WORDS / SLOT_FLOATS));
  writePricingParams(floats, SLOT_FLOATS, params);
  return wire;
}

function marginCommand(marketId: number, terms: MarginTerms): Wire {
  const wire = withSlots(CMD_SET_MARGIN_TIERS, MARGIN_SLOTS, { marketId });
  const floats = new Float64Array(wire.buffer, 0, wire.length / (SLOT_WORDS / SLOT_FLOATS));
  writeMarginTerms(wire, floats, W_MARGIN_TERMS, terms);
  return wire;
}
