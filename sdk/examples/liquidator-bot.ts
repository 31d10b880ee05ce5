import type { PlimsollClient } from '../client.js';
import { type Auction, auctionPrice } from '../liquidations.js';
import { type Instrument, RequestError } from '../requests.js';

export interface LiquidatorOptions {
  /** By default all that the exchange has. */
  markets?: readonly string[];
  /** Takes over when the auction's price is this share of the mark better than the mark. */
  wantedDiscount?: number;
  /** What its position in a market may be worth at most. */
  positionMaxUsd?: number;
  /** Gives up this share of the mark, at most, to be rid of what it has taken over. */
  unwindDistance?: number;
  /** How often it looks at what it knows. */
  lookEveryMs?: number;
  /** Hears what it does, a sentence each. */
  say?: (sentence: string) => void;
}

const DEFAULTS = {
  wantedDiscount: 0.01,
  positionMaxUsd: 100_000,
  unwindDistance: 0.002,
  lookEveryMs: 200,
  say: () => {},
};
/** An order to unwind stays as it is until its price should be different by this share. */
const MOVE = 0.0005;
/** After a refusal for want of margin it tries with this share of the quantity, down to a lot. */
const SMALLER = 0.5;

/**
 * A reference liquidator. It knows what every client may know: open auctions, mark prices, its own account. An auction is taken over
 * when its discount has reached the wanted one, as far as the largest position allows, and the position is worked off in the book
 * by one reduce-only limit order near the mark, which follows it. What it earns is discount − unwindDistance; while it waits it
 * carries the market's risk: whoever wants none hedges elsewhere at the moment of the take-over.
 *
 * Its account has to be registered (POST /admin/v1/liquidators). After a lost connection the client resumes all channels, and the
 * next look goes on from what they tell.
 */
export class LiquidatorBot {
  private readonly client: PlimsollClient;
  private readonly options: Required<Omit<LiquidatorOptions, 'markets'>>;
  private readonly instruments: readonly Instrument[];
  private readonly marks = new Map<string, number>();
  /** By market: share of what would be possible that it asks for. */
  private readonly shares = new Map<string, number>();
  private timer: NodeJS.Timeout | null = null;
  private looking: Promise<void> | null = null;

  constructor(client: PlimsollClient, options: LiquidatorOptions = {}) {
    const { markets, ...others } = options;
    this.client = client;
    this.options = { ...DEFAULTS, ...others };
    this.instruments = client.instruments.filter(({ market }) => {
      return markets === undefined || markets.includes(market);
    });
  }

  async start(): Promise<void> {
    const { client } = this;
    for (const type of ['markSnapshot', 'mark']) {
      client.on(type, ({ market, markPrice }: { market: string; markPrice?: string }) => {
        if (markPrice !== undefined) this.marks.set(market, Number(markPrice));
      });
    }
    if (!client.account.valid) await client.subscribe('private');
    for (const { market } of this.instruments) {
      await client.subscribe(`mark.${market}`);
      await client.subscribe(`liquidations.${market}`);
    }
    this.timer = setInterval(() => this.look(), this.options.lookEveryMs);
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.looking;
  }

  /** One look at a time: the next one sees what this one has done. */
  private look(): void {
    if (this.looking !== null || !this.client.connected || !this.client.account.valid) return;
    this.looking = this.lookAtAll().finally(() => {
      this.looking = null;
    });
  }

  private async lookAtAll(): Promise<void> {
    for (const instrument of this.instruments) {
      const mark = this.marks.get(instrument.market) ?? 0;
      if (!(mark > 0)) continue;
      try {
        await this.lookAt(instrument, mark);
      } catch (error) {
        // Lost connection, busy, refused: the next look sees what has become of it.
        if (!(error instanceof RequestError)) this.options.say(String(error));
      }
    }
  }

  private async lookAt(instrument: Instrument, mark: number): Promise<void> {
    const { auctions } = this.client.liquidations(instrument.market);
    if (auctions.size > 0) {
      const timeMs = await this.client.time();
      for (const auction of [...auctions.values()]) {
        await this.bid(instrument, auction, mark, timeMs);
      }
    }
    await this.unwind(instrument, mark);
  }

  private async bid(
    instrument: Instrument,
    auction: Auction,
    mark: number,
    timeMs: number,
  ): Promise<void> {
    const { market, tickSize, lotSize } = instrument;
    const { wantedDiscount } = this.options;
    const { auctionId, side } = auction;
    const sign = side === 'buy' ? 1 : -1;
    const worst = mark * (1 - sign * wantedDiscount);
    const ticks = sign * roundDown(sign * worst, tickSize);
    if (sign * auctionPrice(auction, mark, timeMs) > sign * Number(toText(ticks, tickSize))) return;
    const lots = roundDown(this.qtyFor(instrument, auction, sign, mark), lotSize);
    if (lots < 1) return;
    const qty = toText(lots, lotSize);
    const price = toText(ticks, tickSize);
    try {
      const got = await this.client.takeOver({ market, auctionId, side, qty, price });
      this.shares.delete(market);
      this.options.say(`took over: ${side} ${got.qty} ${market} at ${got.price}, mark ${mark}`);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.options.say(`no take-over of ${qty} ${market}: ${error.message}`);
      if (error.code === 'insufficient_margin') {
        this.shares.set(market, (this.shares.get(market) ?? 1) * SMALLER);
      }
    }
  }

  /** What it may take of the auction without more of a position than it wants. */
  private qtyFor({ market }: Instrument, auction: Auction, sign: number, mark: number): number {
    const room = this.options.positionMaxUsd / mark - sign * this.position(market);
    return Math.min(Number(auction.qty), room) * (this.shares.get(market) ?? 1);
  }

  private async unwind(instrument: Instrument, mark: number): Promise<void> {
    const { market, tickSize } = instrument;
    const position = this.position(market);
    // Without a position there is no order either: the exchange has canceled it, for it is reduce-only.
    if (position === 0) return;
    const order = [...this.client.account.orders.values()].find((open) => open.market === market);
    const side = position > 0 ? 'sell' : 'buy';
    const distance = this.options.unwindDistance * (position > 0 ? -1 : 1);
    const wanted = mark * (1 + distance);
    const price = toText(Math.round(wanted / Number(tickSize)), tickSize);
    const qty = String(this.client.account.positions.get(market)?.position).replace('-', '');
    const isNear = Math.abs(Number(order?.price) - wanted) < mark * MOVE;
    if (order !== undefined && isNear && Number(order.remaining) === Math.abs(position)) return;
    const terms = { market, side, price, qty, reduceOnly: true } as const;
    if (order === undefined) await this.client.place(terms);
    else await this.client.replace({ ...terms, targetOrderId: order.orderId });
  }

  private position(market: string): number {
    return Number(this.client.account.positions.get(market)?.position ?? 0);
  }
}

/** Whole steps in a value; what is less than a billionth of a step short of one counts as one. */
function roundDown(value: number, step: string): number {
  return Math.floor(value / Number(step) + 1e-9);
}

function toText(steps: number, step: string): string {
  return (steps * Number(step)).toFixed(step.split('.')[1]?.length ?? 0);
}
