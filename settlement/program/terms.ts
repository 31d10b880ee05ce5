import type { PublicKey } from '@solana/web3.js';
import type { ByteWriter } from './byte-writer.js';
import { ProgramInputError } from './program-error.js';

/** Limits of the whole exchange, as the chain holds them. */
export interface ExchangeLimits {
  batchNotionalCapMicroUsd: bigint;
  /** Fees that may be swept in 24 hours. */
  sweepCapMicroUsd: bigint;
  forcedMinimumMicroUsd: bigint;
  /** 60 s to 30 days; the time lock is not shorter than the freeze delay. */
  freezeDelaySeconds: bigint;
  timeLockSeconds: bigint;
}

/** Limits of a market; what each means: programs/plimsoll/src/state/limits.rs and programs/README.md. */
export interface MarketLimits {
  notionalCapMicroUsd: bigint;
  bandPpm: number;
  catchUpPpm: number;
  jumpPpm: number;
  feeCapPpm: number;
  paymentCapPpm: number;
  paymentWindowSeconds: number;
  maxPriceAgeSeconds: number;
  maxConfidencePpm: number;
  averageSeconds: number;
}

export interface MarginTier {
  floorMicroUsd: bigint;
  initialPpm: number;
  maintenancePpm: number;
}

/** Terms of a new market. */
export interface MarketTerms {
  engineMarketId: number;
  /** 16 bytes of UTF-8 at most. */
  symbol: string;
  /** Pyth's feed id, 32 bytes. */
  feedId: Uint8Array;
  /** Micro-USD a tick·lot, in lowest terms. */
  microUsdNumerator: bigint;
  microUsdDenominator: bigint;
  /** A tick is mantissa × 10^exponent US dollars. */
  tickMantissa: bigint;
  tickExponent: number;
  tiers: readonly MarginTier[];
  limits: MarketLimits;
}

/** A change that the administrator may propose. */
export type Change =
  | { kind: 'operator' | 'coSigner' | 'admin' | 'feeDestination'; key: PublicKey }
  | { kind: 'limits'; limits: ExchangeLimits }
  | { kind: 'marketLimits'; slot: number; limits: MarketLimits }
  | { kind: 'marketTiers'; slot: number; tiers: readonly MarginTier[] };

/** Limits with which a small exchange can start; programs/README.md has the reasons. */
export const DEFAULT_MARKET_LIMITS: MarketLimits = {
  notionalCapMicroUsd: 100_000_000_000_000n,
  bandPpm: 200_000,
  catchUpPpm: 100_000,
  jumpPpm: 500_000,
  feeCapPpm: 100_000,
  paymentCapPpm: 100_000,
  paymentWindowSeconds: 3_600,
  maxPriceAgeSeconds: 60,
  maxConfidencePpm: 20_000,
  averageSeconds: 3_600,
};

export const DEFAULT_EXCHANGE_LIMITS: ExchangeLimits = {
  batchNotionalCapMicroUsd: 200_000_000_000_000n,
  sweepCapMicroUsd: 1_000_000_000_000n,
  forcedMinimumMicroUsd: 1_000_000n,
  freezeDelaySeconds: 86_400n,
  timeLockSeconds: 172_800n,
};

export function writeExchangeLimits(writer: ByteWriter, limits: ExchangeLimits): void {
  writer.u64(limits.batchNotionalCapMicroUsd);
  writer.u64(limits.sweepCapMicroUsd);
  writer.u64(limits.forcedMinimumMicroUsd);
  writer.i64(limits.freezeDelaySeconds);
  writer.i64(limits.timeLockSeconds);
}

export function writeMarketTerms(writer: ByteWriter, terms: MarketTerms): void {
  writer.u16(terms.engineMarketId);
  const symbol = new TextEncoder().encode(terms.symbol);
  if (symbol.length > 16)
    throw new ProgramInputError('symbol', `must have 16 bytes at most: ${terms.symbol}`);
  const padded = new Uint8Array(16);
  padded.set(symbol);
  writer.raw(padded);
  if (terms.feedId.length !== 32) {
    throw new ProgramInputError('feedId', `must have 32 bytes, not ${terms.feedId.length}`);
  }
  writer.raw(terms.feedId);
  writer.u64(terms.microUsdNumerator);
  writer.u64(terms.microUsdDenominator);
  writer.u64(terms.tickMantissa);
  writer.i32(terms.tickExponent);
  writeTiers(writer, terms.tiers);
  writeMarketLimits(writer, terms.limits);
}

export function writeChange(writer: ByteWriter, change: Change): void {
  const kinds = [
    'operator',
    'coSigner',
    'admin',
    'feeDestination',
    'limits',
    'marketLimits',
    'marketTiers',
  ];
  writer.u8(kinds.indexOf(change.kind));
  if (change.kind === 'limits') {
    writeExchangeLimits(writer, change.limits);
  } else if (change.kind === 'marketLimits') {
    writer.u8(change.slot);
    writeMarketLimits(writer, change.limits);
  } else if (change.kind === 'marketTiers') {
    writer.u8(change.slot);
    writeTiers(writer, change.tiers);
  } else {
    writer.raw(change.key.toBytes());
  }
}

function writeMarketLimits(writer: ByteWriter, limits: MarketLimits): void {
  writer.u64(limits.notionalCapMicroUsd);
  writer.u32(limits.bandPpm);
  writer.u32(limits.catchUpPpm);
  writer.u32(limits.jumpPpm);
  writer.u32(limits.feeCapPpm);
  writer.u32(limits.paymentCapPpm);
  writer.u32(limits.paymentWindowSeconds);
  writer.u32(limits.maxPriceAgeSeconds);
  writer.u32(limits.maxConfidencePpm);
  writer.u32(limits.averageSeconds);
}

function writeTiers(writer: ByteWriter, tiers: readonly MarginTier[]): void {
  writer.u32(tiers.length);
  for (const tier of tiers) {
    writer.u64(tier.floorMicroUsd);
    writer.u32(tier.initialPpm);
    writer.u32(tier.maintenancePpm);
  }
}
