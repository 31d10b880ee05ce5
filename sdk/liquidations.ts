import type { ServerMessage } from './codec.js';

/** A position that may be taken over, with everything from which its price follows. */
export interface Auction {
  auctionId: number;
  /** Of who takes over: a buy for a long position. */
  side: 'buy' | 'sell';
  /** What is left of it. */
  qty: string;
  startTime: number;
  endTime: number;
  maxDiscount: string;
  /** The price never goes beyond it: lower for a buy, higher for a sell. */
  bankruptcyPrice: string;
}

interface AuctionChange extends Auction {
  event: 'opened' | 'taken' | 'ended';
}

/** Open auctions and insurance fund of one market, folded from the channel `liquidations.SYMBOL`. */
export class Liquidations {
  readonly auctions = new Map<number, Auction>();
  insuranceFund = '0';

  apply(message: ServerMessage): void {
    this.insuranceFund = message.insuranceFund as string;
    if (message.type === 'liquidationsSnapshot') {
      this.auctions.clear();
      for (const auction of message.auctions as Auction[]) {
        this.auctions.set(auction.auctionId, auction);
      }
      return;
    }
    for (const { event, ...auction } of message.auctions as AuctionChange[]) {
      if (event === 'ended' || Number(auction.qty) === 0) this.auctions.delete(auction.auctionId);
      else this.auctions.set(auction.auctionId, auction);
    }
  }
}

/** The discount of now, from 0 to its maximum, as a share of the mark price. */
export function auctionDiscount(auction: Auction, timeMs: number): number {
  const { startTime, endTime, maxDiscount } = auction;
  const elapsed = Math.max(0, Math.min(timeMs, endTime) - startTime);
  return (Number(maxDiscount) * elapsed) / (endTime - startTime);
}

/** What the auction asks for at this time and mark price, before it is rounded to a tick for who is liquidated. */
export function auctionPrice(auction: Auction, markPrice: number, timeMs: number): number {
  const discount = auctionDiscount(auction, timeMs);
  const bankruptcy = Number(auction.bankruptcyPrice);
  return auction.side === 'buy'
    ? Math.max(markPrice * (1 - discount), bankruptcy)
    : Math.min(markPrice * (1 + discount), bankruptcy);
}
