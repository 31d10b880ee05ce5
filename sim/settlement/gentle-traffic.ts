import { MARKET_STATE } from '../../engine/market/market-state.js';
import { SLOT_WORDS } from '../../engine/messages/layout.js';
import {
  CMD_CREATE_ACCOUNT,
  CMD_DEPOSIT,
  CMD_FUND_INSURANCE,
  CMD_LIST_MARKET,
  CMD_ORACLE_PRICE,
  CMD_SET_FEE_RATES,
  CMD_SET_LIQUIDATOR,
  CMD_SET_MARKET_STATE,
} from '../../engine/messages/types.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';
import type { Knowledge, KnownMarket } from '../traffic/knowledge.js';
import { planMarket, planPricing } from '../traffic/market-menu.js';
import { paramsCommand, pricingCommand } from '../traffic/operator-traffic.js';
import { TraderTraffic } from '../traffic/trader-traffic.js';
import { addressed, type Wire, withSlots } from '../traffic/wire.js';

const ACCOUNTS_MAX = 14;
const MARKETS_MAX = 3;

/**
 * Orders of all kinds, and operators who do what settlement can follow: they book money in, and never out, because on chain only an owner
 * can take money out; and prices go nowhere at once that the chain would call a leap.
 */
export class GentleTraffic {
  readonly counts = { operatorDeposits: 0, insuranceFundings: 0 };
  private readonly random: Xorshift;
  private readonly knowledge: Knowledge;
  private readonly traders: TraderTraffic;
  private queue: Wire[] = [];
  private request = 0;
  private drift = 0;

  constructor(random: Xorshift, knowledge: Knowledge) {
    this.random = random;
    this.knowledge = knowledge;
    this.traders = new TraderTraffic(random, knowledge);
  }

  open(nowMs: number): void {
    this.queue.push(withSlots(CMD_SET_FEE_RATES, 1, { flags: 0, price: 350, qty: -20 }));
    this.listMarket(nowMs);
    this.listMarket(nowMs);
    for (let account = 1; account <= 6; account++) {
      this.queue.push(this.createAccount(), this.deposit(account));
    }
    this.queue.push(withSlots(CMD_SET_LIQUIDATOR, 1, { account: 1, flags: 1 }));
    for (const { marketId } of this.knowledge.markets) this.queue.push(this.insurance(marketId));
  }

  next(nowMs: number): Wire | null {
    const { random } = this;
    if (this.queue.length === 0) this.think(nowMs);
    const wire = this.queue.shift();
    if (wire === undefined) return null;
    return addressed(wire, (1 << 24) | random.between(3, 6), ++this.request);
  }

  private think(nowMs: number): void {
    const { random, knowledge } = this;
    const dice = random.below(1_000);
    const account = random.between(1, Math.max(1, knowledge.accounts));
    if (dice < 90) this.queue.push(this.price(nowMs));
    else if (dice < 97) this.queue.push(this.deposit(account));
    else if (dice < 101) this.queue.push(this.insurance(random.pick(knowledge.markets).marketId));
    else if (dice < 105 && knowledge.accounts < ACCOUNTS_MAX) this.queue.push(this.createAccount());
    else if (dice < 107 && knowledge.markets.length < MARKETS_MAX) this.listMarket(nowMs);
    else {
      const order = this.traders.next(nowMs);
      if (order !== null) this.queue.push(order);
    }
  }

  private listMarket(nowMs: number): void {
    const { markets } = this.knowledge;
    const plan = planMarket(markets.length % 2, this.random);
    const marketId = (markets.at(-1)?.marketId ?? 0) + this.random.between(1, 3);
    const symbol = `M${marketId}-PERP`;
    markets.push({ marketId, plan, markTicks: 0 });
    const first = { marketId, price: plan.firstPriceTicks, qty: nowMs };
    this.queue.push(
      paramsCommand(CMD_LIST_MARKET, marketId, { ...plan, params: { ...plan.params, symbol } }),
      pricingCommand(marketId, planPricing(this.random)),
      withSlots(CMD_SET_MARKET_STATE, 1, { marketId, flags: MARKET_STATE.open }),
      withSlots(CMD_ORACLE_PRICE, 1, first),
    );
  }

  /** Rises or falls for a while, so that accounts come below their margin; half or double of the first price is the end of it. */
  private price(nowMs: number): Wire {
    const { random } = this;
    const { marketId, plan, markTicks } = random.pick(this.knowledge.markets) as KnownMarket;
    if (random.chance(6)) this.drift = random.pick([0, 0, -0.01, 0.01, -0.03]);
    const usual = plan.firstPriceTicks;
    const now = markTicks || usual;
    const isFar = now > usual * 1.4 || now < usual * 0.7;
    const step = Math.ceil(plan.spreadTicks / 3);
    const near = Math.round(now * (1 + this.drift)) + random.between(-step, step);
    const price = isFar ? Math.round((now * 3 + usual) / 4) : near;
    return withSlots(CMD_ORACLE_PRICE, 1, { marketId, price, qty: nowMs });
  }

  private createAccount(): Wire {
    const wire = withSlots(CMD_CREATE_ACCOUNT, 2, {});
    if (this.random.chance(70)) {
      for (let i = 0; i < 8; i++) wire[SLOT_WORDS + i] = this.random.between(1, 1_000_000);
    }
    return wire;
  }

  private deposit(account: number): Wire {
    this.counts.operatorDeposits++;
    const qty = this.random.between(1, this.random.pick([3e8, 5e9, 3e10, 1e11]));
    return withSlots(CMD_DEPOSIT, 1, { account, qty });
  }

  private insurance(marketId: number): Wire {
    this.counts.insuranceFundings++;
    return withSlots(CMD_FUND_INSURANCE, 1, { marketId, qty: this.random.between(1, 1e9) });
  }
}
