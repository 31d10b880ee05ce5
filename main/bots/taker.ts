import type { PlimsollClient } from '../../sdk/client.js';
import type { Instrument } from '../../sdk/requests.js';
import { Steps } from './price-steps.js';

const PAUSE_MS_MIN = 200;
const PAUSE_MS_MAX = 1_500;
const USD_MIN = 20;
const USD_MAX = 1_000;

/** Buys and sells a little now and then, so that there are trades to see; turns back when its position grows. */
export class Taker {
  private readonly client: PlimsollClient;
  private readonly instruments: readonly Instrument[];
  private timer: NodeJS.Timeout | null = null;
  private stopped = false;

  constructor(client: PlimsollClient, instruments: readonly Instrument[]) {
    this.client = client;
    this.instruments = instruments;
  }

  async start(): Promise<void> {
    for (const { market } of this.instruments) await this.client.subscribe(`book.${market}`);
    this.plan();
  }

  stop(): void {
    this.stopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private plan(): void {
    if (this.stopped) return;
    const pauseMs = between(PAUSE_MS_MIN, PAUSE_MS_MAX) / this.instruments.length;
    this.timer = setTimeout(() => {
      // Whatever was refused: the next one may fit.
      this.trade()
        .catch(() => {})
        .finally(() => this.plan());
    }, pauseMs);
  }

  private async trade(): Promise<void> {
    const index = Math.floor(Math.random() * this.instruments.length);
    const instrument = this.instruments[index] as Instrument;
    const { market } = instrument;
    const best = Number(this.client.book(market).bids[0]?.[0] ?? 0);
    if (!(best > 0) || !this.client.connected) return;
    const position = Number(this.client.account.positions.get(market)?.position ?? 0);
    // The more it has of one side, the likelier is the other.
    const lean = Math.max(-0.4, Math.min(0.4, (position * best) / 50_000));
    const side = Math.random() < 0.5 - lean ? 'buy' : 'sell';
    const lots = new Steps(instrument.lotSize);
    const qty = lots.text(Math.max(1, lots.count(between(USD_MIN, USD_MAX) / best)));
    await this.client.place({ market, side, qty, orderType: 'market', timeInForce: 'ioc' });
  }
}

function between(least: number, most: number): number {
  return least + Math.random() * (most - least);
}
