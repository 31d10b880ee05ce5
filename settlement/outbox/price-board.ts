import type { Bus } from '../bus/bus.js';
import { encodePack } from '../packs/pack-codec.js';
import { pricesSubject } from '../packs/subjects.js';
import { headOf } from './bus-head.js';
import type { MarketPrice } from './item-sink.js';

/** A market's price goes out at most so often. */
const PRICE_EVERY_MS = 1_000;
/** So often it is looked whether the bus still has a price that no other one has followed. */
const LOOK_AGAIN_MS = 10_000;

interface Quote {
  newest: MarketPrice;
  isNew: boolean;
  isUnderWay: boolean;
  sentMs: number;
  /** What the bus has already, from before; undefined: it was not asked. */
  knownSequence: number | undefined;
}

/**
 * The newest price of each market, published now and then. Nothing waits for it: what is lost is replaced by the next one, or, where none
 * comes, sent again. Without it batches of the market could not be settled.
 */
export class PriceBoard {
  lastError: Error | null = null;
  private readonly bus: Bus;
  private readonly shardId: number;
  private readonly quotes = new Map<number, Quote>();

  constructor(bus: Bus, shardId: number) {
    this.bus = bus;
    this.shardId = shardId;
  }

  note(price: MarketPrice): void {
    const quote = this.quotes.get(price.marketId);
    if (quote === undefined) {
      const sentMs = Number.NEGATIVE_INFINITY;
      const made = { newest: price, isNew: true, isUnderWay: false, sentMs };
      this.quotes.set(price.marketId, { ...made, knownSequence: undefined });
    } else {
      quote.newest = price;
      quote.isNew = true;
    }
  }

  /** Begins to publish what is due. */
  publish(nowMs: number): void {
    for (const quote of this.quotes.values()) {
      const everyMs = quote.isNew ? PRICE_EVERY_MS : LOOK_AGAIN_MS;
      if (quote.isUnderWay || nowMs - quote.sentMs < everyMs) continue;
      if (!quote.isNew) quote.knownSequence = undefined;
      quote.isUnderWay = true;
      quote.isNew = false;
      quote.sentMs = nowMs;
      this.send(quote)
        .catch((error: Error) => {
          this.lastError = error;
          quote.isNew = true;
        })
        .finally(() => {
          quote.isUnderWay = false;
        });
    }
  }

  /** Nothing is published that is older than what the bus has: a journal may be told again from its beginning. */
  private async send(quote: Quote): Promise<void> {
    const price = quote.newest;
    const subject = pricesSubject(price.marketId);
    quote.knownSequence ??= (await headOf(this.bus, subject))?.lastSequence ?? 0;
    if (price.sequence <= quote.knownSequence) return;
    const data = encodePack({ kind: 'price', shardId: this.shardId, ...price });
    await this.bus.publish(subject, data, `${subject}:${price.sequence}`);
  }
}
