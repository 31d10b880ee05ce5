import type { BatchSection } from '../program/batch.js';
import { encodeBatch } from '../program/batch-codec.js';
import type { Balances } from './balances.js';
import type { Batches, LedgerBatch } from './batches.js';
import type { Cash } from './cash.js';
import type { Coverage } from './coverage.js';
import type { LedgerDatabase } from './database.js';
import { LedgerStateError } from './errors.js';
import { checkLimits, type NettingWindow, type WindowLimits } from './netting-window.js';
import { Purses } from './purses.js';
import { type FillerParts, WindowFiller } from './window-filler.js';

export interface BuilderParts extends FillerParts {
  readonly database: LedgerDatabase;
  readonly coverage: Coverage;
  readonly balances: Balances;
  readonly batches: Batches;
  readonly cash: Cash;
}

export interface BuildResult {
  /** null: nothing has changed that the chain must know. */
  readonly batch: LedgerBatch | null;
  /** Fills, transfers and payments that were netted, and other items that were passed by. */
  readonly itemsTaken: number;
  /** Something is left that did not fit: build again. */
  readonly isFull: boolean;
  /** Markets without a slot on chain; what is theirs waits. */
  readonly unplacedMarkets: readonly number[];
  /** Markets whose insurance funds would fall below zero; the payments that come next wait until somebody has paid in. */
  readonly shortMarkets: readonly number[];
}

/**
 * Makes the next batch of what was taken in and is in no batch yet, and moves cursors, balances and coverage with it in one transaction:
 * each item is in exactly one batch, whatever happens to the process.
 */
export class BatchBuilder {
  private readonly parts: BuilderParts;

  constructor(parts: BuilderParts) {
    this.parts = parts;
  }

  /** @throws LedgerStateError when limits make no sense, or what cannot be divided is more than a transaction takes. */
  build(limits: WindowLimits): BuildResult {
    checkLimits(limits);
    return this.parts.database.write(() => this.buildWithin(limits));
  }

  private buildWithin(limits: WindowLimits): BuildResult {
    const filler = new WindowFiller(this.parts, limits, this.purses());
    const isFull = filler.fill();
    const sections = filler.window.sections();
    const bytes = sections.length === 0 ? null : encodeBatch(sections);
    const excess = bytes === null ? null : excessOf(filler.window, sections, bytes, limits);
    if (excess !== null) return this.buildLess(limits, filler, excess);
    const batch = bytes === null ? null : this.addBatch(filler, sections, bytes);
    this.move(filler, batch);
    return {
      batch,
      itemsTaken: filler.taken,
      isFull,
      unplacedMarkets: [...filler.unplacedMarkets].sort((a, b) => a - b),
      shortMarkets: filler.shortMarkets(),
    };
  }

  /** Nothing was written yet, so it can be tried again with half of the items. */
  private buildLess(limits: WindowLimits, { window }: WindowFiller, excess: string): BuildResult {
    const items = window.items + window.payments;
    if (items > 1 && limits.itemsMax > 1) {
      const itemsMax = Math.max(1, Math.floor(Math.min(items, limits.itemsMax) / 2));
      return { ...this.buildWithin({ ...limits, itemsMax }), isFull: true };
    }
    throw new LedgerStateError(
      `the next ${items} items, which cannot be divided, make a batch ${excess}; ` +
        'with more money in the insurance funds they can be',
    );
  }

  /** What the chain's funds will have when all batches are settled and everything that was paid in has been paid in there as well. */
  private purses(): Purses {
    const { balances, cash } = this.parts;
    const paidIn = cash.fundedByMarket();
    return new Purses(
      new Map(
        balances.markets().map(({ marketId, insuranceMicroUsd, insuranceFundedMicroUsd }) => {
          const traded = insuranceMicroUsd - insuranceFundedMicroUsd;
          return [marketId, traded + (paidIn.get(marketId) ?? 0n)];
        }),
      ),
    );
  }

  private move(filler: WindowFiller, batch: LedgerBatch | null): void {
    const { streams, coverage, balances, batches } = this.parts;
    balances.addOutside(filler.outside);
    const covering = batch?.sequence ?? batches.newest()?.sequence ?? 0;
    for (const { kind, streamId, nettedItem } of filler.moved) {
      streams.netted(kind, streamId, nettedItem);
      batches.addCut(covering, { kind, streamId, item: nettedItem });
    }
    coverage.record(covering);
  }

  private addBatch(
    { window, oldestItemMs, newestItemMs }: WindowFiller,
    sections: readonly BatchSection[],
    bytes: Uint8Array,
  ): LedgerBatch {
    const { balances, batches, catalogue } = this.parts;
    const { items, payments } = window;
    const batch = batches.add({ bytes, items, payments, oldestItemMs, newestItemMs }, sections);
    const marketIds = new Map(catalogue.markets().map(({ slot, marketId }) => [slot, marketId]));
    balances.addSections(sections, (slot) => marketIds.get(slot) as number);
    return batch;
  }
}

/** By what the batch is more than one transaction takes; null: it fits. */
function excessOf(
  window: NettingWindow,
  sections: readonly BatchSection[],
  bytes: Uint8Array,
  { addressBytesMax, bytesMax, computeUnitsMax }: WindowLimits,
): string | null {
  if (bytes.length > bytesMax) return `of more than ${bytesMax} bytes`;
  if (window.addressBytes() > addressBytesMax) {
    return `whose markets and pages take more than ${addressBytesMax} bytes of its transaction`;
  }
  const units = window.computeUnits(sections, bytes.length);
  if (units > computeUnitsMax) return `of up to ${units} compute units, above ${computeUnitsMax}`;
  return null;
}
