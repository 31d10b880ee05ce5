import { NaiveBook } from '../../engine/book/naive-book.js';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import { type MarketParams, writeMarketParams } from '../../engine/market/market-params.js';
import { MARKET_STATE, type MarketStateName } from '../../engine/market/market-state.js';
import {
  PRICING_OFF,
  PRICING_WORDS,
  type PricingParams,
  writePricingParams,
} from '../../engine/market/pricing-params.js';
import { SLOT_FLOATS, SLOT_WORDS } from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import { stateHash } from '../../engine/runtime/journal/state-hash.js';
import { ShardCore } from '../../engine/shard/shard-core.js';
import { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { type EventView, readEvents, tellEvents } from '../../engine/testing/events.js';
import { NaiveTriggers } from '../../engine/triggers/naive-triggers.js';
import { asMicroUsd, asPpm, asPriceTicks, asQtyLots } from '../../engine/units/units.js';
import { NaiveHome } from '../../sim/naive/naive-home.js';
import { applyWire } from '../../sim/spread/apply-wire.js';
import {
  command,
  type Fields,
  type LegFields,
  type TriggerFields,
  type Wire,
  withSlots,
} from '../../sim/traffic/wire.js';
import { MarginActor } from './margin-actor.js';
import { javascriptRiskKernel } from './risk-kernel.js';

/** One tick·lot is a cent; the mark begins at 1,000. */
export const PARAMS: MarketParams = {
  symbol: 'X-PERP',
  tickMantissa: 1,
  tickDecimals: 1,
  lotMantissa: 1,
  lotDecimals: 1,
  microUsdPerTickLotNumerator: 10_000,
  microUsdPerTickLotDenominator: 1,
  priceTicksMax: asPriceTicks(100_000),
  qtyLotsMax: asQtyLots(10_000),
  minNotionalMicroUsd: asMicroUsd(10_000_000),
  priceBandPpm: asPpm(500_000),
  initialMarginPpm: asPpm(100_000),
  maintenanceMarginPpm: asPpm(50_000),
  openOrdersMax: 200,
};
export const MARK = 1000;
const RICH_MICRO_USD = 10_000_000_000;
export const MARKET = 1;

type Flavour = 'product' | 'naive';
type Side = 'buy' | 'sell';

interface OrderOptions extends Fields {
  /** Left out: a market order. */
  price?: number;
  reduceOnly?: boolean;
  tif?: number;
}

interface TriggerOptions extends OrderOptions {
  kind?: 'stop' | 'take_profit' | 'trailing_stop';
  by?: 'mark' | 'last' | 'index';
  at?: number;
  trailTicks?: number;
  trailPpm?: number;
  oco?: NonNullable<TriggerFields['oco']>;
  /** Its quantity is 0 then. */
  closesPosition?: boolean;
}

interface ScaledOptions extends OrderOptions {
  price: number;
  to: number;
  count: number;
  shape?: 'equal' | 'rising' | 'falling';
}

type LegOption = number | { at: number; limit?: number; by?: keyof typeof SOURCES };

interface BracketOptions extends OrderOptions {
  profit?: LegOption;
  stop?: LegOption;
}

interface TwapOptions extends OrderOptions {
  slices: number;
  durationMs: number;
}

const KINDS = {
  stop: type.TRIGGER_STOP,
  take_profit: type.TRIGGER_TAKE_PROFIT,
  trailing_stop: type.TRIGGER_TRAILING_STOP,
};
const SOURCES = {
  mark: type.PRICE_OF_MARK,
  last: type.PRICE_OF_LAST_TRADE,
  index: type.PRICE_OF_INDEX,
};

/** A shard with one market, spoken to in words, over the product's actors or over the naive ones. */
export class TriggerShard {
  core: ShardCore;
  nowMs = 1_000;
  /** Events of the last command, in words and with their fields. */
  told: string[] = [];
  events: EventView[] = [];
  private readonly flavour: Flavour;
  private request = 0;

  constructor(flavour: Flavour, accounts = 4, params = PARAMS) {
    this.flavour = flavour;
    this.core = createCore(flavour);
    this.list(MARKET, params);
    for (let account = 1; account <= accounts; account++) {
      this.send(withSlots(type.CMD_CREATE_ACCOUNT, 2, {}));
      this.send(withSlots(type.CMD_DEPOSIT, 1, { account, qty: RICH_MICRO_USD }));
    }
  }

  /** A market that is open and has a price. */
  list(marketId: number, params = PARAMS): void {
    this.sendParams(type.CMD_LIST_MARKET, marketId, params);
    this.state('open', marketId);
    this.mark(MARK, marketId);
  }

  sendParams(kind: number, marketId: number, params: MarketParams): void {
    const wire = withSlots(kind, 3, { marketId });
    writeMarketParams(wire, new Float64Array(wire.buffer), SLOT_WORDS, params);
    this.send(wire);
  }

  get hash(): string {
    return stateHash(this.core);
  }

  /** Cash of the account, without that of its isolated positions, micro-USD. */
  collateral(account: number): number {
    const { home } = this.core as unknown as { home: { state: { accounts: AnyAccounts } } };
    const { accounts } = home.state;
    return accounts.collateral?.(account) ?? Number(accounts.get?.(account).collateral);
  }

  get insurance(): number {
    return this.core.market(MARKET)?.positions.insuranceMicroUsd ?? 0;
  }

  get waiting(): number[] {
    return (this.core.market(MARKET)?.triggers.store.all() ?? []).map(({ id }) => id);
  }

  send(wire: Wire): string[] {
    const { core } = this;
    applyWire(core, wire, this.nowMs);
    core.check();
    // The event at the head of the frame.
    this.told = tellEvents(core.events).slice(1);
    this.events = readEvents(core.events).slice(1);
    return this.told;
  }

  /** What comes of it, behind the answer and the mark with which homes learn of the state. */
  state(name: MarketStateName, marketId = MARKET): string[] {
    const fields = { marketId, flags: MARKET_STATE[name] };
    return this.send(withSlots(type.CMD_SET_MARKET_STATE, 1, fields)).slice(2);
  }

  /** The index price, which is the mark price. */
  mark(price: number, marketId = MARKET): string[] {
    const fields = { marketId, price, qty: this.nowMs };
    return this.send(withSlots(type.CMD_ORACLE_PRICE, 1, fields)).slice(1);
  }

  setPricing(pricing: Partial<PricingParams>): void {
    const wire = withSlots(type.CMD_SET_PRICING, 1 + PRICING_WORDS / SLOT_WORDS, {
      marketId: MARKET,
    });
    writePricingParams(new Float64Array(wire.buffer), SLOT_FLOATS, { ...PRICING_OFF, ...pricing });
    this.send(wire);
  }

  timer(): string[] {
    return this.send(withSlots(type.CMD_TIMER, 1, {}));
  }

  place(account: number, side: Side, lots: number, options: OrderOptions = {}): string[] {
    return this.ask(command(type.CMD_PLACE, this.order(account, side, lots, options)));
  }

  trigger(account: number, side: Side, lots: number, options: TriggerOptions): string[] {
    return this.ask(this.triggerWire(account, side, lots, options));
  }

  triggerWire(account: number, side: Side, lots: number, options: TriggerOptions): Wire {
    const { by = 'mark', at = 0, trailTicks = 0, trailPpm = 0, oco = {}, ...rest } = options;
    const { closesPosition = false, ...order } = rest;
    const kind = KINDS[options.kind ?? 'stop'];
    const trigger = {
      kind,
      source: SOURCES[by],
      price: at,
      trailTicks,
      trailPpm,
      oco,
      closesPosition,
    };
    const fields = { ...this.order(account, side, lots, order), trigger };
    return command(type.CMD_PLACE_TRIGGER, fields);
  }

  /** An order with a take-profit, a stop or both; prices alone stand for the mark and a market order. */
  bracket(account: number, side: Side, lots: number, options: BracketOptions): string[] {
    const { profit, stop, ...order } = options;
    const fields = {
      ...this.order(account, side, lots, order),
      bracket: { profit: legOf(profit), stop: legOf(stop) },
    };
    return this.ask(command(type.CMD_PLACE_BRACKET, fields));
  }

  amend(account: number, fields: Fields): string[] {
    return this.ask(command(type.CMD_AMEND, { account, marketId: MARKET, ...fields }));
  }

  /** Limit orders from `price` to `to`. */
  scaled(account: number, side: Side, lots: number, options: ScaledOptions): string[] {
    const { to, count, shape = 'equal', ...order } = options;
    const distribution = ['equal', 'rising', 'falling'].indexOf(shape);
    const fields = {
      ...this.order(account, side, lots, order),
      scaled: { lastPrice: to, count, distribution },
    };
    return this.ask(command(type.CMD_PLACE_SCALED, fields));
  }

  /** `price`: the worst that a slice accepts. */
  twap(account: number, side: Side, lots: number, options: TwapOptions): string[] {
    const { slices, durationMs, price = 0, reduceOnly = false, ...fields } = options;
    const flags =
      (side === 'buy' ? type.SIDE_BUY : type.SIDE_SELL) | (reduceOnly ? type.FLAG_REDUCE_ONLY : 0);
    const asked = { marketId: MARKET, account, flags, price, qty: lots, ...fields };
    return this.ask(command(type.CMD_PLACE_TWAP, { ...asked, twap: { slices, durationMs } }));
  }

  /** Runs timers at this time until nothing is due. Returns all that they tell. */
  timersAt(nowMs: number): string[] {
    this.nowMs = nowMs;
    const told: string[] = [];
    while (this.core.nextTimerMs() <= nowMs) told.push(...this.timer());
    return told;
  }

  cancel(account: number, name: Fields): string[] {
    return this.ask(command(type.CMD_CANCEL, { account, marketId: MARKET, ...name }));
  }

  massCancel(account: number, flags = type.FLAG_MASS_BIDS | type.FLAG_MASS_ASKS): string[] {
    return this.ask(command(type.CMD_MASS_CANCEL, { account, marketId: MARKET, flags }));
  }

  /** As a client asks: who is answered is told by a star. */
  ask(wire: Wire): string[] {
    const words = new Int32Array(wire);
    words[10] = 7;
    words[11] = ++this.request;
    return this.send(words);
  }

  /** Another trade at this price, between accounts 3 and 4. */
  trade(price: number): string[] {
    this.place(3, 'sell', 2, { price });
    return this.place(4, 'buy', 2, { price, tif: type.TIF_IOC });
  }

  private order(account: number, side: Side, lots: number, options: OrderOptions): Fields {
    const { price, reduceOnly = false, tif, ...fields } = options;
    const isMarket = price === undefined;
    let flags = side === 'buy' ? type.SIDE_BUY : type.SIDE_SELL;
    flags |= (tif ?? (isMarket ? type.TIF_IOC : type.TIF_GTC)) << type.TIF_SHIFT;
    if (isMarket) flags |= type.FLAG_MARKET_ORDER;
    if (reduceOnly) flags |= type.FLAG_REDUCE_ONLY;
    return { marketId: MARKET, ...fields, account, flags, price: price ?? 0, qty: lots };
  }

  /** Another shard from this one's snapshot; the naive home cannot be restored. */
  restored(): TriggerShard {
    const copy = Object.create(this) as TriggerShard;
    copy.core = restoredCore(this.core, this.flavour);
    return copy;
  }
}

/** Of either flavour. */
interface AnyAccounts {
  collateral?(account: number): number;
  get?(account: number): { collateral: bigint };
}

function legOf(leg: LegOption = 0): LegFields {
  if (typeof leg === 'number') return { at: leg };
  return { at: leg.at, limit: leg.limit ?? 0, source: SOURCES[leg.by ?? 'mark'] };
}

function createCore(flavour: Flavour): ShardCore {
  const kernel = new Kernel(javascriptRiskKernel);
  if (flavour === 'product') {
    return new ShardCore(
      (inbox, events, fees) => new MarginActor(inbox, events, fees, kernel, false),
      undefined,
      undefined,
      kernel,
    );
  }
  return new ShardCore(
    (inbox, events, fees) => new NaiveHome(inbox, events, fees),
    (options) => new NaiveBook(options),
    undefined,
    kernel,
    () => new NaiveTriggers(),
  );
}

function restoredCore(core: ShardCore, flavour: Flavour): ShardCore {
  const writer = new CanonicalWriter();
  core.writeSnapshot(writer);
  const copy = createCore(flavour);
  copy.readSnapshot(new CanonicalReader(writer.bytes()));
  return copy;
}
