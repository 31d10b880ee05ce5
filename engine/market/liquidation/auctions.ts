import { assert } from '../../assert.js';
import { SIDE_BUY } from '../../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../../state/canonical-writer.js';
import { mulDivCeil, mulDivFloor } from '../../units/mul-div.js';
import {
  asPriceTicks,
  asQtyLots,
  asTimeMs,
  PPM_ONE,
  type PriceTicks,
  type QtyLots,
  type TimeMs,
} from '../../units/units.js';
import { AUCTION_MS, DISCOUNT_MAX_PPM } from './liquidation-rules.js';

/** A position that liquidators may take over. */
export interface Auction {
  id: number;
  account: number;
  /** Of who takes over: a buy for a long position. */
  side: number;
  /** Lots that are left. */
  lots: QtyLots;
  startMs: TimeMs;
  /** Never beyond it: the account keeps what is left, and owes nothing. */
  bankruptcyTicks: PriceTicks;
}

export function endOf(auction: Auction): TimeMs {
  return asTimeMs(auction.startMs + AUCTION_MS);
}

/**
 * A Dutch auction: mark × (1 − discount) for a long position, mark × (1 + discount) for a short one, where the discount grows evenly from 0 to
 * its maximum; rounded for the account that is liquidated, and never beyond its bankruptcy price. The mark is that of now.
 * Source: the form of Maker's and Drift's liquidation auctions.
 */
export function auctionPriceTicks(
  auction: Auction,
  markTicks: PriceTicks,
  priceTicksMax: PriceTicks,
  nowMs: number,
): PriceTicks {
  const elapsed = Math.min(nowMs - auction.startMs, AUCTION_MS);
  const discountPpm = Math.floor((DISCOUNT_MAX_PPM * elapsed) / AUCTION_MS);
  const { bankruptcyTicks } = auction;
  if (auction.side === SIDE_BUY) {
    const price = mulDivCeil(markTicks, PPM_ONE - discountPpm, PPM_ONE);
    return asPriceTicks(Math.max(price, bankruptcyTicks, 1));
  }
  const price = mulDivFloor(markTicks, PPM_ONE + discountPpm, PPM_ONE);
  return asPriceTicks(Math.min(price, bankruptcyTicks, priceTicksMax));
}

/** The open auctions of one market, oldest first, at most one for an account. */
export class Auctions {
  private readonly byId = new Map<number, Auction>();
  private readonly byAccount = new Map<number, Auction>();
  private lastId = 0;

  get all(): readonly Auction[] {
    return [...this.byId.values()];
  }

  find(id: number): Auction | null {
    return this.byId.get(id) ?? null;
  }

  ofAccount(account: number): Auction | null {
    return this.byAccount.get(account) ?? null;
  }

  open(terms: Omit<Auction, 'id'>): Auction {
    this.lastId++;
    const auction = { ...terms, id: this.lastId };
    this.add(auction);
    return auction;
  }

  remove({ id, account }: Auction): void {
    this.byId.delete(id);
    this.byAccount.delete(account);
  }

  /** Those whose time is over, oldest first. They stay. */
  ended(nowMs: number): Auction[] {
    const found: Auction[] = [];
    for (const auction of this.byId.values()) {
      if (endOf(auction) > nowMs) break;
      found.push(auction);
    }
    return found;
  }

  /** All have the same length, so the oldest ends first. */
  nextEndMs(): number {
    for (const auction of this.byId.values()) return endOf(auction);
    return Number.POSITIVE_INFINITY;
  }

  writeState(writer: CanonicalWriter): void {
    writer.put(this.lastId);
    writer.put(this.byId.size);
    for (const { id, account, side, lots, startMs, bankruptcyTicks } of this.byId.values()) {
      for (const value of [id, account, side, lots, startMs, bankruptcyTicks]) writer.put(value);
    }
  }

  readState(reader: CanonicalReader): void {
    this.lastId = reader.take();
    for (let left = reader.take(); left > 0; left--) {
      const id = reader.take();
      const account = reader.take();
      const side = reader.take();
      const lots = asQtyLots(reader.take());
      const startMs = asTimeMs(reader.take());
      const bankruptcyTicks = asPriceTicks(reader.take());
      this.add({ id, account, side, lots, startMs, bankruptcyTicks });
    }
  }

  private add(auction: Auction): void {
    assert(!this.byAccount.has(auction.account), 'an account has one auction in a market');
    this.byId.set(auction.id, auction);
    this.byAccount.set(auction.account, auction);
  }
}
