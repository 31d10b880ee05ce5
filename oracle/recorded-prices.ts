import { asPriceTicks, PPM_ONE, type PriceTicks } from '../engine/units/units.js';

/** Prices of one market that look alive: the same seed and beginning give the same prices on every machine. */
export interface RecordedMarket {
  /** Where the walk is drawn back to, in ticks. */
  referenceTicks: PriceTicks;
  /** Where it begins: the reference, or the last price before a restart. */
  startTicks: PriceTicks;
  ticksMax: PriceTicks;
}

/** Time between two prices of the recording. */
export const RECORDED_INTERVAL_MS = 250;

/** Parts of a tick that the walk keeps, so that it also moves where a tick is coarse. */
const PARTS = 1024;
/** Each of the four random parts of a step, at most: together about 35 ppm, some 60 % a year. */
const STEP_PPM = 30;
/** A step takes back this part of the distance to the reference: the walk strays from it by about one percent. */
const PULL_DIVISOR = 200_000;

/**
 * A recording that is made while it plays: a random walk in integers with a pull to its reference price. It stands in for
 * a price source where there is none, for trying things out.
 */
export class RecordedPrices {
  private readonly market: RecordedMarket;
  private price: number;
  private state: number;

  constructor(seed: number, market: RecordedMarket) {
    this.market = market;
    this.price = market.startTicks * PARTS;
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) | 0 || 1;
  }

  /** The next price in ticks. */
  next(): PriceTicks {
    const { referenceTicks, ticksMax } = this.market;
    let stepPpm = 0;
    for (let i = 0; i < 4; i++) stepPpm += (this.random() % (2 * STEP_PPM + 1)) - STEP_PPM;
    const away = this.price / (referenceTicks * PARTS) - 1;
    stepPpm -= Math.trunc((away * PPM_ONE) / PULL_DIVISOR);
    // price × step stays below 2^31 × 2^10 × 2^12.
    this.price += Math.trunc((this.price / PPM_ONE) * stepPpm);
    this.price = Math.min(ticksMax * PARTS, Math.max(PARTS, this.price));
    return asPriceTicks(Math.round(this.price / PARTS));
  }

  /** Xorshift, 0 … 2^32 − 1. */
  private random(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return x >>> 0;
  }
}
