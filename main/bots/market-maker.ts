import type { PlimsollClient } from '../../sdk/client.js';
import type { BatchRequest, Instrument } from '../../sdk/requests.js';
import { Steps } from './price-steps.js';

const LEVELS = 5;
const QUOTE_MS = 250;
/** Distance of the best quotes from the mark, and of each further level, as shares of it. */
const HALF_SPREAD = 0.0003;
const LEVEL_STEP = 0.0002;
/** The quotes are moved when the mark has moved by this share of itself. */
const MOVE = 0.0001;
/** Value of the best level in USD; each further one has as much more. */
const LEVEL_USD = 2_000;
/** A position worth this much shifts the quotes by one half-spread, against itself. */
const SKEW_USD = 50_000;

/** Quotes both sides of one market around its mark price, and leans against the position that it gets. */
export class MarketMaker {
  private readonly client: PlimsollClient;
  private readonly market: string;
  private readonly ticks: Steps;
  private readonly lots: Steps;
  private markPrice = 0;
  private quotedAt = 0;
  private quoting = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(client: PlimsollClient, instrument: Instrument) {
    this.client = client;
    this.market = instrument.market;
    this.ticks = new Steps(instrument.tickSize);
    this.lots = new Steps(instrument.lotSize);
  }

  async start(): Promise<void> {
    for (const type of ['markSnapshot', 'mark']) {
      this.client.on(type, ({ market, markPrice }: { market: string; markPrice: string }) => {
        if (market === this.market) this.markPrice = Number(markPrice);
      });
    }
    await this.client.subscribe(`mark.${this.market}`);
    this.timer = setInterval(() => void this.quote(), QUOTE_MS);
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  private async quote(): Promise<void> {
    const mark = this.markPrice;
    if (this.quoting || !(mark > 0) || !this.client.connected) return;
    const moved = Math.abs(mark - this.quotedAt) > mark * MOVE;
    if (!moved && this.openOrders() === 2 * LEVELS) return;
    this.quoting = true;
    try {
      // One batch is one step of the book: nobody sees it without our quotes.
      await this.client.batch(this.quotes(mark));
      this.quotedAt = mark;
    } catch {
      // Lost connection, busy, or rate limit: the next turn tries again.
    } finally {
      this.quoting = false;
    }
  }

  private quotes(mark: number): BatchRequest[] {
    const { market, ticks, lots } = this;
    const position = Number(this.client.account.positions.get(market)?.position ?? 0);
    const skew = Math.max(-3, Math.min(3, (position * mark) / SKEW_USD)) * HALF_SPREAD;
    const requests: BatchRequest[] = [{ op: 'cancelAll', market }];
    for (let level = 0; level < LEVELS; level++) {
      const distance = HALF_SPREAD + level * LEVEL_STEP;
      const qty = lots.text(Math.max(1, lots.count((LEVEL_USD * (level + 1)) / mark)));
      for (const side of ['buy', 'sell'] as const) {
        const sign = side === 'buy' ? -1 : 1;
        const price = ticks.text(ticks.count(mark * (1 - skew + sign * distance)));
        requests.push({ op: 'place', market, side, price, qty, postOnly: 'slide' });
      }
    }
    return requests;
  }

  private openOrders(): number {
    let count = 0;
    for (const { market } of this.client.account.orders.values()) {
      if (market === this.market) count++;
    }
    return count;
  }
}
