import {
  type MarginTerms,
  NO_MARGIN_TERMS,
  putMarginTerms,
  takeMarginTerms,
} from '../market/margin-terms.js';
import type { MarketActor } from '../market/market-actor.js';
import {
  type MarketParams,
  PARAM_WORDS,
  readMarketParams,
  writeMarketParams,
} from '../market/market-params.js';
import {
  PRICING_WORDS,
  type PricingParams,
  readPricingParams,
  writePricingParams,
} from '../market/pricing-params.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import type { ShardCore } from './shard-core.js';

/** Version of the snapshot's content; no other one is read. */
const SNAPSHOT_VERSION = 13;
/** The same for a shard among others: the routing's state stands before the markets. */
const SPREAD_SNAPSHOT_VERSION = 14;

/**
 * Version, sequence, time, epoch, fee rates; markets in the order of their listing (id, parameters, pricing, margin), then of each the state (with client
 * references); then the margin actor's trading and delivery state.
 */
export function writeShardSnapshot(core: ShardCore, writer: CanonicalWriter): void {
  writer.put(core.routing === null ? SNAPSHOT_VERSION : SPREAD_SNAPSHOT_VERSION);
  writer.put(core.sequence);
  writer.put(core.timeMs);
  writer.put(core.epoch);
  for (const rates of [core.fees.makerPpm, core.fees.takerPpm]) {
    for (const rate of rates) writer.put(rate);
  }
  core.routing?.writeState(writer);
  writer.put(core.markets.length);
  const words = new Int32Array(PARAM_WORDS);
  const floats = new Float64Array(words.buffer);
  for (const market of core.markets) {
    writer.put(market.marketId);
    writeMarketParams(words, floats, 0, market.params);
    for (const word of words) writer.put(word);
    writeSettings(market, writer);
  }
  for (const market of core.markets) market.writeCanonical(writer, true);
  core.home.writeTradingState(writer);
  core.home.writeDeliveryState(writer);
}

export function readShardSnapshot(core: ShardCore, reader: CanonicalReader): void {
  const version = reader.take();
  const expected = core.routing === null ? SNAPSHOT_VERSION : SPREAD_SNAPSHOT_VERSION;
  if (version !== expected) {
    throw new RangeError(
      `snapshot version ${version} is not ${expected}, which this release reads here`,
    );
  }
  core.sequence = reader.take();
  core.timeMs = reader.take();
  core.epoch = reader.take();
  for (const rates of [core.fees.makerPpm, core.fees.takerPpm]) {
    for (let tier = 0; tier < rates.length; tier++) rates[tier] = reader.take();
  }
  core.routing?.readState(reader);
  const count = reader.take();
  const words = new Int32Array(PARAM_WORDS);
  const floats = new Float64Array(words.buffer);
  const hosted = new Map<number, MarketParams>();
  const pricings = new Map<number, PricingParams>();
  const margins = new Map<number, MarginTerms>();
  for (let i = 0; i < count; i++) {
    const id = reader.take();
    for (let k = 0; k < PARAM_WORDS; k++) words[k] = reader.take();
    hosted.set(id, readMarketParams(words, floats, 0));
    pricings.set(id, readPricing(reader));
    margins.set(id, takeMarginTerms(reader));
  }
  // The margin actor numbers its markets in the order in which it came to know them, wherever they are.
  for (const id of core.routing?.known ?? hosted.keys()) {
    const params = hosted.get(id);
    if (params !== undefined) core.openMarket(id, params);
    else core.home.onMarketListed(id, core.routing?.paramsElsewhere(id) as MarketParams);
    const terms = margins.get(id) ?? core.routing?.marginTermsElsewhere(id) ?? NO_MARGIN_TERMS;
    core.home.onMarginTerms(id, terms);
  }
  for (const market of core.markets) {
    market.marginTerms = margins.get(market.marketId) as MarginTerms;
    market.readCanonical(reader, pricings.get(market.marketId) as PricingParams);
  }
  core.home.readTradingState(reader);
  core.home.readDeliveryState(reader);
}

/** How a market finds mark price and funding, then its margin tiers and caps: both as in their messages. */
export function writeSettings(market: MarketActor, writer: CanonicalWriter): void {
  const floats = new Float64Array(PRICING_WORDS / 2);
  writePricingParams(floats, 0, market.pricing.params);
  for (const value of floats) writer.put(value);
  putMarginTerms(writer, market.marginTerms);
}

function readPricing(reader: CanonicalReader): PricingParams {
  const floats = new Float64Array(PRICING_WORDS / 2);
  for (let i = 0; i < floats.length; i++) floats[i] = reader.take();
  return readPricingParams(floats, 0);
}
