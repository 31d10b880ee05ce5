import {
  CMD_AMEND,
  CMD_CANCEL,
  CMD_CANCEL_ALL_AFTER,
  CMD_CREATE_SUB_ACCOUNT,
  CMD_MASS_CANCEL,
  CMD_MOVE_MARGIN,
  CMD_PLACE,
  CMD_PLACE_BRACKET,
  CMD_PLACE_SCALED,
  CMD_PLACE_TRIGGER,
  CMD_PLACE_TWAP,
  CMD_REPLACE,
  CMD_SET_LEVERAGE,
  CMD_SET_MARGIN_MODE,
  CMD_TAKE_OVER,
  CMD_TRANSFER,
  FLAG_MARKET_ORDER,
  FLAG_MASS_ASKS,
  FLAG_MASS_BIDS,
  FLAG_POST_ONLY,
  FLAG_POST_ONLY_SLIDE,
  FLAG_REDUCE_ONLY,
  FLAG_SIDE,
  MARGIN_CROSS,
  MARGIN_ISOLATED,
  PRICE_OF_INDEX,
  PRICE_OF_LAST_TRADE,
  PRICE_OF_MARK,
  STP_MASK,
  STP_SHIFT,
  TIF_FOK,
  TIF_GTC,
  TIF_GTD,
  TIF_IOC,
  TIF_MASK,
  TIF_SHIFT,
  TRIGGER_STOP,
  TRIGGER_TAKE_PROFIT,
  TRIGGER_TRAILING_STOP,
} from '../../engine/messages/types.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';
import { MARKET_ID_ALL } from '../../engine/units/units.js';
import type { Knowledge, KnownMarket, KnownOrder } from './knowledge.js';
import {
  type ClientKey,
  command,
  type Fields,
  type LegFields,
  type TriggerFields,
  type Wire,
} from './wire.js';

/** Commands that are remembered, so that some can be sent again. */
const RETRIES_MAX = 64;
const OPEN_ORDERS_AIM = 160;
/** Accounts and markets with isolated margin. */
const ISOLATED_AIM = 12;
/** Sub-accounts, before traders turn to other things. */
const CHILDREN_AIM = 4;

/** Random orders, cancels, amends and retries of the accounts that exist. */
export class TraderTraffic {
  private readonly random: Xorshift;
  private readonly knowledge: Knowledge;
  private readonly sent: Wire[] = [];
  private clients = 0;

  constructor(random: Xorshift, knowledge: Knowledge) {
    this.random = random;
    this.knowledge = knowledge;
  }

  /** Null while there is nothing to trade with. */
  next(nowMs: number): Wire | null {
    const { random, knowledge } = this;
    if (knowledge.accounts === 0 || knowledge.markets.length === 0) return null;
    const isFull = knowledge.open.length > OPEN_ORDERS_AIM;
    const dice = random.below(1000);
    if (knowledge.isolated.length < ISOLATED_AIM && random.chance(5)) return this.margin();
    if (knowledge.children < CHILDREN_AIM && random.chance(4)) return this.family();
    const isThin = knowledge.open.length < OPEN_ORDERS_AIM / 4;
    if (isThin && dice >= 60 && random.chance(60)) return this.place(nowMs);
    if (dice < 60 && this.sent.length > 0) return random.pick(this.sent).slice();
    if (dice < (isFull ? 420 : 200)) return this.cancel(nowMs);
    if (dice < (isFull ? 560 : 340)) return this.remember(this.amend(nowMs));
    if (dice < (isFull ? 680 : 430)) return this.remember(this.replace(nowMs));
    if (dice < (isFull ? 695 : 436)) return this.massCancel();
    if (dice >= 998) return this.countdown();
    if (dice >= 990) return this.family();
    if (dice >= 985) return this.leverage();
    if (dice >= 960) return this.margin();
    if (dice >= 880 && knowledge.auctions.length > 0) return this.takeOver();
    if (dice >= 900) return this.remember(this.trigger(nowMs));
    if (dice >= 885) return this.remember(this.scaled(nowMs));
    if (dice >= 872) return this.remember(this.twap(nowMs));
    if (dice >= 845) return this.remember(this.bracket(nowMs));
    return this.place(nowMs);
  }

  private place(nowMs: number): Wire {
    const { random, knowledge } = this;
    const fields = this.order(this.anyAccount(), nowMs);
    const isIsolated = knowledge.isolated.length > 0 && random.chance(15);
    if (!isIsolated) return this.remember(command(CMD_PLACE, fields));
    const { account, marketId } = random.pick(knowledge.isolated);
    const market = knowledge.market(marketId);
    const price = market === undefined ? 1 : this.anyPrice(market, (fields.flags ?? 0) & 1);
    return this.remember(command(CMD_PLACE, { ...fields, account, marketId, price }));
  }

  /** A new sub-account, or one that is there; or money within a family, now and then to a stranger, and sent twice. */
  private family(): Wire {
    const { random, knowledge } = this;
    const any = knowledge.topOf(this.anyAccount());
    const account = random.chance(60) ? knowledge.topOf(knowledge.anyChild ?? any) : any;
    const children = knowledge.childrenOf(account);
    if (children.length === 0 || random.chance(knowledge.children < CHILDREN_AIM ? 30 : 2)) {
      const price = random.chance(80) ? 0 : random.between(-1, children.length + 2);
      return command(CMD_CREATE_SUB_ACCOUNT, { account, price });
    }
    const family = [account, ...children];
    const from = random.pick(family);
    const to = random.chance(95) ? random.pick(family) : this.anyAccount();
    const qty = random.chance(3) ? 2 ** 52 : random.between(1, 10 ** random.between(3, 9));
    const key = random.chance(60) ? random.between(1, 1_000_000) : 0;
    return this.remember(command(CMD_TRANSFER, { account: from, qty, transfer: { to, key } }));
  }

  /** Mostly at a price that is good enough, sometimes of an auction that is none any more. */
  private takeOver(): Wire {
    const { random, knowledge } = this;
    const { marketId, id, side } = random.pick(knowledge.auctions);
    const market = knowledge.market(marketId) as KnownMarket;
    const generous = side === 0 ? market.markTicks * 2 : 1;
    const price = random.chance(70) ? generous : this.anyPrice(market, random.below(2));
    const orderId = random.chance(95) ? id : id + 1;
    const qty = random.between(1, random.pick([3, 100, 100_000]));
    const flags = random.chance(97) ? side : 1 - side;
    return command(CMD_TAKE_OVER, {
      account: this.anyAccount(),
      marketId,
      orderId,
      price,
      qty,
      flags,
    });
  }

  /** A stop or take-profit near the price, now and then on the wrong side of it, or nowhere. */
  private trigger(nowMs: number): Wire {
    const { random } = this;
    const fields = this.order(this.anyAccount(), nowMs);
    const market = this.knowledge.market(fields.marketId ?? 0);
    const price = market === undefined ? 1 : this.anyPrice(market, random.below(2));
    const rises = price >= (market?.markTicks ?? 0);
    const isBuy = ((fields.flags ?? 0) & 1) === 0;
    const right = rises === isBuy ? TRIGGER_STOP : TRIGGER_TAKE_PROFIT;
    const kind = random.chance(85) ? right : random.pick([TRIGGER_STOP, TRIGGER_TAKE_PROFIT, 0]);
    // The last price moves most.
    const source = random.pick([PRICE_OF_MARK, PRICE_OF_LAST_TRADE, PRICE_OF_INDEX, 1]);
    const oco = this.anyPartner(fields);
    const isTrailing = market !== undefined && random.chance(25);
    const trigger = isTrailing ? this.trailing(market, source) : { kind, source, price };
    if (isTrailing && random.chance(95)) fields.flags = asMarketOrder(fields.flags ?? 0);
    const closesPosition = random.chance(25);
    if (closesPosition && random.chance(98)) fields.flags = (fields.flags ?? 0) | FLAG_REDUCE_ONLY;
    if (closesPosition && random.chance(98)) fields.qty = 0;
    return command(CMD_PLACE_TRIGGER, { ...fields, trigger: { ...trigger, oco, closesPosition } });
  }

  /** Mostly on the right sides of the order's price, and so near that they are reached. */
  private bracket(nowMs: number): Wire {
    const { random } = this;
    const fields = this.order(this.anyAccount(), nowMs);
    const market = this.knowledge.market(fields.marketId ?? 0);
    const entry = fields.price || (market?.markTicks ?? 1);
    const width = Math.max(2, Math.ceil((market?.plan.spreadTicks ?? 2) / 2));
    const isBuy = ((fields.flags ?? 0) & 1) === 0;
    const leg = (isUp: boolean): LegFields => {
      const away = random.chance(95) ? random.between(1, width) : random.between(-2, 0);
      const at = Math.max(1, isUp ? entry + away : entry - away);
      const limit = random.chance(40) ? Math.max(1, at + random.between(-3, 3)) : 0;
      return { at, limit, source: random.chance(98) ? random.below(3) : 3 };
    };
    if (random.chance(97)) fields.flags = (fields.flags ?? 0) & ~FLAG_REDUCE_ONLY;
    const has = random.below(3);
    const legs = {
      ...(has !== 1 ? { profit: leg(isBuy) } : {}),
      ...(has !== 0 ? { stop: leg(!isBuy) } : {}),
    };
    return command(CMD_PLACE_BRACKET, { ...fields, bracket: legs });
  }

  /** Around the price, mostly as many lots as its orders need; now and then at the limits. */
  private scaled(nowMs: number): Wire {
    const { random } = this;
    const fields = this.order(this.anyAccount(), nowMs);
    const market = this.knowledge.market(fields.marketId ?? 0);
    const count = random.chance(92) ? random.between(2, 12) : random.pick([1, 2, 50, 51]);
    const lastPrice = market === undefined ? 1 : this.anyPrice(market, (fields.flags ?? 0) & 1);
    if (random.chance(95)) fields.flags = asRestingOrder(fields.flags ?? 0);
    if (random.chance(95)) fields.qty = (fields.qty ?? 0) * random.between(1, count);
    const distribution = random.chance(97) ? random.below(3) : 3;
    return command(CMD_PLACE_SCALED, { ...fields, scaled: { lastPrice, count, distribution } });
  }

  /** Short ones, so that they end within a run. */
  private twap(nowMs: number): Wire {
    const { random } = this;
    const fields = this.order(this.anyAccount(), nowMs);
    const slices = random.chance(92) ? random.between(2, 6) : random.pick([1, 2_880, 2_881]);
    const least = slices * 1_000;
    const durationMs = random.chance(92)
      ? least + random.below(9_000)
      : random.pick([0, 90_000_000]);
    const flags = fields.flags ?? 0;
    const own = FLAG_SIDE | FLAG_REDUCE_ONLY | (STP_MASK << STP_SHIFT);
    if (random.chance(97)) fields.flags = flags & own;
    if (random.chance(60)) fields.price = 0;
    if (random.chance(90)) fields.qty = (fields.qty ?? 0) * random.between(1, 4);
    return command(CMD_PLACE_TWAP, { ...fields, expiryMs: 0, twap: { slices, durationMs } });
  }

  private trailing(market: KnownMarket, source: number): TriggerFields {
    const { random } = this;
    const away = random.between(0, Math.ceil(market.plan.spreadTicks / 2));
    const byRate = random.chance(50);
    return {
      kind: TRIGGER_TRAILING_STOP,
      source,
      trailTicks: byRate && random.chance(97) ? 0 : away,
      trailPpm: byRate ? random.pick([1, 500, 2_000, 10_000, 100_000, 999_999, 1_000_000]) : 0,
    };
  }

  /** Often nobody; else a waiting order of the account in the market, or just any. */
  private anyPartner({ marketId, account }: Fields): NonNullable<TriggerFields['oco']> {
    const { random, knowledge } = this;
    if (random.chance(40)) return {};
    const own = knowledge.open.filter((order) => {
      return order.marketId === marketId && order.account === account && order.waits;
    });
    if (own.length === 0 && random.chance(95)) return {};
    const other = own.length > 0 ? random.pick(own) : this.anyOrder();
    const byClient = other.client !== 0 && random.chance(50);
    return byClient ? { client: other.client } : { orderId: other.orderId };
  }

  private order(account: number, nowMs: number): Fields {
    const { random } = this;
    const market = random.pick(this.knowledge.markets);
    const side = random.below(2);
    const isMarket = random.chance(7);
    const tif = isMarket ? random.pick([TIF_IOC, TIF_FOK]) : this.anyTif();
    const rests = tif === TIF_GTC || tif === TIF_GTD;
    let flags = side | (tif << TIF_SHIFT) | (this.anyPrevention() << STP_SHIFT);
    if (isMarket) flags |= FLAG_MARKET_ORDER;
    if (rests && random.chance(20)) {
      flags |= FLAG_POST_ONLY | (random.chance(50) ? FLAG_POST_ONLY_SLIDE : 0);
    }
    if (random.chance(12)) flags |= FLAG_REDUCE_ONLY;
    return {
      marketId: market.marketId,
      account,
      flags,
      price: isMarket && random.chance(60) ? 0 : this.anyPrice(market, side),
      qty: this.anyLots(market),
      client: this.anyClient(account),
      deadlineMs: this.anyDeadline(nowMs),
      expiryMs: tif === TIF_GTD ? nowMs + random.between(-20, 4_000) : 0,
    };
  }

  private cancel(nowMs: number): Wire {
    const order = this.anyOrder();
    return command(CMD_CANCEL, { ...this.naming(order), deadlineMs: this.anyDeadline(nowMs) });
  }

  private amend(nowMs: number): Wire {
    const { random } = this;
    const order = this.anyOrder();
    const market = this.knowledge.market(order.marketId);
    const price = market === undefined ? 1 : this.anyPrice(market, order.flags & 1);
    return command(CMD_AMEND, {
      ...this.naming(order),
      price: random.chance(55) ? price : random.pick([0, order.price]),
      qty: random.chance(60) ? this.anyLots(market) : 0,
      deadlineMs: this.anyDeadline(nowMs),
    });
  }

  private replace(nowMs: number): Wire {
    const order = this.anyOrder();
    const { orderId = 0, client = 0 } = this.naming(order);
    const fields = this.order(order.account, nowMs);
    const marketId = this.random.chance(95) ? order.marketId : (fields.marketId ?? 0);
    return command(CMD_REPLACE, { ...fields, marketId, target: { orderId, client } });
  }

  private massCancel(): Wire {
    const flags = this.random.pick([
      FLAG_MASS_BIDS,
      FLAG_MASS_ASKS,
      FLAG_MASS_BIDS | FLAG_MASS_ASKS,
    ]);
    const one = this.random.pick(this.knowledge.markets).marketId;
    const marketId = this.random.chance(60) ? one : MARKET_ID_ALL;
    return command(CMD_MASS_CANCEL, { marketId, account: this.anyAccount(), flags });
  }

  /** Short ones, so that some fall before they are set again. */
  private countdown(): Wire {
    const { random } = this;
    const longest = random.pick([0, 1_000, 60_000, 86_400_000]);
    const qty = random.chance(90) ? random.between(0, longest) : random.between(-2, 86_400_002);
    return command(CMD_CANCEL_ALL_AFTER, { account: this.anyAccount(), qty });
  }

  private leverage(): Wire {
    const { random } = this;
    const { marketId } = random.pick(this.knowledge.markets);
    const price = random.chance(90) ? random.between(1, 40) : random.between(-1, 1_200);
    return command(CMD_SET_LEVERAGE, { marketId, account: this.anyAccount(), price });
  }

  /** Another mode, most of all isolated, where the account has nothing; and cash to isolated positions and back. */
  private margin(): Wire {
    const { random, knowledge } = this;
    const { marketId } = random.pick(knowledge.markets);
    const account = this.anyAccount();
    if (random.chance(50)) {
      const mode = random.chance(75) ? MARGIN_ISOLATED : MARGIN_CROSS;
      const price = random.chance(97) ? mode : random.between(-1, 3);
      return command(CMD_SET_MARGIN_MODE, { marketId, account, price });
    }
    const known = knowledge.isolated.length > 0 && random.chance(90);
    const target = known ? random.pick(knowledge.isolated) : { marketId, account };
    const most = random.pick([1_000, 1_000_000, 1_000_000_000, 1_000_000_000_000]);
    const qty = random.chance(98) ? random.between(-most, most) : random.pick([0, 0.5, 2 ** 53]);
    return command(CMD_MOVE_MARGIN, { ...target, qty });
  }

  /** By order id or by client id; now and then in another's name. */
  private naming(order: KnownOrder): Fields {
    const { random } = this;
    const account = random.chance(98) ? order.account : this.anyAccount();
    const byClient = order.client !== 0 && random.chance(50);
    return {
      marketId: order.marketId,
      account,
      ...(byClient ? { client: order.client } : { orderId: order.orderId }),
    };
  }

  /** Mostly an open one. */
  private anyOrder(): KnownOrder {
    const { random, knowledge } = this;
    if (knowledge.scaled.length > 0 && random.chance(5)) return random.pick(knowledge.scaled);
    if (knowledge.open.length > 0 && random.chance(97)) return random.pick(knowledge.open);
    return {
      marketId: random.pick(knowledge.markets).marketId,
      orderId: random.between(1, 500),
      account: this.anyAccount(),
      flags: 0,
      price: 0,
      client: random.chance(50) ? random.between(1, 50) : 0,
      waits: false,
    };
  }

  private anyAccount(): number {
    return this.random.between(1, this.knowledge.accounts);
  }

  private anyTif(): number {
    const dice = this.random.below(100);
    if (dice < 70) return TIF_GTC;
    if (dice < 80) return TIF_IOC;
    if (dice < 88) return TIF_FOK;
    return TIF_GTD;
  }

  private anyPrevention(): number {
    return this.random.chance(50) ? 0 : this.random.between(1, 4);
  }

  /** Around the mark, a little more often on the passive side; seldom far away, or nowhere. */
  private anyPrice(market: KnownMarket, side: number): number {
    const { random } = this;
    const mark = market.markTicks || market.plan.firstPriceTicks;
    const dice = random.below(100);
    if (dice < 3) return random.between(1, market.plan.params.priceTicksMax);
    const width = dice < 10 ? market.plan.spreadTicks * 20 : market.plan.spreadTicks;
    const away = random.between(-Math.floor(width / 2), width);
    return Math.max(1, mark + (side === 0 ? -away : away));
  }

  private anyLots(market: KnownMarket | undefined): number {
    const { random } = this;
    const usual = market?.plan.usualLots ?? 1;
    const dice = random.below(100);
    if (dice < 2) return random.between(1, market?.plan.params.qtyLotsMax ?? 1);
    if (dice < 10) return random.between(1, usual * 100);
    return random.between(1, usual * 2);
  }

  private anyClient(account: number): ClientKey {
    const { random } = this;
    const dice = random.below(100);
    if (dice < 35) return 0;
    if (dice < 40) return random.between(1, 30);
    this.clients++;
    const number = account * 1_000_000 + this.clients;
    return dice < 70 ? number : `o-${number}`.padEnd(random.between(4, 36), 'x');
  }

  private anyDeadline(nowMs: number): number {
    return this.random.chance(90) ? 0 : nowMs + this.random.between(-5, 500);
  }

  private remember(wire: Wire): Wire {
    if (this.sent.length < RETRIES_MAX) this.sent.push(wire.slice());
    else this.sent[this.random.below(RETRIES_MAX)] = wire.slice();
    return wire;
  }
}

/** The order as a limit order that may wait in the book. */
function asRestingOrder(flags: number): number {
  return flags & ~(FLAG_MARKET_ORDER | (TIF_MASK << TIF_SHIFT));
}

/** The order as a market order that cannot wait in the book. */
function asMarketOrder(flags: number): number {
  const rests = (TIF_MASK << TIF_SHIFT) | FLAG_POST_ONLY | FLAG_POST_ONLY_SLIDE;
  return (flags & ~rests) | FLAG_MARKET_ORDER | (TIF_IOC << TIF_SHIFT);
}
