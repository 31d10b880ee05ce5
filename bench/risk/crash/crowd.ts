import * as type from '../../../engine/messages/types.js';
import { Xorshift } from '../../../engine/testing/xorshift.js';
import { command } from '../../../sim/traffic/wire.js';
import type { CrashExchange } from './crash-exchange.js';

const USD = 1_000_000;
const MAKERS = 10;
const MAKER_USD = 3_000_000;
/** What each maker bids for on each of its levels, USD. The book is thin: all makers together bid for less than 1 % of the longs. */
const LEVEL_USD = 1_500;
const LEVELS = 5;
const LIQUIDATORS = 3;
const LIQUIDATOR_USD = 200_000;
/** A liquidator takes over from this discount on, up to five times its money. */
const DISCOUNT_WANTED = 0.003;
const LIQUIDATOR_LEVERAGE = 5;
const LEVERAGES = [2, 3, 3, 5, 5, 8, 10, 10, 15, 20, 25, 40];

/** Traders, half of them long and half of them short, market makers, and liquidators. */
export class Crowd {
  /** Long and short traders by turns. */
  readonly traders: number[] = [];
  readonly makers: number[] = [];
  readonly liquidators: number[] = [];
  private readonly random = new Xorshift(7);
  private readonly exchange: CrashExchange;
  private readonly firstTicks: number;

  constructor(exchange: CrashExchange, traders: number, firstTicks: number) {
    this.exchange = exchange;
    this.firstTicks = firstTicks;
    for (let i = 0; i < MAKERS; i++) this.makers.push(exchange.account(MAKER_USD * USD));
    for (let i = 0; i < LIQUIDATORS; i++) this.liquidators.push(this.liquidator());
    for (let i = 0; i < traders / 2; i++) this.pair();
  }

  /** Makers take their quotes back and quote around the index, five levels a side, 0.1 % apart. */
  quote(): void {
    const { exchange } = this;
    const { marketId, pricing } = exchange.market;
    const { ticks } = pricing.index;
    const lots = this.lotsOf(LEVEL_USD, ticks);
    for (const account of this.makers) {
      if (exchange.isLiquidating(account)) continue;
      const flags = type.FLAG_MASS_BIDS | type.FLAG_MASS_ASKS;
      exchange.send(command(type.CMD_MASS_CANCEL, { account, marketId, flags }));
      for (let level = 1; level <= LEVELS; level++) {
        const away = Math.round((ticks * level) / 1_000);
        const gtc = { account, qty: lots };
        exchange.order({ ...gtc, flags: type.SIDE_BUY, price: ticks - away });
        exchange.order({ ...gtc, flags: type.SIDE_SELL, price: ticks + away });
      }
    }
  }

  /** Liquidators look at the auctions, as they would on the feed. */
  takeOver(): void {
    const { exchange } = this;
    const { liquidations, marketId, markTicks } = exchange.market;
    for (const auction of liquidations.auctions.all) {
      const price = liquidations.priceOf(auction, exchange.nowMs);
      const discount = Math.abs(markTicks - price) / markTicks;
      const account = this.liquidatorWithRoom(auction.lots * price);
      if (discount < DISCOUNT_WANTED || account === null) continue;
      const fields = { account, marketId, orderId: auction.id, price, qty: auction.lots };
      exchange.send(command(type.CMD_TAKE_OVER, { ...fields, flags: auction.side }));
    }
  }

  /** A long and a short of the same size, each with its own leverage. */
  private pair(): void {
    const { exchange, random, firstTicks } = this;
    const usd = Math.round(200 * 2 ** (random.below(8_000) / 1_000));
    const lots = this.lotsOf(usd, firstTicks);
    const [long, short] = [0, 1].map(() => {
      const leverage = random.pick(LEVERAGES);
      // The taker's fee and a cent more, so that the order is let in at all of the leverage.
      return exchange.account(Math.ceil((usd / leverage + usd / 500 + 5) * USD));
    });
    this.traders.push(long as number, short as number);
    const order = { price: firstTicks, qty: lots };
    exchange.order({ ...order, account: short as number, flags: type.SIDE_SELL });
    exchange.order({ ...order, account: long as number, flags: type.SIDE_BUY });
  }

  private liquidator(): number {
    const account = this.exchange.account(LIQUIDATOR_USD * USD);
    const { CMD_SET_LIQUIDATOR } = type;
    this.exchange.send(command(CMD_SET_LIQUIDATOR, { account, flags: 1 }));
    return account;
  }

  private liquidatorWithRoom(valueTickLots: number): number | null {
    const { exchange } = this;
    const { markTicks, positions, params } = exchange.market;
    const unit = params.microUsdPerTickLotNumerator / params.microUsdPerTickLotDenominator;
    const found = this.liquidators.find((account) => {
      const held = Math.abs(positions.positionOf(account)) * markTicks * unit;
      const most = exchange.equityOf(account) * LIQUIDATOR_LEVERAGE;
      return held + valueTickLots * unit <= most;
    });
    return found ?? null;
  }

  private lotsOf(usd: number, ticks: number): number {
    const { microUsdPerTickLotNumerator, microUsdPerTickLotDenominator } =
      this.exchange.market.params;
    const microUsdPerLot = (ticks * microUsdPerTickLotNumerator) / microUsdPerTickLotDenominator;
    return Math.max(1, Math.floor((usd * USD) / microUsdPerLot));
  }
}
