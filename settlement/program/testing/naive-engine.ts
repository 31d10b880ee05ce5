import type { BatchEntry, BatchSection } from '../batch.js';

interface Position {
  lots: bigint;
  entry: bigint;
}

/**
 * Trading in its simplest form, with the exchange's own rounding: what a close takes of the entry value is rounded up, profit down. It
 * only serves to make batches such as real trading leaves.
 */
export class NaiveEngine {
  private readonly numerator: bigint;
  private readonly denominator: bigint;
  private readonly positions = new Map<string, Position>();
  private sections = new Map<number, BatchSection>();

  /** Micro-USD a tick·lot, of all markets. */
  constructor(numerator = 1n, denominator = 1n) {
    this.numerator = numerator;
    this.denominator = denominator;
  }

  /** `lots` above zero: the taker buys. Fees in micro-USD. */
  trade(
    slot: number,
    taker: number,
    maker: number,
    lots: bigint,
    price: number,
    fees = [3n, 1n],
  ): void {
    const section = this.section(slot);
    this.side(section, taker, lots, price, fees[0]!);
    this.side(section, maker, -lots, price, fees[1]!);
    section.grossLots += abs(lots);
    section.fills++;
    section.minPriceTicks =
      section.minPriceTicks === 0 ? price : Math.min(section.minPriceTicks, price);
    section.maxPriceTicks = Math.max(section.maxPriceTicks, price);
  }

  /** Long positions pay `ppm` of their value, short ones receive it; dust goes to insurance. */
  funding(slot: number, ppm: bigint, price: number): void {
    const section = this.section(slot);
    for (const [key, { lots }] of this.positions) {
      const [ofSlot, accountId] = key.split(':').map(Number) as [number, number];
      if (ofSlot !== slot || lots === 0n) continue;
      const value = lots * BigInt(price) * ppm * this.numerator;
      const payment = divCeil(value, 1_000_000n * this.denominator);
      entryOf(section, accountId).otherMicroUsd -= payment;
      section.insuranceMicroUsd += payment;
    }
  }

  /** All since the last call, as the sections of a batch. */
  takeSections(): BatchSection[] {
    const sections = [...this.sections.values()].sort((a, b) => a.slot - b.slot);
    for (const { entries } of sections) entries.sort((a, b) => a.accountId - b.accountId);
    this.sections = new Map();
    return sections;
  }

  private side(
    section: BatchSection,
    accountId: number,
    lots: bigint,
    price: number,
    fee: bigint,
  ): void {
    const key = `${section.slot}:${accountId}`;
    const before = this.positions.get(key) ?? { lots: 0n, entry: 0n };
    const isClosing = before.lots !== 0n && before.lots > 0n !== lots > 0n;
    const closed = isClosing ? min(abs(lots), abs(before.lots)) : 0n;
    const share = closed === 0n ? 0n : divCeil(before.entry * closed, abs(before.lots));
    const closedSigned = before.lots > 0n ? closed : -closed;
    const profit = closedSigned * BigInt(price) - share;
    const realized = divFloor(profit * this.numerator, this.denominator);
    const opened = lots + closedSigned;
    const after = {
      lots: before.lots + lots,
      entry: before.entry - share + opened * BigInt(price),
    };
    this.positions.set(key, after);
    const entry = entryOf(section, accountId);
    entry.deltaLots += lots;
    entry.deltaEntryTickLots += after.entry - before.entry;
    entry.realizedMicroUsd += realized;
    entry.otherMicroUsd -= fee;
    section.clearingMicroUsd -= realized;
    section.feesMicroUsd += fee;
  }

  private section(slot: number): BatchSection {
    const found = this.sections.get(slot);
    if (found !== undefined) return found;
    const section = emptySection(slot);
    this.sections.set(slot, section);
    return section;
  }
}

export function emptySection(slot: number): BatchSection {
  return {
    slot,
    feesMicroUsd: 0n,
    insuranceMicroUsd: 0n,
    clearingMicroUsd: 0n,
    grossLots: 0n,
    minPriceTicks: 0,
    maxPriceTicks: 0,
    fills: 0,
    entries: [],
  };
}

function entryOf(section: BatchSection, accountId: number): BatchEntry {
  const found = section.entries.find((entry) => entry.accountId === accountId);
  if (found !== undefined) return found;
  const entry = {
    accountId,
    deltaLots: 0n,
    deltaEntryTickLots: 0n,
    realizedMicroUsd: 0n,
    otherMicroUsd: 0n,
  };
  section.entries.push(entry);
  return entry;
}

function divFloor(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return value % divisor < 0n ? quotient - 1n : quotient;
}

function divCeil(value: bigint, divisor: bigint): bigint {
  return -divFloor(-value, divisor);
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
