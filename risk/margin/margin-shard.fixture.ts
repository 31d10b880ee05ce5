import { assert } from '../../engine/assert.js';
import { NaiveBook } from '../../engine/book/naive-book.js';
import { Kernel } from '../../engine/kernel/host/kernel.js';
import { R_POSITION } from '../../engine/kernel/layout.js';
import {
  type MarginTerms,
  W_MARGIN_TERMS,
  writeMarginTerms,
} from '../../engine/market/margin-terms.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import { PRICING_OFF, writePricingParams } from '../../engine/market/pricing-params.js';
import { candidatesMessage } from '../../engine/messages/candidates.js';
import * as layout from '../../engine/messages/layout.js';
import { EF_INTERVAL, EF_LOTS, EF_RATE_PPB } from '../../engine/messages/layout.js';
import { MessageBuffer } from '../../engine/messages/message-buffer.js';
import * as type from '../../engine/messages/types.js';
import { stateHash } from '../../engine/runtime/journal/state-hash.js';
import { ShardCore } from '../../engine/shard/shard-core.js';
import { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { NaiveTriggers } from '../../engine/triggers/naive-triggers.js';
import { asMicroUsd, asQtyLots } from '../../engine/units/units.js';
import { NaiveHome } from '../../sim/naive/naive-home.js';
import {
  divCeil,
  type NaiveHolding,
  type NaiveMarket,
  naiveFee,
  naiveFill,
  naiveUnrealized,
} from '../../sim/naive/naive-money.js';
import { View } from '../../sim/naive/naive-views.js';
import { ACCOUNTS, MARK, MARKETS, push, setUp } from '../testing/small-exchange.js';
import { isolatedCollateral, isPositionLiquidating } from './isolated-margin.js';
import { MarginActor } from './margin-actor.js';
import { javascriptRiskKernel } from './risk-kernel.js';

const HOUR_MS = 3_600_000;
/** Micro-USD, of a hundred fills. */
const ROUNDINGS = 200;

/** Rates that rise at 60 and 150 USD, where a leverage of 10 asks for more at first and for less at the end. */
const TIERS: MarginTerms = {
  tiers: [
    { floorUsd: 0, initialPpm: 50_000, maintenancePpm: 25_000 },
    { floorUsd: 60, initialPpm: 120_000, maintenancePpm: 60_000 },
    { floorUsd: 150, initialPpm: 300_000, maintenancePpm: 200_000 },
  ],
  openInterestLotsMax: asQtyLots(0),
  positionLotsMax: asQtyLots(0),
  growthLowerUsd: 0,
  growthUpperUsd: 0,
};

/** What a command has led to. */
export interface Outcome {
  kind: number;
  account: number;
  /** 0 when it was not refused. */
  code: number;
  events: View[];
}

/** Cash and positions of an account as its events tell of them, in bigint. */
interface Account {
  cash: bigint;
  holdings: Map<number, NaiveHolding>;
}

/**
 * Two shards, the product's and the naive one, with three markets, tiers in one of them, funding in all, and six accounts of which
 * every second has isolated its margin in one market. What each account should have is counted from commands and events alone.
 */
export class MarginShard {
  core: ShardCore;
  home: MarginActor;
  naive: ShardCore | null;
  timeMs = 1_000;
  readonly random: Xorshift;
  /** All that happened, by type of event. */
  readonly happened = new Map<number, number>();
  private readonly books = new Map<number, Account>();
  private readonly open: { marketId: number; orderId: number; account: number }[] = [];

  constructor(seed: number) {
    this.random = new Xorshift(seed);
    [this.core, this.home] = productShard();
    this.naive = naiveShard();
    const first = new MessageBuffer(64);
    const count = setUp(first, this.random);
    this.apply(first, count);
    const terms = [...MARKETS.map((marketId) => pricing(marketId)), tiers(MARKETS[0] as number)];
    for (const each of terms) assert(this.send(each).code === 0, 'the terms must be let in');
    for (let account = 1; account <= ACCOUNTS; account += 2) {
      this.command(type.CMD_SET_MARGIN_MODE, MARKETS[account % 4 === 1 ? 0 : 1], account, {
        price: type.MARGIN_ISOLATED,
      });
    }
  }

  /** One of all commands that traders and operators have; `still`: the mark stays where it is. */
  any(still: boolean): Outcome {
    const { random } = this;
    const market = random.pick(MARKETS);
    const account = random.between(1, ACCOUNTS);
    const dice = random.below(100);
    if (dice < 5) return this.setMode(market, account);
    if (dice < 16) return this.move(market, account);
    if (dice < 22) {
      return this.command(type.CMD_SET_LEVERAGE, market, account, { price: random.between(1, 20) });
    }
    if (dice < 28) return this.moveCash(account);
    if (dice < 33) {
      const flags = type.FLAG_MASS_BIDS | type.FLAG_MASS_ASKS;
      return this.command(type.CMD_MASS_CANCEL, market, account, { flags });
    }
    if (dice < 41) return this.amend();
    if (!still && dice < 46) {
      return this.setPrice(market, MARK + random.between(-60, 60));
    }
    if (!still && dice < 48) return this.setState(market);
    if (!still && dice < 52) {
      this.timeMs += random.pick([10, 1_000, HOUR_MS]);
      const outcome = this.command(type.CMD_TIMER, 0, 0, {});
      this.sweep();
      return outcome;
    }
    return this.place(market, account);
  }

  /** More often back to open than away from it. */
  private setState(market: number): Outcome {
    const { open, post_only, cancel_only, reduce_only, halted } = MARKET_STATE;
    const { random } = this;
    const flags = random.chance(60)
      ? open
      : random.pick([post_only, cancel_only, reduce_only, halted]);
    return this.command(type.CMD_SET_MARKET_STATE, market, 0, { flags });
  }

  place(market: number, account: number): Outcome {
    const { random } = this;
    const side = random.below(2);
    const tif = random.chance(70) ? type.TIF_GTC : type.TIF_IOC;
    let flags = side | (tif << type.TIF_SHIFT);
    if (random.chance(15)) flags |= type.FLAG_REDUCE_ONLY;
    const price = MARK + random.between(-30, 30);
    const qty = random.chance(85) ? random.between(3, 60) : random.between(60, 400);
    return this.command(type.CMD_PLACE, market, account, { flags, price, qty });
  }

  /** An index price, and the sweep that follows it. */
  setPrice(market: number, price: number): Outcome {
    const outcome = this.command(type.CMD_ORACLE_PRICE, market, 0, { price, qty: this.timeMs });
    this.sweep();
    return outcome;
  }

  /** All accounts are proposed: who is below the margin is found among them. */
  private sweep(): void {
    const words = candidatesMessage(this.accounts);
    const buffer = new MessageBuffer(4);
    buffer.push(words.length / layout.SLOT_WORDS);
    buffer.words.set(words);
    this.send(buffer);
  }

  deposit(account: number, qty: number): Outcome {
    return this.command(type.CMD_DEPOSIT, 0, account, { qty });
  }

  command(
    kind: number,
    market: number | undefined,
    account: number,
    fields: { flags?: number; price?: number; qty?: number; orderId?: number },
  ): Outcome {
    const buffer = new MessageBuffer(4);
    push(buffer, kind, market ?? 0, 1, {
      words: [
        [layout.W_ACCOUNT, account],
        [layout.W_FLAGS, fields.flags ?? 0],
        [layout.W_PRICE, fields.price ?? 0],
      ],
      floats: [
        [layout.F_QTY, fields.qty ?? 0],
        [layout.F_ORDER_ID, fields.orderId ?? 0],
      ],
    });
    return this.send(buffer);
  }

  /** Cash of the account and its isolated positions + profit and loss of all positions, by what the margin actor has. */
  equityOf(account: number): bigint {
    const { state } = this.home;
    let equity = BigInt(state.accounts.collateral(account));
    for (const market of state.markets.all) {
      equity += BigInt(isolatedCollateral(state, market, account) ?? 0);
      const row = market.rows.at(account);
      if (row !== 0) equity += BigInt(state.kernel.calls.unrealized(market.block, row));
    }
    return equity;
  }

  /** The same by the events: deposits − withdrawals + realised + unrealised − fees − funding. */
  expectedEquityOf(account: number): bigint {
    const { cash, holdings } = this.book(account);
    return [...holdings].reduce((sum, [marketId, holding]) => {
      return sum + naiveUnrealized(this.naiveMarket(marketId), holding);
    }, cash);
  }

  /**
   * Whether something of the account would be liquidated if its prices were looked at now, and not for roundings: each fill rounds its
   * fee and its loss up by itself, and in the second market all that an account has may be some millionths of a dollar.
   */
  isLiquidatable(account: number): boolean {
    const { calls } = this.home.state.kernel;
    const record = this.home.state.accounts.at(account);
    const equity = calls.equityOf(account, record);
    if (equity + ROUNDINGS < calls.maintenanceOfAccount(account, record)) return true;
    return this.home.state.markets.all.some(({ block, rows }) => {
      const row = rows.at(account);
      const purse = calls.purseOf(block, account, record);
      if (row === 0 || purse === 0) return false;
      const own = calls.equityOfPosition(block, row, purse);
      return own + ROUNDINGS < calls.maintenanceMargin(block, row);
    });
  }

  /** Whether the account has an isolated position in this market. */
  hasIsolated(account: number, marketId: number): boolean {
    const { state } = this.home;
    const market = state.markets.find(marketId);
    if (market === null || isolatedCollateral(state, market, account) === null) return false;
    return market.rows.get(account, R_POSITION) !== 0;
  }

  /** Whether the account's isolated position in this market is being liquidated. */
  isLiquidatedIn(account: number, marketId: number): boolean {
    const { state } = this.home;
    const market = state.markets.find(marketId);
    return market !== null && isPositionLiquidating(state, market, account);
  }

  get accounts(): number[] {
    return Array.from({ length: ACCOUNTS }, (_, i) => i + 1);
  }

  hashes(): [product: string, naive: string] {
    return [stateHash(this.core), stateHash(this.naive as ShardCore)];
  }

  /** The product's shard from a snapshot of this one; nobody keeps its books. */
  fork(): MarginShard {
    const writer = new CanonicalWriter();
    this.core.writeSnapshot(writer);
    const copy = Object.create(this) as MarginShard;
    [copy.core, copy.home] = productShard();
    copy.core.readSnapshot(new CanonicalReader(writer.bytes()));
    copy.naive = null;
    return copy;
  }

  private setMode(market: number, account: number): Outcome {
    const price = this.random.chance(60) ? type.MARGIN_ISOLATED : type.MARGIN_CROSS;
    return this.command(type.CMD_SET_MARGIN_MODE, market, account, { price });
  }

  private move(market: number, account: number): Outcome {
    const qty = this.random.between(-3_000_000, 3_000_000);
    return this.command(type.CMD_MOVE_MARGIN, market, account, { qty });
  }

  private moveCash(account: number): Outcome {
    const kind = this.random.pick([type.CMD_DEPOSIT, type.CMD_WITHDRAW]);
    return this.command(kind, 0, account, { qty: this.random.between(1, 10_000_000) });
  }

  private amend(): Outcome {
    const { random } = this;
    const order =
      this.open.length === 0 ? { marketId: 1, orderId: 1, account: 1 } : random.pick(this.open);
    return this.command(type.CMD_AMEND, order.marketId, order.account, {
      orderId: order.orderId,
      price: MARK + random.between(-30, 30),
      qty: random.chance(50) ? random.between(3, 100) : 0,
    });
  }

  send(buffer: MessageBuffer): Outcome {
    return this.apply(buffer, 1);
  }

  private apply(messages: MessageBuffer, count: number): Outcome {
    for (const core of [this.core, this.naive]) {
      if (core === null) continue;
      core.events.reset();
      const firstSequence = core.sequence + 1;
      core.applyFrame({ messages, firstSequence, count, timeMs: this.timeMs });
    }
    const events = eventsOf(this.core.events);
    if (this.naive !== null) for (const event of events) this.hear(event);
    const first = new View(messages, 0);
    const refusal = events.find((event) => event.type === type.EVT_REJECTED);
    const code = refusal?.word(layout.EW_CODE) ?? 0;
    return { kind: first.type, account: first.account, code, events };
  }

  private hear(event: View): void {
    this.happened.set(event.type, (this.happened.get(event.type) ?? 0) + 1);
    const { account, marketId } = event;
    const orderId = event.float(layout.EF_ORDER_ID);
    if (event.type === type.EVT_ACCEPTED) this.open.push({ marketId, orderId, account });
    else if (event.type === type.EVT_BALANCE)
      this.book(account).cash += BigInt(event.float(EF_LOTS));
    else if (event.type === type.EVT_FILL) this.fill(event);
    else if (event.type === type.EVT_FUNDING) this.fund(event);
    else if (event.type === type.EVT_TRANSFER) this.transfer(event);
    else if (event.type === type.EVT_INSURANCE) {
      this.book(account).cash -= BigInt(event.float(layout.EF_PAYMENT));
    }
  }

  private fill(event: View): void {
    const market = this.naiveMarket(event.marketId);
    const flags = event.word(layout.EW_FLAGS);
    const lots = BigInt(event.float(EF_LOTS));
    const price = BigInt(event.word(layout.EW_PRICE));
    const { makerPpm, takerPpm } = this.core.fees;
    const rates = (flags & type.FLAG_MAKER) !== 0 ? makerPpm : takerPpm;
    const signed = type.sideOf(flags) === type.SIDE_BUY ? lots : -lots;
    const account = this.book(event.account);
    account.cash += naiveFill(market, this.holding(event), signed, price);
    account.cash -= naiveFee(market, price * lots, BigInt(rates[type.tierOf(flags)] as number));
  }

  /** As a fill, without a fee. */
  private transfer(event: View): void {
    const lots = BigInt(event.float(EF_LOTS));
    const isBuy = type.sideOf(event.word(layout.EW_FLAGS)) === type.SIDE_BUY;
    const price = BigInt(event.word(layout.EW_PRICE));
    const market = this.naiveMarket(event.marketId);
    const realized = naiveFill(market, this.holding(event), isBuy ? lots : -lots, price);
    this.book(event.account).cash += realized;
  }

  /** Position × index × rate × interval ÷ 8 hours, rounded up. */
  private fund(event: View): void {
    const { params } = this.naiveMarket(event.marketId);
    const value = this.holding(event).position * BigInt(event.word(layout.EW_PRICE));
    const time = BigInt(event.float(EF_RATE_PPB)) * BigInt(event.float(EF_INTERVAL));
    const divisor = BigInt(params.microUsdPerTickLotDenominator) * 10n ** 9n * BigInt(8 * HOUR_MS);
    const paid = value * time * BigInt(params.microUsdPerTickLotNumerator);
    this.book(event.account).cash -= divCeil(paid, divisor);
  }

  private book(account: number): Account {
    const book = this.books.get(account) ?? { cash: 0n, holdings: new Map() };
    this.books.set(account, book);
    return book;
  }

  private holding({ account, marketId }: View): NaiveHolding {
    const { holdings } = this.book(account);
    const empty = { position: 0n, entryValue: 0n, leverage: 0n, orders: [], purse: null };
    const holding = holdings.get(marketId) ?? empty;
    holdings.set(marketId, holding);
    return holding;
  }

  private naiveMarket(marketId: number): NaiveMarket {
    const { markets } = ((this.naive as ShardCore).home as NaiveHome).state;
    return markets.find((market) => market.marketId === marketId) as NaiveMarket;
  }
}

function productShard(): [ShardCore, MarginActor] {
  const kernel = new Kernel(javascriptRiskKernel);
  const core = new ShardCore(
    (inbox, events, fees) => new MarginActor(inbox, events, fees, kernel, false),
    undefined,
    undefined,
    kernel,
  );
  return [core, core.home as MarginActor];
}

function naiveShard(): ShardCore {
  return new ShardCore(
    (inbox, events, fees) => new NaiveHome(inbox, events, fees),
    (options) => new NaiveBook(options),
    undefined,
    new Kernel(javascriptRiskKernel),
    () => new NaiveTriggers(),
  );
}

function eventsOf(buffer: MessageBuffer): View[] {
  const copy = new MessageBuffer(Math.max(buffer.length, 1));
  copy.push(buffer.length);
  copy.words.set(buffer.words.subarray(0, buffer.length * layout.SLOT_WORDS));
  const events: View[] = [];
  for (let slot = 0; slot < copy.length; ) {
    const event = new View(copy, slot);
    events.push(event);
    slot += event.slots;
  }
  return events;
}

/** Funding every hour at the interest, 1 % for 8 hours. */
function pricing(marketId: number): MessageBuffer {
  const buffer = new MessageBuffer(4);
  const slot = push(buffer, type.CMD_SET_PRICING, marketId, 3, {});
  writePricingParams(buffer.floats, (slot + 1) * layout.SLOT_FLOATS, {
    ...PRICING_OFF,
    averageMs: 60_000,
    fundingIntervalMs: HOUR_MS,
    premiumIntervalMs: 60_000,
    impactNotionalMicroUsd: asMicroUsd(5_000_000),
    interestPpb: 10_000_000,
    dampenerPpb: 10_000_000,
    rateCapPpb: 10_000_000,
  });
  return buffer;
}

function tiers(marketId: number): MessageBuffer {
  const buffer = new MessageBuffer(4);
  const slot = push(buffer, type.CMD_SET_MARGIN_TIERS, marketId, 4, {});
  const at = slot * layout.SLOT_WORDS + W_MARGIN_TERMS;
  writeMarginTerms(buffer.words, buffer.floats, at, TIERS);
  return buffer;
}
