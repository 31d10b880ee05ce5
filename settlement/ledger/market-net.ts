import { QTY_LOTS_MAX } from '../../engine/units/units.js';
import type { ItemSide, MarketItem } from '../packs/pack-types.js';
import type { BatchEntry, BatchSection } from '../program/batch.js';
import type { TickLotWorth } from './pack-check.js';

const FIRST_CAPACITY = 1_024;
const SUMS = 4;
const LOTS = 0;
const ENTRY = 1;
const REALIZED = 2;
const OTHER = 3;
/** Spreads neighbouring account ids over the table. */
const HASH_FACTOR = 0x9e3779b1;

/**
 * Sums of one market over a window, an entry an account, in flat arrays: a window may have a million fills. Sums are doubles, and exact:
 * what would leave ±2^53 is not added, and the window ends there.
 */
export class MarketNet {
  readonly slot: number;
  readonly marketId: number;
  readonly worth: TickLotWorth;
  /** Accounts that were touched; those in which nothing has changed are left out later. */
  touched = 0;
  /** Fills and transfers. */
  items = 0;
  payments = 0;
  /** Each trade counted once; a double, for limits. */
  notionalMicroUsd = 0;
  private readonly microUsdPerTickLot: number;
  private feesMicroUsd = 0;
  private insuranceMicroUsd = 0;
  private realizedMicroUsd = 0;
  private grossLots = 0;
  private minPriceTicks = 0;
  private maxPriceTicks = 0;

  private capacity = FIRST_CAPACITY;
  /** Open addressing, twice the capacity, so at most half is taken: account and 1 + number of its entry in turn; 0: free. */
  private table = new Int32Array(FIRST_CAPACITY * 4);
  private accounts = new Int32Array(FIRST_CAPACITY);
  /** Of each entry lots, entry value, realized, other: side by side, because they change together. */
  private sums = new Float64Array(FIRST_CAPACITY * SUMS);

  constructor(marketId: number, slot: number, worth: TickLotWorth) {
    this.marketId = marketId;
    this.slot = slot;
    this.worth = worth;
    this.microUsdPerTickLot = worth.numerator / worth.denominator;
  }

  /** True unless this account has an entry. */
  isNew(accountId: number): boolean {
    return this.table[this.placeOf(accountId) + 1] === 0;
  }

  /** In micro-USD, as a double: for a limit, not for an account. */
  notionalOf({ priceTicks, qtyLots }: MarketItem): number {
    return priceTicks * qtyLots * this.microUsdPerTickLot;
  }

  /** False: a sum would not be exact any more, or more lots than the chain takes; and nothing was added. */
  addItem(item: MarketItem, notionalMicroUsd: number): boolean {
    const { maker, taker, priceTicks } = item;
    const makersFees = this.feesMicroUsd + maker.feeMicroUsd;
    const fees = makersFees + taker.feeMicroUsd;
    const makersRealized = this.realizedMicroUsd + maker.realizedMicroUsd;
    const realized = makersRealized + taker.realizedMicroUsd;
    const gross = this.grossLots + item.qtyLots;
    if (gross > QTY_LOTS_MAX) return false;
    // A sum that was rounded on the way would be wrong although it is small again.
    if (!isExact(makersFees) || !isExact(fees)) return false;
    if (!isExact(makersRealized) || !isExact(realized)) return false;
    if (!this.addSides(maker, taker)) return false;
    this.feesMicroUsd = fees;
    this.realizedMicroUsd = realized;
    this.grossLots = gross;
    this.notionalMicroUsd += notionalMicroUsd;
    if (this.items === 0 || priceTicks < this.minPriceTicks) this.minPriceTicks = priceTicks;
    if (priceTicks > this.maxPriceTicks) this.maxPriceTicks = priceTicks;
    this.items++;
    return true;
  }

  /** From the account to the market's insurance fund. False as with `addItem`. */
  addPayment(accountId: number, paymentMicroUsd: number): boolean {
    const { touched } = this;
    const at = this.entryOf(accountId) * SUMS + OTHER;
    const insurance = this.insuranceMicroUsd + paymentMicroUsd;
    const other = (this.sums[at] as number) - paymentMicroUsd;
    if (!isExact(insurance) || !isExact(other)) {
      this.forgetFrom(touched);
      return false;
    }
    this.insuranceMicroUsd = insurance;
    this.sums[at] = other;
    this.payments++;
    return true;
  }

  /** Entries in ascending order of their accounts; null: nothing has changed at all. */
  section(): BatchSection | null {
    const changed = [];
    for (let index = 0; index < this.touched; index++) {
      if (this.isChanged(index)) changed.push(index);
    }
    const { accounts } = this;
    changed.sort((a, b) => (accounts[a] as number) - (accounts[b] as number));
    if (changed.length === 0 && this.feesMicroUsd === 0 && this.insuranceMicroUsd === 0)
      return null;
    return {
      slot: this.slot,
      feesMicroUsd: BigInt(this.feesMicroUsd),
      insuranceMicroUsd: BigInt(this.insuranceMicroUsd),
      clearingMicroUsd: BigInt(-this.realizedMicroUsd),
      grossLots: BigInt(this.grossLots),
      minPriceTicks: this.minPriceTicks,
      maxPriceTicks: this.maxPriceTicks,
      fills: this.items,
      entries: changed.map((index) => this.entry(index)),
    };
  }

  private entry(index: number): BatchEntry {
    const sum = (which: number) => BigInt(this.sums[index * SUMS + which] as number);
    return {
      accountId: this.accounts[index] as number,
      deltaLots: sum(LOTS),
      deltaEntryTickLots: sum(ENTRY),
      realizedMicroUsd: sum(REALIZED),
      otherMicroUsd: sum(OTHER),
    };
  }

  private isChanged(index: number): boolean {
    const at = index * SUMS;
    const { sums } = this;
    return (
      sums[at] !== 0 ||
      sums[at + ENTRY] !== 0 ||
      sums[at + REALIZED] !== 0 ||
      sums[at + OTHER] !== 0
    );
  }

  private addSides(maker: ItemSide, taker: ItemSide): boolean {
    const { touched } = this;
    const makerAt = this.entryOf(maker.accountId);
    if (this.addSide(makerAt, maker)) {
      if (this.addSide(this.entryOf(taker.accountId), taker)) return true;
      this.takeBack(makerAt, maker);
    }
    this.forgetFrom(touched);
    return false;
  }

  private addSide(index: number, side: ItemSide): boolean {
    const { sums } = this;
    const at = index * SUMS;
    const lots = (sums[at] as number) + side.deltaLots;
    const entry = (sums[at + ENTRY] as number) + side.deltaEntryTickLots;
    const realized = (sums[at + REALIZED] as number) + side.realizedMicroUsd;
    const other = (sums[at + OTHER] as number) - side.feeMicroUsd;
    if (!isExact(lots) || !isExact(entry) || !isExact(realized) || !isExact(other)) return false;
    sums[at] = lots;
    sums[at + ENTRY] = entry;
    sums[at + REALIZED] = realized;
    sums[at + OTHER] = other;
    return true;
  }

  /** Exact, because the sums before and after were. */
  private takeBack(index: number, side: ItemSide): void {
    const { sums } = this;
    const at = index * SUMS;
    sums[at] = (sums[at] as number) - side.deltaLots;
    sums[at + ENTRY] = (sums[at + ENTRY] as number) - side.deltaEntryTickLots;
    sums[at + REALIZED] = (sums[at + REALIZED] as number) - side.realizedMicroUsd;
    sums[at + OTHER] = (sums[at + OTHER] as number) + side.feeMicroUsd;
  }

  /** Newest first, so that nobody who came later is behind a gap that is left in the table. */
  private forgetFrom(touched: number): void {
    while (this.touched > touched) {
      const index = --this.touched;
      const at = this.placeOf(this.accounts[index] as number);
      this.table[at] = 0;
      this.table[at + 1] = 0;
      this.sums.fill(0, index * SUMS, (index + 1) * SUMS);
    }
  }

  /** Where the account is in the table, or would be. */
  private placeOf(accountId: number): number {
    const { table } = this;
    const mask = table.length - 1;
    let at = ((Math.imul(accountId, HASH_FACTOR) >>> 7) * 2) & mask;
    while (table[at] !== accountId && table[at + 1] !== 0) at = (at + 2) & mask;
    return at;
  }

  private entryOf(accountId: number): number {
    let at = this.placeOf(accountId);
    const known = this.table[at + 1] as number;
    if (known !== 0) return known - 1;
    if (this.touched === this.capacity) {
      this.grow();
      at = this.placeOf(accountId);
    }
    const index = this.touched++;
    this.accounts[index] = accountId;
    this.table[at] = accountId;
    this.table[at + 1] = index + 1;
    return index;
  }

  private grow(): void {
    this.capacity *= 2;
    this.accounts = copied(this.accounts, new Int32Array(this.capacity));
    this.sums = copied(this.sums, new Float64Array(this.capacity * SUMS));
    this.table = new Int32Array(this.capacity * 4);
    for (let index = 0; index < this.touched; index++) {
      const accountId = this.accounts[index] as number;
      const at = this.placeOf(accountId);
      this.table[at] = accountId;
      this.table[at + 1] = index + 1;
    }
  }
}

function copied<Values extends Int32Array | Float64Array>(from: Values, to: Values): Values {
  to.set(from);
  return to;
}

function isExact(value: number): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER;
}
