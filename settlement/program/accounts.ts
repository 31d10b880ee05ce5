import { PublicKey } from '@solana/web3.js';
import { PAGE_ROWS } from './addresses.js';
import { ByteReader } from './byte-reader.js';
import { discriminator, startsWith } from './discriminator.js';
import { ProgramInputError } from './program-error.js';
import { PAGE_BYTES, PAGE_HEADER_BYTES, ROW_BYTES } from './sizes.js';
import type { ExchangeLimits, MarginTier, MarketLimits } from './terms.js';

export type ExchangeStatus = 'active' | 'paused' | 'halted' | 'frozen';
const statuses: readonly ExchangeStatus[] = ['active', 'paused', 'halted', 'frozen'];

/** The exchange's account, as of when it was read. Money in micro-USD, times in unix seconds. */
export interface ExchangeState {
  operator: PublicKey;
  coSigner: PublicKey;
  admin: PublicKey;
  mint: PublicKey;
  vault: PublicKey;
  feeDestination: PublicKey;
  founder: PublicKey;
  lastHash: Uint8Array;
  previousHash: Uint8Array;
  lastSequence: bigint;
  lastBatchAtSeconds: bigint;
  /** Sum over all rows. */
  collateralMicroUsd: bigint;
  depositedMicroUsd: bigint;
  withdrawnMicroUsd: bigint;
  limits: ExchangeLimits;
  sweepWindowStartSeconds: bigint;
  sweptInWindowMicroUsd: bigint;
  frozenAtSeconds: bigint;
  exitClaimsMicroUsd: bigint;
  exitAssetsMicroUsd: bigint;
  talliedRows: bigint;
  pageCount: number;
  changeCount: number;
  marketCount: number;
  exitPrices: number;
  isTallied: boolean;
  status: ExchangeStatus;
}

/** A market's account. */
export interface MarketState {
  exchange: PublicKey;
  feedId: Uint8Array;
  symbol: string;
  microUsdNumerator: bigint;
  microUsdDenominator: bigint;
  tickMantissa: bigint;
  tickExponent: number;
  tiers: MarginTier[];
  limits: MarketLimits;
  feesMicroUsd: bigint;
  insuranceMicroUsd: bigint;
  clearingMicroUsd: bigint;
  entrySumTickLots: bigint;
  longLots: bigint;
  averageMicroTicks: bigint;
  averageAtSeconds: bigint;
  lastPriceTicks: bigint;
  lastPublishTimeSeconds: bigint;
  paymentsWindowStartSeconds: bigint;
  paymentsInWindowMicroUsd: bigint;
  /** Most that can have been open in a batch with trades, of a window that began then. */
  peakOpenLots: bigint;
  peakSinceSeconds: bigint;
  /** 0: not fixed. */
  exitPriceTicks: bigint;
  openFromSeconds: bigint;
  engineMarketId: number;
  slot: number;
}

/** A user's row. */
export interface UserRow {
  accountId: number;
  owner: PublicKey;
  collateralMicroUsd: bigint;
  depositedMicroUsd: bigint;
  withdrawnMicroUsd: bigint;
  nonce: bigint;
  nonceTag: Uint8Array;
  hasEscaped: boolean;
  /** Positions that are not zero, by slot. */
  positions: { slot: number; lots: bigint; entryTickLots: bigint }[];
}

/** A stage's header. */
export interface StageState {
  exchange: PublicKey;
  hash: Uint8Array;
  sequence: bigint;
  /** Numbers of the chunks that have come. */
  written: number[];
  length: number;
  capacity: number;
  index: number;
  isFilling: boolean;
}

export interface ForcedState {
  exchange: PublicKey;
  owner: PublicKey;
  destination: PublicKey;
  amountMicroUsd: bigint;
  requestedAtSeconds: bigint;
  accountId: number;
}

/** All decoders throw `ProgramInputError` when the bytes are not such an account. */
export function decodeExchange(data: Uint8Array): ExchangeState {
  const reader = open(data, 'Exchange');
  const keys = Array.from({ length: 7 }, () => key(reader)) as PublicKeys;
  const [operator, coSigner, admin, mint, vault, feeDestination, founder] = keys;
  const state = {
    ...{ operator, coSigner, admin, mint, vault, feeDestination, founder },
    lastHash: reader.raw(32),
    previousHash: reader.raw(32),
    lastSequence: reader.u64(),
    lastBatchAtSeconds: reader.i64(),
    collateralMicroUsd: reader.i64(),
    depositedMicroUsd: reader.u64(),
    withdrawnMicroUsd: reader.u64(),
    limits: {
      batchNotionalCapMicroUsd: reader.u64(),
      sweepCapMicroUsd: reader.u64(),
      forcedMinimumMicroUsd: reader.u64(),
      freezeDelaySeconds: reader.i64(),
      timeLockSeconds: reader.i64(),
    },
    sweepWindowStartSeconds: reader.i64(),
    sweptInWindowMicroUsd: reader.u64(),
    frozenAtSeconds: reader.i64(),
    exitClaimsMicroUsd: reader.u64(),
    exitAssetsMicroUsd: reader.u64(),
    talliedRows: reader.u64(),
    pageCount: reader.u32(),
    changeCount: reader.u32(),
    marketCount: reader.u8(),
    exitPrices: reader.u8(),
    isTallied: reader.u8() === 1,
    status: statuses[reader.u8()] as ExchangeStatus,
  };
  reader.skip(4);
  reader.end();
  return state;
}

export function decodeMarket(data: Uint8Array): MarketState {
  const reader = open(data, 'Market');
  const head = {
    exchange: key(reader),
    feedId: reader.raw(32),
    symbol: new TextDecoder().decode(reader.raw(16)).replace(/\0+$/, ''),
    microUsdNumerator: reader.u64(),
    microUsdDenominator: reader.u64(),
    tickMantissa: reader.u64(),
  };
  const notionalCapMicroUsd = reader.u64();
  const floors = Array.from({ length: 8 }, () => reader.u64());
  const initial = Array.from({ length: 8 }, () => reader.u32());
  const maintenance = Array.from({ length: 8 }, () => reader.u32());
  const purses = {
    feesMicroUsd: reader.i64(),
    insuranceMicroUsd: reader.i64(),
    clearingMicroUsd: reader.i64(),
    entrySumTickLots: reader.i64(),
    longLots: reader.u64(),
    averageMicroTicks: reader.u64(),
    averageAtSeconds: reader.i64(),
    lastPriceTicks: reader.u64(),
    lastPublishTimeSeconds: reader.i64(),
    paymentsWindowStartSeconds: reader.i64(),
    paymentsInWindowMicroUsd: reader.u64(),
    peakOpenLots: reader.u64(),
    peakSinceSeconds: reader.i64(),
    exitPriceTicks: reader.u64(),
    openFromSeconds: reader.i64(),
    tickExponent: reader.i32(),
  };
  const limits = { notionalCapMicroUsd, ...readRates(reader) };
  const engineMarketId = reader.u16();
  const slot = reader.u8();
  const tiers = floors.slice(0, reader.u8()).map((floorMicroUsd, index) => {
    const [initialPpm, maintenancePpm] = [initial[index] ?? 0, maintenance[index] ?? 0];
    return { floorMicroUsd, initialPpm, maintenancePpm };
  });
  reader.skip(4);
  reader.end();
  return { ...head, ...purses, limits, tiers, engineMarketId, slot };
}

/** Number and exchange of a page. */
export function decodePageHeader(data: Uint8Array): { exchange: PublicKey; number: number } {
  const reader = open(data, 'Page');
  return { exchange: key(reader), number: reader.u32() };
}

/** The row of an account on its page; null when nobody has it. */
export function decodeRow(page: Uint8Array, accountId: number): UserRow | null {
  const { number } = decodePageHeader(page);
  if (page.length !== PAGE_BYTES) throw new ProgramInputError('page', `${number} is not grown yet`);
  if (Math.floor(accountId / PAGE_ROWS) !== number) {
    throw new ProgramInputError('accountId', `${accountId} is not on page ${number}`);
  }
  const start = PAGE_HEADER_BYTES + (accountId % PAGE_ROWS) * ROW_BYTES;
  const bytes = page.subarray(start, start + ROW_BYTES);
  const IS_TAKEN_AT = 75;
  if (bytes[IS_TAKEN_AT] !== 1) return null;
  const reader = new ByteReader(bytes, 'row');
  const row = {
    accountId,
    owner: key(reader),
    collateralMicroUsd: reader.i64(),
    depositedMicroUsd: reader.u64(),
    withdrawnMicroUsd: reader.u64(),
    nonce: reader.u64(),
    nonceTag: reader.raw(8),
  };
  reader.skip(2);
  const hasEscaped = reader.u8() === 1;
  reader.skip(5);
  const positions = Array.from({ length: 16 }, (_, slot) => {
    return { slot, lots: reader.i64(), entryTickLots: reader.i64() };
  });
  return { ...row, hasEscaped, positions: positions.filter(({ lots }) => lots !== 0n) };
}

/** All rows of a page that somebody has, by account. */
export function decodeRows(page: Uint8Array): UserRow[] {
  const first = decodePageHeader(page).number * PAGE_ROWS;
  const rows: UserRow[] = [];
  for (let index = 0; index < PAGE_ROWS; index++) {
    const row = decodeRow(page, first + index);
    if (row !== null) rows.push(row);
  }
  return rows;
}

export function decodeStage(data: Uint8Array): StageState {
  const reader = open(data, 'Stage');
  const head = { exchange: key(reader), hash: reader.raw(32), sequence: reader.u64() };
  const bits = reader.u64() | (reader.u64() << 64n);
  const written = Array.from({ length: 128 }, (_, chunk) => chunk).filter(
    (chunk) => ((bits >> BigInt(chunk)) & 1n) === 1n,
  );
  const tail = { length: reader.u32(), capacity: reader.u32(), index: reader.u8() };
  return { ...head, written, ...tail, isFilling: reader.u8() === 1 };
}

export function decodeForced(data: Uint8Array): ForcedState {
  const reader = open(data, 'Forced');
  return {
    exchange: key(reader),
    owner: key(reader),
    destination: key(reader),
    amountMicroUsd: reader.u64(),
    requestedAtSeconds: reader.i64(),
    accountId: reader.u32(),
  };
}

/** Number and time of a proposed change. */
export function decodeChange(data: Uint8Array): {
  exchange: PublicKey;
  number: number;
  applyFromSeconds: bigint;
  applyUntilSeconds: bigint;
} {
  const reader = open(data, 'Change');
  return {
    exchange: key(reader),
    number: reader.u32(),
    applyFromSeconds: reader.i64(),
    applyUntilSeconds: reader.i64(),
  };
}

type PublicKeys = [PublicKey, PublicKey, PublicKey, PublicKey, PublicKey, PublicKey, PublicKey];

function readRates(reader: ByteReader): Omit<MarketLimits, 'notionalCapMicroUsd'> {
  return {
    bandPpm: reader.u32(),
    catchUpPpm: reader.u32(),
    jumpPpm: reader.u32(),
    feeCapPpm: reader.u32(),
    paymentCapPpm: reader.u32(),
    paymentWindowSeconds: reader.u32(),
    maxPriceAgeSeconds: reader.u32(),
    maxConfidencePpm: reader.u32(),
    averageSeconds: reader.u32(),
  };
}

function open(data: Uint8Array, name: string): ByteReader {
  if (!startsWith(data, discriminator('account', name))) {
    throw new ProgramInputError('account', `is no ${name} account`);
  }
  const reader = new ByteReader(data, `${name} account`);
  reader.skip(8);
  return reader;
}

function key(reader: ByteReader): PublicKey {
  return new PublicKey(reader.raw(32));
}
