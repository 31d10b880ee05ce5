import { FlowRandom } from '../../workload/random.js';

export interface CaptureFixture {
  readonly lines: string[];
  readonly depthUpdates: number;
  readonly trades: number;
  readonly tradedLots: number;
}

const START_MS = 1_700_000_000_000;
const FIRST_UPDATE_ID = 5_000_000_000_000;
const BID = 0;
const ASK = 1;

/**
 * A venue of its own that sends what Binance sends: every change of the book has an update id, a ticker follows
 * whenever the best prices change, trades come at once, and depth updates gather the changes of a while. The
 * snapshot arrives late, in the middle of a depth update, and older updates arrive before it.
 */
export class CaptureVenue {
  private readonly random: FlowRandom;
  private readonly sides = [new Map<number, number>(), new Map<number, number>()] as const;
  private readonly changed = [new Set<number>(), new Set<number>()] as const;
  private updateId = FIRST_UPDATE_ID;
  private sentUpdateId = FIRST_UPDATE_ID;
  private firstOfUpdate = 0;
  private tradeId = 100;
  private timeMs = START_MS;
  private middle = 280_000;
  private ticker = '';
  private readonly lines: string[] = [];
  private depthUpdates = 0;
  private tradedLots = 0;

  constructor(seed: number) {
    this.random = new FlowRandom(seed);
    for (let distance = 1; distance <= 50; distance++) {
      this.sides[BID].set(this.middle - distance, 1 + this.random.below(5000));
      this.sides[ASK].set(this.middle + distance, 1 + this.random.below(5000));
    }
  }

  record(updates: number): CaptureFixture {
    this.sendUpdate();
    this.sendUpdate();
    this.changeSome();
    this.sendSnapshot();
    this.changeSome();
    this.sendUpdate();
    this.depthUpdates = 1;
    while (this.depthUpdates < updates) {
      this.changeSome();
      if (this.random.below(3) === 0) this.trade();
      if (this.random.below(10) === 0) this.sendMarkPrice();
      if (this.random.below(40) === 0) this.sendTrade(this.middle * 2, 3, 'INSURANCE_FUND', true);
      this.middle += this.random.below(3) - 1;
      this.sendUpdate();
    }
    const trades = this.tradeId - 100;
    const { lines, depthUpdates, tradedLots } = this;
    return { lines, depthUpdates, trades, tradedLots };
  }

  private changeSome(): void {
    const count = 1 + this.random.below(6);
    for (let i = 0; i < count; i++) this.change();
  }

  /** A new size somewhere; what it would cross is gone. */
  private change(): void {
    const side = this.random.below(2) as 0 | 1;
    const distance = 1 + this.random.below(30);
    const price = side === BID ? this.middle - distance : this.middle + distance;
    const lots = this.random.below(4) === 0 ? 0 : 1 + this.random.below(5000);
    const other = (side ^ 1) as 0 | 1;
    for (const otherPrice of [...this.sides[other].keys()]) {
      if (side === BID ? otherPrice <= price : otherPrice >= price) this.set(other, otherPrice, 0);
    }
    const isLast = this.sides[side].size === 1 && this.sides[side].has(price);
    if (lots > 0 || !isLast) this.set(side, price, lots);
    this.sendTicker();
  }

  private trade(): void {
    const side = this.random.below(2) as 0 | 1;
    const price = this.best(side);
    const there = this.sides[side].get(price) as number;
    const isWhole = this.random.below(4) === 0 && this.sides[side].size > 1;
    const lots = isWhole ? there : Math.max(1, Math.floor(there / 3));
    this.sendTrade(price, lots, 'MARKET', side === BID);
    this.set(side, price, there - lots);
    this.sendTicker();
  }

  private set(side: 0 | 1, price: number, lots: number): void {
    if (lots === 0) this.sides[side].delete(price);
    else this.sides[side].set(price, lots);
    this.updateId += 1 + this.random.below(3);
    if (this.firstOfUpdate === 0) this.firstOfUpdate = this.updateId;
    this.changed[side].add(price);
  }

  private sendTicker(): void {
    const [bid, ask] = [this.best(BID), this.best(ASK)];
    const b = priceText(bid);
    const a = priceText(ask);
    const B = sizeText(this.sides[BID].get(bid) as number);
    const A = sizeText(this.sides[ASK].get(ask) as number);
    const text = JSON.stringify({ b, B, a, A });
    if (text === this.ticker) return;
    this.ticker = text;
    this.send('bookTicker', { u: this.updateId, b, B, a, A });
  }

  private sendUpdate(): void {
    if (this.firstOfUpdate === 0) this.change();
    const u = this.updateId;
    const levels = (side: 0 | 1) => {
      const prices = [...this.changed[side]];
      this.changed[side].clear();
      return prices.map((price) => [priceText(price), sizeText(this.sides[side].get(price) ?? 0)]);
    };
    const fields = { U: this.firstOfUpdate, u, pu: this.sentUpdateId };
    this.send('depthUpdate', { ...fields, b: levels(BID), a: levels(ASK) });
    this.sentUpdateId = u;
    this.firstOfUpdate = 0;
    this.depthUpdates++;
  }

  private sendSnapshot(): void {
    const levels = (side: 0 | 1) =>
      [...this.sides[side]].map(([price, lots]) => [priceText(price), sizeText(lots)]);
    const fields = { lastUpdateId: this.updateId, E: this.timeMs, T: this.timeMs };
    this.sendLine({ ...fields, bids: levels(BID), asks: levels(ASK) });
  }

  private sendTrade(price: number, lots: number, origin: string, buyerIsMaker: boolean): void {
    const fields = { t: this.tradeId++, p: priceText(price), q: sizeText(lots) };
    this.tradedLots += lots;
    this.send('trade', { ...fields, X: origin, m: buyerIsMaker });
  }

  private sendMarkPrice(): void {
    const price = (this.middle / 10 + 0.12345678).toFixed(8);
    this.send('markPriceUpdate', { p: price, P: price, i: price, r: '0.0001' });
  }

  private send(event: string, fields: object): void {
    const data = { e: event, E: this.timeMs, T: this.timeMs, s: 'BTCUSDT', ...fields };
    this.sendLine({ stream: `btcusdt@${event}`, data });
  }

  private sendLine(message: object): void {
    this.timeMs += this.random.below(50);
    this.lines.push(`${this.timeMs}000 ${JSON.stringify(message)}`);
  }

  private best(side: 0 | 1): number {
    const prices = [...this.sides[side].keys()];
    return side === BID ? Math.max(...prices) : Math.min(...prices);
  }
}

function priceText(ticks: number): string {
  return `${(ticks / 10).toFixed(2)}`;
}

function sizeText(lots: number): string {
  return (lots / 1000).toFixed(3);
}
