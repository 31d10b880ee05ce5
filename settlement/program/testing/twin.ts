import type { BatchSection } from '../batch.js';
import type { FailureName } from '../failures.js';
import type { MarketTerms } from '../terms.js';

export interface TwinRow {
  collateral: bigint;
  lots: bigint[];
  entry: bigint[];
}

export interface TwinMarket {
  fees: bigint;
  insurance: bigint;
  clearing: bigint;
  entrySum: bigint;
  lastTicks: bigint;
  averageMicroTicks: bigint;
  averageAt: bigint;
  windowStart: bigint;
  paidInWindow: bigint;
  peakLots: bigint;
  peakSince: bigint;
}

interface World {
  rows: Map<number, TwinRow>;
  markets: TwinMarket[];
}

const PPM = 1_000_000n;
const MICRO_USD_MAX = 2n ** 52n;
const I64 = 2n ** 63n;

/**
 * The program's rules for batches and withdrawals once more, in the plainest form: everything is worked out anew from all rows, with
 * numbers of any size, on a copy that replaces the state only when nothing was wrong. A batch is refused with the same name.
 */
export class Twin {
  private world: World;
  private terms: readonly MarketTerms[];
  private readonly batchCap: bigint;

  constructor(terms: readonly MarketTerms[], batchCap: bigint) {
    this.terms = terms;
    this.batchCap = batchCap;
    this.world = { rows: new Map(), markets: terms.map(newMarket) };
  }

  /** As it is now, for itself: what a fork of the chain begins with. */
  clone(): Twin {
    const twin = new Twin(this.terms, this.batchCap);
    twin.world = structuredClone(this.world);
    return twin;
  }

  /** Returns its slot. */
  addMarket(terms: MarketTerms): number {
    this.terms = [...this.terms, terms];
    for (const { lots, entry } of this.world.rows.values()) {
      lots.push(0n);
      entry.push(0n);
    }
    return this.world.markets.push(newMarket()) - 1;
  }

  accounts(): number[] {
    return [...this.world.rows.keys()];
  }

  row(accountId: number): TwinRow {
    return this.world.rows.get(accountId)!;
  }

  market(slot: number): TwinMarket {
    return this.world.markets[slot]!;
  }

  addUser(accountId: number): void {
    const none = () => this.terms.map(() => 0n);
    this.world.rows.set(accountId, { collateral: 0n, lots: none(), entry: none() });
  }

  deposit(accountId: number, amount: bigint): void {
    this.row(accountId).collateral += amount;
  }

  fundInsurance(slot: number, amount: bigint): void {
    this.market(slot).insurance += amount;
  }

  /** `ticks`: fresh oracle price of each market, by slot. Returns why the batch is refused, or null. */
  settle(
    sections: readonly BatchSection[],
    ticks: readonly bigint[],
    now: bigint,
  ): FailureName | null {
    const world = structuredClone(this.world);
    let notional = 0n;
    for (const section of sections) {
      const price = ticks[section.slot]!;
      const failure =
        this.leaps(world, section.slot, price, now) ??
        applyEntries(world, section) ??
        this.checkSums(section) ??
        this.checkPrices(world, section, price) ??
        this.checkGains(world, section, price) ??
        this.checkPayments(world, section, price, now) ??
        bookSection(world.markets[section.slot]!, section);
      if (failure !== null) return failure;
      notional += this.notionalOf(section, price);
      notePrice(world.markets[section.slot]!, this.terms[section.slot]!, price, now);
    }
    if (notional > this.batchCap) return 'notionalCap';
    this.world = world;
    return null;
  }

  /** Returns why nothing is paid, or null. */
  withdraw(
    accountId: number,
    amount: bigint,
    ticks: readonly bigint[],
    now: bigint,
  ): FailureName | null {
    const row = this.row(accountId);
    let worth = row.collateral;
    let [margin, tenth] = [0n, 0n];
    for (const [slot, lots] of row.lots.entries()) {
      if (lots === 0n) continue;
      const price = ticks[slot]!;
      const leap = this.leaps(this.world, slot, price, now);
      if (leap !== null) return leap;
      const {
        microUsdNumerator: numerator,
        microUsdDenominator: denominator,
        tiers,
      } = this.terms[slot]!;
      const profit = floor((lots * price - row.entry[slot]!) * numerator, denominator);
      if (profit < 0n) worth += profit;
      const notional = ceil(abs(lots) * price * numerator, denominator);
      margin += ceil(marginOf(tiers, notional), PPM);
      tenth += notional;
    }
    const least = ceil(tenth, 10n);
    const free = worth - (margin > least ? margin : least);
    if (amount <= 0n) return 'zeroAmount';
    if (amount > free) return 'notEnoughFree';
    row.collateral -= amount;
    return null;
  }

  private leaps(world: World, slot: number, price: bigint, now: bigint): FailureName | null {
    const { averageMicroTicks, averageAt } = world.markets[slot]!;
    if (averageMicroTicks === 0n) return null;
    const hours = (now - averageAt) / 3_600n;
    const allowed = BigInt(this.terms[slot]!.limits.jumpPpm) * (1n + hours);
    const distance = abs(price * PPM - averageMicroTicks);
    return distance * PPM > averageMicroTicks * allowed ? 'priceLeap' : null;
  }

  private checkSums(section: BatchSection): FailureName | null {
    const { entries } = section;
    const { microUsdNumerator: numerator, microUsdDenominator: denominator } =
      this.terms[section.slot]!;
    if (sumOf(entries, 'deltaLots') !== 0n) return 'lotsNotZero';
    if (sumOf(entries, 'realizedMicroUsd') + section.clearingMicroUsd !== 0n)
      return 'clearingMismatch';
    const purses = section.feesMicroUsd + section.insuranceMicroUsd;
    if (sumOf(entries, 'otherMicroUsd') + purses !== 0n) return 'moneyNotZero';
    const dust =
      section.clearingMicroUsd * denominator + sumOf(entries, 'deltaEntryTickLots') * numerator;
    return dust < 0n || dust > 2n * BigInt(section.fills) * denominator ? 'roundingDust' : null;
  }

  private checkPrices(world: World, section: BatchSection, price: bigint): FailureName | null {
    const { grossLots, fills, minPriceTicks, maxPriceTicks } = section;
    if (grossLots === 0n)
      return fills === 0 && minPriceTicks === 0 && maxPriceTicks === 0 ? null : 'badBatch';
    if (fills === 0 || minPriceTicks === 0 || minPriceTicks > maxPriceTicks) return 'badBatch';
    if (maxPriceTicks > 2 ** 31 - 1) return 'badBatch';
    if (grossLots > 2n ** 40n) return 'overflow';
    const [low, high] = this.bandOf(world, section.slot, price);
    return BigInt(minPriceTicks) < low || BigInt(maxPriceTicks) > high ? 'priceOutsideBand' : null;
  }

  private checkGains(world: World, section: BatchSection, price: bigint): FailureName | null {
    const {
      microUsdNumerator: numerator,
      microUsdDenominator: denominator,
      limits,
    } = this.terms[section.slot]!;
    let [gained, changed] = [0n, 0n];
    for (const entry of section.entries) {
      const worth = entry.deltaLots * price - entry.deltaEntryTickLots;
      const gain = entry.realizedMicroUsd * denominator + worth * numerator;
      if (gain > 0n) gained += gain;
      changed += abs(entry.deltaLots);
    }
    if (changed > 2n * section.grossLots) return 'badBatch';
    const [low, high] =
      section.grossLots === 0n ? [price, price] : this.bandOf(world, section.slot, price);
    const far = price - low > high - price ? price - low : high - price;
    if (gained > section.grossLots * numerator * far) return 'gainTooLarge';
    return this.notionalOf(section, price) > limits.notionalCapMicroUsd ? 'notionalCap' : null;
  }

  /** Rows have the batch's positions by now: open interest is looked at before and after. */
  private checkPayments(
    world: World,
    section: BatchSection,
    price: bigint,
    now: bigint,
  ): FailureName | null {
    const {
      microUsdNumerator: numerator,
      microUsdDenominator: denominator,
      limits,
    } = this.terms[section.slot]!;
    const market = world.markets[section.slot]!;
    const before = longLots(this.world, section.slot);
    const after = longLots(world, section.slot);
    const open = (before + after + section.grossLots + 1n) / 2n;
    const most = open > market.peakLots ? open : market.peakLots;
    if (section.grossLots > 0n) {
      const isOver = now - market.peakSince >= BigInt(limits.paymentWindowSeconds);
      if (isOver) market.peakSince = now;
      market.peakLots = isOver ? open : most;
    }
    const paid = section.entries.reduce(
      (sum, { otherMicroUsd: m }) => sum + (m < 0n ? -m : 0n),
      0n,
    );
    const above = paid - (this.notionalOf(section, price) * BigInt(limits.feeCapPpm)) / PPM;
    if (above <= 0n) return null;
    if (now - market.windowStart >= BigInt(limits.paymentWindowSeconds)) {
      market.windowStart = now;
      market.paidInWindow = 0n;
    }
    market.paidInWindow += above;
    const allowed =
      (((most * price * numerator) / denominator) * BigInt(limits.paymentCapPpm)) / PPM;
    return market.paidInWindow > allowed ? 'paymentsTooLarge' : null;
  }

  private bandOf(world: World, slot: number, price: bigint): [bigint, bigint] {
    const { bandPpm, catchUpPpm } = this.terms[slot]!.limits;
    const { lastTicks } = world.markets[slot]!;
    const before = lastTicks === 0n ? price : lastTicks;
    const reach = (price * BigInt(catchUpPpm)) / PPM;
    const from = before < price - reach ? price - reach : before < price ? before : price;
    const to = before > price + reach ? price + reach : before > price ? before : price;
    return [(from * (PPM - BigInt(bandPpm))) / PPM, (to * (PPM + BigInt(bandPpm))) / PPM];
  }

  private notionalOf(section: BatchSection, price: bigint): bigint {
    const { microUsdNumerator: numerator, microUsdDenominator: denominator } =
      this.terms[section.slot]!;
    return (section.grossLots * numerator * price) / denominator;
  }
}

function newMarket(): TwinMarket {
  return {
    ...{ fees: 0n, insurance: 0n, clearing: 0n, entrySum: 0n },
    ...{ lastTicks: 0n, averageMicroTicks: 0n, averageAt: 0n, windowStart: 0n, paidInWindow: 0n },
    ...{ peakLots: 0n, peakSince: 0n },
  };
}

function applyEntries(world: World, section: BatchSection): FailureName | null {
  for (const entry of section.entries) {
    const row = world.rows.get(entry.accountId);
    if (row === undefined) return 'unknownUser';
    for (const change of [entry.realizedMicroUsd, entry.otherMicroUsd]) {
      row.collateral += change;
      if (row.collateral >= I64 || row.collateral < -I64) return 'overflow';
    }
    if (abs(row.collateral) > MICRO_USD_MAX) return 'overflow';
    if (entry.deltaLots === 0n && entry.deltaEntryTickLots === 0n) continue;
    const lots = row.lots[section.slot]! + entry.deltaLots;
    const value = row.entry[section.slot]! + entry.deltaEntryTickLots;
    if (abs(lots) > 2n ** 40n || abs(value) > 2n ** 52n) return 'overflow';
    if (sign(lots) !== sign(value)) return 'badPosition';
    row.lots[section.slot] = lots;
    row.entry[section.slot] = value;
  }
  return null;
}

function bookSection(market: TwinMarket, section: BatchSection): FailureName | null {
  market.fees += section.feesMicroUsd;
  market.insurance += section.insuranceMicroUsd;
  market.clearing += section.clearingMicroUsd;
  market.entrySum += sumOf(section.entries, 'deltaEntryTickLots');
  return market.fees < 0n || market.insurance < 0n ? 'purseBelowZero' : null;
}

function notePrice(market: TwinMarket, terms: MarketTerms, price: bigint, now: bigint): void {
  const constant = BigInt(terms.limits.averageSeconds);
  const elapsed = now - market.averageAt > constant ? constant : now - market.averageAt;
  const average = market.averageMicroTicks;
  market.averageMicroTicks =
    average === 0n ? price * PPM : average + ((price * PPM - average) * elapsed) / constant;
  market.averageAt = now;
  market.lastTicks = price;
}

function marginOf(tiers: MarketTerms['tiers'], notional: bigint): bigint {
  let margin = 0n;
  for (const [index, { floorMicroUsd, initialPpm }] of tiers.entries()) {
    const end = tiers[index + 1]?.floorMicroUsd ?? notional;
    const top = notional < end ? notional : end;
    if (top > floorMicroUsd) margin += (top - floorMicroUsd) * BigInt(initialPpm);
  }
  return margin;
}

function longLots(world: World, slot: number): bigint {
  let sum = 0n;
  for (const { lots } of world.rows.values()) if (lots[slot]! > 0n) sum += lots[slot]!;
  return sum;
}

function sumOf(
  entries: BatchSection['entries'],
  field: 'deltaLots' | 'deltaEntryTickLots' | 'realizedMicroUsd' | 'otherMicroUsd',
): bigint {
  return entries.reduce((sum, entry) => sum + entry[field], 0n);
}

function sign(value: bigint): number {
  return value > 0n ? 1 : value < 0n ? -1 : 0;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function floor(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

function ceil(value: bigint, divisor: bigint): bigint {
  return -floor(-value, divisor);
}
