import { expect } from 'vitest';
import type { AccountItem, ItemSide, MarketItem, MarketListed } from '../../packs/pack-types.js';
import type { ItemSink } from '../item-sink.js';

interface MarketBook {
  clearing: number;
  fees: number;
  insurance: number;
  trades: number;
  lots: Map<number, number>;
  entries: Map<number, number>;
  /** The last one. */
  listing: MarketListed | null;
}

/** What settlement would have, item by item: the table "which event moves what", and nothing else. */
export class Books implements ItemSink {
  readonly collateral = new Map<number, number>();
  readonly accounts = new Map<number, Uint8Array | null>();
  readonly markets = new Map<number, MarketBook>();
  /** Deposits − withdrawals. */
  outside = 0n;
  /** How many items of each kind there were. */
  readonly counts = new Map<string, number>();

  marketItem(marketId: number, _sequence: number, item: MarketItem): void {
    const market = this.market(marketId);
    const { maker, taker, kind, qtyLots, takerSide } = item;
    this.count(kind);
    expect(maker.deltaLots + taker.deltaLots).toBe(0);
    expect(taker.deltaLots).toBe(takerSide === 0 ? qtyLots : -qtyLots);
    if (kind === 'fill') expect(item.tradeSequence).toBe(++market.trades);
    this.side(market, maker);
    this.side(market, taker);
    this.checkDust(market, item);
  }

  accountItem(item: AccountItem): void {
    this.count(item.kind);
    switch (item.kind) {
      case 'accountCreated':
        expect(this.accounts.has(item.accountId)).toBe(false);
        this.accounts.set(item.accountId, item.publicKey);
        break;
      case 'marketListed':
        this.market(item.marketId).listing = item;
        break;
      case 'balance':
        this.move(item.accountId, item.changeMicroUsd);
        this.outside += BigInt(item.changeMicroUsd);
        break;
      case 'transfer':
        this.move(item.accountId, -item.amountMicroUsd);
        this.move(item.toAccountId, item.amountMicroUsd);
        break;
      case 'insuranceFunded':
        this.market(item.marketId).insurance += item.changeMicroUsd;
        this.outside += BigInt(item.changeMicroUsd);
        break;
      default:
        this.move(item.accountId, -item.paymentMicroUsd);
        this.market(item.marketId).insurance += item.paymentMicroUsd;
    }
  }

  price(): void {
    this.count('price');
  }

  epoch(): void {}

  market(marketId: number): MarketBook {
    const known = this.markets.get(marketId);
    if (known !== undefined) return known;
    const [lots, entries] = [new Map<number, number>(), new Map<number, number>()];
    const listing = null;
    const made = { clearing: 0, fees: 0, insurance: 0, trades: 0, lots, entries, listing };
    this.markets.set(marketId, made);
    return made;
  }

  /** Σ collateral + clearing + fees + insurance − (deposits − withdrawals): zero always. */
  difference(): bigint {
    let sum = -this.outside;
    for (const collateral of this.collateral.values()) sum += BigInt(collateral);
    for (const { clearing, fees, insurance } of this.markets.values()) {
      sum += BigInt(clearing + fees + insurance);
    }
    return sum;
  }

  private side(market: MarketBook, side: ItemSide): void {
    const { accountId, deltaLots, deltaEntryTickLots, realizedMicroUsd, feeMicroUsd } = side;
    this.move(accountId, realizedMicroUsd - feeMicroUsd);
    market.clearing -= realizedMicroUsd;
    market.fees += feeMicroUsd;
    market.lots.set(accountId, (market.lots.get(accountId) ?? 0) + deltaLots);
    market.entries.set(accountId, (market.entries.get(accountId) ?? 0) + deltaEntryTickLots);
  }

  /** What an item leaves in the clearing account is never negative, and less than a micro-USD for each closing side. */
  private checkDust({ listing }: MarketBook, { maker, taker }: MarketItem): void {
    // Over a bus, fills may come before the listing.
    if (listing === null) return;
    const denominator = BigInt(listing.microUsdDenominator);
    const realized = BigInt(maker.realizedMicroUsd) + BigInt(taker.realizedMicroUsd);
    const entry = BigInt(maker.deltaEntryTickLots) + BigInt(taker.deltaEntryTickLots);
    const dust = entry * BigInt(listing.microUsdNumerator) - realized * denominator;
    if (dust < 0n || dust >= 2n * denominator) {
      throw new Error(`an item leaves ${dust} of ${denominator} parts of a micro-USD`);
    }
  }

  private move(accountId: number, changeMicroUsd: number): void {
    this.collateral.set(accountId, (this.collateral.get(accountId) ?? 0) + changeMicroUsd);
  }

  private count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1);
  }
}
