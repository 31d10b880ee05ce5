import { Xorshift } from '../../../engine/testing/xorshift.js';
import { divFloor } from '../../../engine/units/division.js';
import { encodePack } from '../../packs/pack-codec.js';
import type { AccountItem, ItemSide, MarketItem, Pack } from '../../packs/pack-types.js';
import { subjectOf } from '../../packs/subjects.js';
import type { LedgerMessage } from '../ingest.js';

interface NaivePosition {
  lots: bigint;
  entry: bigint;
}

export interface RandomMarket {
  readonly marketId: number;
  readonly numerator: number;
  readonly denominator: number;
}

export const MARKETS: readonly RandomMarket[] = [
  { marketId: 1, numerator: 100, denominator: 1 },
  { marketId: 2, numerator: 3, denominator: 7 },
  { marketId: 5, numerator: 1, denominator: 1000 },
];

const SHARD = 0;
const START_MS = 1_700_000_000_000;

/**
 * What an exchange may put on the bus, made at random but with its rules: profits follow from entry values and are rounded down. It keeps
 * every balance in bigints of its own, by the table of the double entry.
 */
export class RandomJournal {
  readonly fills = new Map<number, MarketItem[]>(MARKETS.map(({ marketId }) => [marketId, []]));
  readonly events: AccountItem[] = [];
  /** Sequences of the items of each market. */
  readonly sequences = new Map<number, number[]>(MARKETS.map(({ marketId }) => [marketId, []]));
  readonly collateral = new Map<number, bigint>();
  readonly positions = new Map<string, NaivePosition>();
  readonly totals = new Map(
    MARKETS.map(({ marketId }) => [
      marketId,
      { fees: 0n, insurance: 0n, clearing: 0n, entry: 0n, funded: 0n },
    ]),
  );
  private readonly random: Xorshift;
  private readonly accounts: number;
  private sequence = 1;
  private timeMs = START_MS;
  private readonly trades = new Map<number, number>();

  constructor(seed: number, accounts: number) {
    this.random = new Xorshift(seed);
    this.accounts = accounts;
    for (const market of MARKETS) this.list(market);
    for (let accountId = 1; accountId <= accounts; accountId++) {
      const publicKey = new Uint8Array(32).fill(accountId % 251);
      this.event({ kind: 'accountCreated', accountId, parentId: 0, publicKey });
      this.balance(accountId, this.random.between(1, 1_000_000_000));
    }
  }

  run(steps: number): this {
    for (let i = 0; i < steps; i++) this.step();
    return this;
  }

  lastItem(kind: 'market' | 'account', id: number): number {
    return kind === 'market' ? (this.fills.get(id)?.length ?? 0) : this.events.length;
  }

  /** Items first … last of a stream as a message; item numbers from 1. */
  message(kind: 'market' | 'account', id: number, first: number, last: number): LedgerMessage {
    const pack =
      kind === 'market' ? this.marketPack(id, first, last) : this.accountPack(first, last);
    return { subject: subjectOf(pack), data: encodePack(pack), sequence: last };
  }

  watermark(): LedgerMessage {
    const items = this.events.length;
    const pack: Pack = {
      kind: 'account',
      shardId: SHARD,
      epoch: 1,
      firstItem: items + 1,
      lastItem: items,
      firstSequence: this.sequence,
      lastSequence: this.sequence,
      timeMs: this.timeMs,
      items: [],
      marketEnds: [],
    };
    return { subject: subjectOf(pack), data: encodePack(pack), sequence: this.sequence };
  }

  /**
   * Everything in packs of random lengths, listings first. Streams come in any order, or (`isLive`) so that the stream that is behind
   * comes next, as on a bus that nothing holds up.
   */
  messages(itemsMax = 20, isLive = false): LedgerMessage[] {
    const streams = [
      { kind: 'account' as const, id: SHARD, at: 0 },
      ...MARKETS.map(({ marketId }) => ({ kind: 'market' as const, id: marketId, at: 0 })),
    ];
    const messages = [this.message('account', SHARD, 1, MARKETS.length)];
    (streams[0] as { at: number }).at = MARKETS.length;
    for (;;) {
      const open = streams.filter(({ kind, id, at }) => at < this.lastItem(kind, id));
      if (isLive) open.sort((a, b) => this.timeAfter(a) - this.timeAfter(b));
      const stream = open[isLive ? 0 : this.random.between(0, open.length - 1)];
      if (stream === undefined) return messages;
      const { kind, id, at } = stream;
      const last = Math.min(at + this.random.between(1, itemsMax), this.lastItem(kind, id));
      messages.push(this.message(kind, id, at + 1, last));
      stream.at = last;
    }
  }

  private timeAfter({ kind, id, at }: { kind: string; id: number; at: number }): number {
    const items = kind === 'market' ? this.fills.get(id) : this.events;
    return items?.[at]?.timeMs ?? 0;
  }

  private hasOpen({ marketId }: RandomMarket): boolean {
    for (let accountId = 1; accountId <= this.accounts; accountId++) {
      if ((this.positions.get(`${accountId} ${marketId}`)?.lots ?? 0n) !== 0n) return true;
    }
    return false;
  }

  private marketPack(marketId: number, first: number, last: number): Pack {
    const items = (this.fills.get(marketId) as MarketItem[]).slice(first - 1, last);
    const sequences = this.sequences.get(marketId) as number[];
    return {
      kind: 'market',
      marketId,
      shardId: SHARD,
      epoch: 1,
      firstItem: first,
      lastItem: last,
      firstSequence: sequences[first - 1] as number,
      lastSequence: sequences[last - 1] as number,
      timeMs: items.at(-1)?.timeMs as number,
      items,
    };
  }

  private accountPack(first: number, last: number): Pack {
    const items = this.events.slice(first - 1, last);
    return {
      kind: 'account',
      shardId: SHARD,
      epoch: 1,
      firstItem: first,
      lastItem: last,
      firstSequence: items[0]?.sequence as number,
      lastSequence: items.at(-1)?.sequence as number,
      timeMs: items.at(-1)?.timeMs as number,
      items,
    };
  }

  private step(): void {
    this.sequence += this.random.between(0, 2);
    this.timeMs += this.random.between(0, 50);
    const market = MARKETS[this.random.between(0, MARKETS.length - 1)] as RandomMarket;
    const chance = this.random.between(0, 99);
    if (chance < 85 || !this.hasOpen(market)) this.trade(market);
    else if (chance < 90) this.fundingRound(market);
    else if (chance < 94) this.insure(market);
    else if (chance < 97) this.balance(this.account(), this.random.between(-10_000, 50_000));
    else if (chance < 98) this.transfer();
    else this.fundInsurance(market);
  }

  private trade(market: RandomMarket): void {
    const { marketId } = market;
    const [maker, taker] = [this.account(), this.account()];
    const priceTicks = this.random.between(900, 1_100);
    const qtyLots = this.random.between(1, 60);
    const takerSide = this.random.between(0, 1) as 0 | 1;
    const isFill = this.random.between(0, 9) > 0;
    const tradeSequence = isFill ? (this.trades.get(marketId) ?? 0) + 1 : 0;
    if (isFill) this.trades.set(marketId, tradeSequence);
    const takerLots = takerSide === 0 ? qtyLots : -qtyLots;
    this.fills.get(marketId)?.push({
      kind: isFill ? 'fill' : 'deleveraging',
      tradeSequence,
      timeMs: this.timeMs,
      priceTicks,
      qtyLots,
      takerSide,
      isLiquidation: false,
      maker: this.side(
        market,
        maker,
        -takerLots,
        priceTicks,
        isFill ? this.random.between(-5, 20) : 0,
      ),
      taker: this.side(
        market,
        taker,
        takerLots,
        priceTicks,
        isFill ? this.random.between(5, 50) : 0,
      ),
    });
    this.sequences.get(marketId)?.push(this.sequence);
  }

  /** Moves the naive balances, and says by how much. */
  private side(
    { marketId, numerator, denominator }: RandomMarket,
    accountId: number,
    deltaLots: number,
    priceTicks: number,
    feeMicroUsd: number,
  ): ItemSide {
    const key = `${accountId} ${marketId}`;
    const position = this.positions.get(key) ?? { lots: 0n, entry: 0n };
    const delta = BigInt(deltaLots);
    const price = BigInt(priceTicks);
    const closes = position.lots !== 0n && position.lots > 0n !== delta > 0n;
    const size = position.lots < 0n ? -position.lots : position.lots;
    const wanted = delta < 0n ? -delta : delta;
    const closed = closes ? (wanted < size ? wanted : size) : 0n;
    const sign = position.lots > 0n ? 1n : -1n;
    const closedEntry = closed === 0n ? 0n : (position.entry * closed) / size;
    const profitTickLots = sign * closed * price - closedEntry;
    const realized = divFloor(profitTickLots * BigInt(numerator), BigInt(denominator));
    const opened = delta + sign * closed;
    const deltaEntry = (closed === 0n ? delta : opened) * price - closedEntry;
    const lots = position.lots + delta;
    const totals = this.totals.get(marketId) as { fees: bigint; clearing: bigint; entry: bigint };
    this.positions.set(key, { lots, entry: position.entry + deltaEntry });
    this.addCollateral(accountId, realized - BigInt(feeMicroUsd));
    totals.fees += BigInt(feeMicroUsd);
    totals.clearing -= realized;
    totals.entry += deltaEntry;
    return {
      accountId,
      deltaLots,
      deltaEntryTickLots: Number(deltaEntry),
      realizedMicroUsd: Number(realized),
      feeMicroUsd,
    };
  }

  /** In any order of who pays and who gets, but never more out than in. */
  private fundingRound(market: RandomMarket): void {
    let sum = 0;
    for (let i = this.random.between(1, 12); i > 0; i--) {
      const payment = this.random.between(-900, 900);
      sum += payment;
      this.pay('funding', market, this.account(), payment);
    }
    if (sum < 0) this.pay('funding', market, this.account(), -sum + this.random.between(0, 3));
  }

  /** A fund never pays more than it has. */
  private insure(market: RandomMarket): void {
    const fund = Number(this.totals.get(market.marketId)?.insurance);
    const payment = this.random.between(-Math.min(500, fund), 500);
    this.pay('insurance', market, this.account(), payment);
  }

  private pay(
    kind: 'funding' | 'insurance',
    { marketId }: RandomMarket,
    accountId: number,
    paymentMicroUsd: number,
  ): void {
    this.addCollateral(accountId, -BigInt(paymentMicroUsd));
    (this.totals.get(marketId) as { insurance: bigint }).insurance += BigInt(paymentMicroUsd);
    this.event({ kind, accountId, marketId, paymentMicroUsd });
  }

  private balance(accountId: number, changeMicroUsd: number): void {
    this.addCollateral(accountId, BigInt(changeMicroUsd));
    const collateralMicroUsd = Number(this.collateral.get(accountId));
    const cashKey = null;
    this.event({ kind: 'balance', accountId, changeMicroUsd, collateralMicroUsd, cashKey });
  }

  /** Who may transfer to whom is the engine's business. */
  private transfer(): void {
    const accountId = this.account();
    const toAccountId = (accountId % this.accounts) + 1;
    const amountMicroUsd = this.random.between(1, 20_000);
    this.addCollateral(accountId, -BigInt(amountMicroUsd));
    this.addCollateral(toAccountId, BigInt(amountMicroUsd));
    this.event({ kind: 'transfer', accountId, toAccountId, amountMicroUsd });
  }

  private fundInsurance({ marketId }: RandomMarket): void {
    const changeMicroUsd = this.random.between(1, 5_000);
    const totals = this.totals.get(marketId) as { insurance: bigint; funded: bigint };
    totals.insurance += BigInt(changeMicroUsd);
    totals.funded += BigInt(changeMicroUsd);
    this.event({ kind: 'insuranceFunded', marketId, changeMicroUsd, cashKey: null });
  }

  private list({ marketId, numerator, denominator }: RandomMarket): void {
    this.event({
      kind: 'marketListed',
      marketId,
      symbol: `M${marketId}-PERP`,
      tickMantissa: 1,
      tickDecimals: 1,
      lotMantissa: 1,
      lotDecimals: 3,
      microUsdNumerator: numerator,
      microUsdDenominator: denominator,
      priceTicksMax: 1_000_000,
      priceBandPpm: 100_000,
      initialMarginPpm: 20_000,
      maintenanceMarginPpm: 10_000,
    });
  }

  // biome-ignore lint/suspicious/noExplicitAny: the union of items cannot be spread otherwise.
  private event(item: any): void {
    this.events.push({ timeMs: this.timeMs, sequence: this.sequence, ...item });
  }

  private account(): number {
    return this.random.between(1, this.accounts);
  }

  private addCollateral(accountId: number, change: bigint): void {
    this.collateral.set(accountId, (this.collateral.get(accountId) ?? 0n) + change);
  }
}
