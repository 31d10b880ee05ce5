import type { ItemSide, MarketItem } from '../packs/pack-types.js';
import type { BatchEntry, BatchSection } from '../program/batch.js';
import type { TickLotWorth } from './pack-check.js';

const FIRST_CAPACITY = 1_024;
/** Spreads neighbouring account ids over the table. */
const HASH_FACTOR = 0x9e3779b1;

/**
 * Sums of one market over a window, an entry an account, in flat arrays: a window may have a million fills. Sums are doubles, and exact:
 * what would leave ±2^53 is not added, and the window ends there.
 */
export class MarketNet {
  readonly slot: number;
  readonly marketId: number;
  /** Accounts that were touched; those in which nothing has changed are left out later. */
  touched = 0;
  /** Fills and transfers. */
  items = 0;
  payments = 0;
  private readonly microUsdPerTickLot: number;
  private feesMicroUsd = 0;
  private insuranceMicroUsd = 0;
  private realizedMicroUsd = 0;
  private grossLots = 0;
  private minPriceTicks = 0;
  private maxPriceTicks = 0;

  private capacity = FIRST_CAPACITY;
  /** Open addressing: 1 + index of the entry; 0: free. Twice the capacity, so at most half is taken. */
  private table = new Int32Array(FIRST_CAPACITY * 2);
  private accounts = new Int32Array(FIRST_CAPACITY);
  private lots = new Float64Array(FIRST_CAPACITY);
  private entryTickLots = new Float64Array(FIRST_CAPACITY);
  private realized = new Float64Array(FIRST_CAPACITY);
  private other = new Float64Array(FIRST_CAPACITY);

  constructor(marketId: number, slot: number, worth: TickLotWorth) {
    this.marketId = marketId;
    this.slot = slot;
    this.microUsdPerTickLot = worth.numerator / worth.denominator;
  }

  /** How many accounts would be new with these two. */
  newAccounts(first: number, second: number): number {
    const newFirst = this.find(first) < 0 ? 1 : 0;
    return second === first || this.find(second) >= 0 ? newFirst : newFirst + 1;
  }

  /** In micro-USD, as a double: for a limit, not for an account. */
  notionalOf({ priceTicks, qtyLots }: MarketItem): number {
    return priceTicks * qtyLots * this.microUsdPerTickLot;
  }

  /** False: a sum would not be exact any more, and nothing was added. */
  addItem(item: MarketItem): boolean {
    const { maker, taker, priceTicks } = item;
    const fees = this.feesMicroUsd + maker.feeMicroUsd + taker.feeMicroUsd;
    const realized = this.realizedMicroUsd + maker.realizedMicroUsd + taker.realizedMicroUsd;
    const gross = this.grossLots + item.qtyLots;
    if (!isExact(fees) || !isExact(realized) || !isExact(gross)) return false;
    const makerAt = this.indexOf(maker.accountId);
    if (!this.addSide(makerAt, maker)) return false;
    if (!this.addSide(this.indexOf(taker.accountId), taker)) {
      this.takeBack(makerAt, maker);
      return false;
    }
    this.feesMicroUsd = fees;
    this.realizedMicroUsd = realized;
    this.grossLots = gross;
    if (this.items === 0 || priceTicks < this.minPriceTicks) this.minPriceTicks = priceTicks;
    if (priceTicks > this.maxPriceTicks) this.maxPriceTicks = priceTicks;
    this.items++;
    return true;
  }

  /** From the account to the market's insurance fund. False as with `addItem`. */
  addPayment(accountId: number, paymentMicroUsd: number): boolean {
    const index = this.indexOf(accountId);
    const insurance = this.insuranceMicroUsd + paymentMicroUsd;
    const other = (this.other[index] as number) - paymentMicroUsd;
    if (!isExact(insurance) || !isExact(other)) return false;
    this.insuranceMicroUsd = insurance;
    this.other[index] = other;
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
    return {
      accountId: this.accounts[index] as number,
      deltaLots: BigInt(this.lots[index] as number),
      deltaEntryTickLots: BigInt(this.entryTickLots[index] as number),
      realizedMicroUsd: BigInt(this.realized[index] as number),
      otherMicroUsd: BigInt(this.other[index] as number),
    };
  }

  private isChanged(index: number): boolean {
    return (
      this.lots[index] !== 0 ||
      this.entryTickLots[index] !== 0 ||
      this.realized[index] !== 0 ||
      this.other[index] !== 0
    );
  }

  private addSide(index: number, side: ItemSide): boolean {
    const lots = (this.lots[index] as number) + side.deltaLots;
    const entry = (this.entryTickLots[index] as number) + side.deltaEntryTickLots;
    const realized = (this.realized[index] as number) + side.realizedMicroUsd;
    const other = (this.other[index] as number) - side.feeMicroUsd;
    if (!isExact(lots) || !isExact(entry) || !isExact(realized) || !isExact(other)) return false;
    this.lots[index] = lots;
    this.entryTickLots[index] = entry;
    this.realized[index] = realized;
    this.other[index] = other;
    return true;
  }

  /** Exact, because the sums before and after were. */
  private takeBack(index: number, side: ItemSide): void {
    this.lots[index] = (this.lots[index] as number) - side.deltaLots;
    this.entryTickLots[index] = (this.entryTickLots[index] as number) - side.deltaEntryTickLots;
    this.realized[index] = (this.realized[index] as number) - side.realizedMicroUsd;
    this.other[index] = (this.other[index] as number) + side.feeMicroUsd;
  }

  private find(accountId: number): number {
    const { table } = this;
    const mask = table.length - 1;
    for (let at = Math.imul(accountId, HASH_FACTOR) >>> 7; ; at++) {
      const index = (table[at & mask] as number) - 1;
      if (index < 0 || this.accounts[index] === accountId) return index;
    }
  }

  private indexOf(accountId: number): number {
    const known = this.find(accountId);
    if (known >= 0) return known;
    if (this.touched === this.capacity) this.grow();
    const index = this.touched++;
    this.accounts[index] = accountId;
    this.place(index);
    return index;
  }

  private place(index: number): void {
    const { table } = this;
    const mask = table.length - 1;
    let at = Math.imul(this.accounts[index] as number, HASH_FACTOR) >>> 7;
    while (table[at & mask] !== 0) at++;
    table[at & mask] = index + 1;
  }

  private grow(): void {
    this.capacity *= 2;
    this.accounts = copied(this.accounts, new Int32Array(this.capacity));
    this.lots = copied(this.lots, new Float64Array(this.capacity));
    this.entryTickLots = copied(this.entryTickLots, new Float64Array(this.capacity));
    this.realized = copied(this.realized, new Float64Array(this.capacity));
    this.other = copied(this.other, new Float64Array(this.capacity));
    this.table = new Int32Array(this.capacity * 2);
    for (let index = 0; index < this.touched; index++) this.place(index);
  }
}

function copied<Values extends Int32Array | Float64Array>(from: Values, to: Values): Values {
  to.set(from);
  return to;
}

function isExact(value: number): boolean {
  return value <= Number.MAX_SAFE_INTEGER && value >= -Number.MAX_SAFE_INTEGER;
}
