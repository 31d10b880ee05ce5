/** Levels of each side that orders are placed on, one tick apart. */
export const SIDE_LEVELS = 32;
/** Every so many-th new order is an IOC that takes what it finds. */
const TAKER_EVERY = 16;
const FRAMES = 2 * SIDE_LEVELS;

/** Prices one tick apart on both sides of the middle. */
export interface PriceLadder {
  market: string;
  /** Its number, and its symbol at the Binance door. */
  marketId: number;
  binanceSymbol: string;
  middle: number;
  tickSize: number;
  decimals: number;
  qty: string;
}

/** A new order near the middle, then its cancel, and so on; a part of the new orders trades. The same for all doors. */
export class OrderMix {
  /** Of a new order: which prepared frame, and whether it is one of those that take. */
  frame = 0;
  takes = false;
  private readonly openOrders: number[] = [];
  private placed = 0;

  /** An order stays in the book. */
  rests(orderId: number): void {
    this.openOrders.push(orderId);
  }

  /** What comes next: the cancel of the order with this id, or a new order (0). */
  next(): number {
    const orderId = this.openOrders.pop();
    if (orderId !== undefined) return orderId;
    const round = ++this.placed / TAKER_EVERY;
    this.takes = Number.isInteger(round);
    // Seven has no factor in common with the number of frames: all levels and both sides get their turn.
    this.frame = ((this.takes ? round : this.placed) * 7) % FRAMES;
    return 0;
  }
}

/** A frame for each side and level. `write`: side 0 bids; the price in ticks and as its text. */
export function preparedFrames(
  ladder: PriceLadder,
  kind: 'rest' | 'take',
  write: (side: number, priceTicks: number, price: string) => Buffer,
): Buffer[] {
  const { middle, tickSize, decimals } = ladder;
  const middleTicks = Math.round(middle / tickSize);
  const frames: Buffer[] = [];
  for (let level = 1; level <= SIDE_LEVELS; level++) {
    for (const side of [0, 1]) {
      const away = (kind === 'rest' ? level : -level) * (side === 0 ? -1 : 1);
      const price = (middle + away * tickSize).toFixed(decimals);
      frames.push(write(side, middleTicks + away, price));
    }
  }
  return frames;
}
