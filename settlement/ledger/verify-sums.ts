import { decodeBatch } from '../program/batch-codec.js';
import type { LedgerSide } from './verify.js';

export interface VerifiedPosition {
  readonly lots: bigint;
  readonly entryTickLots: bigint;
}

export interface VerifiedAccount {
  readonly collateralMicroUsd: bigint;
  /** By market of the engine. */
  readonly positions: ReadonlyMap<number, VerifiedPosition>;
}

export interface VerifiedMarket {
  readonly feesMicroUsd: bigint;
  readonly insuranceMicroUsd: bigint;
  readonly clearingMicroUsd: bigint;
  /** Σ over accounts. */
  readonly entryTickLots: bigint;
}

type Market = { -readonly [Field in keyof VerifiedMarket]: bigint };

interface Account {
  collateralMicroUsd: bigint;
  positions: Map<number, { lots: bigint; entryTickLots: bigint }>;
}

/** What the bytes of batches add up to, with what came from outside. */
export class BatchSums {
  readonly accounts = new Map<number, Account>();
  readonly markets = new Map<number, Market>();
  private readonly marketIdOfSlot: ReadonlyMap<number, number>;

  constructor({ marketIdOfSlot, outside, insuranceFunded, transfers }: LedgerSide) {
    this.marketIdOfSlot = marketIdOfSlot;
    for (const [id, change] of outside) this.account(id).collateralMicroUsd += change;
    for (const { fromAccountId, toAccountId, amountMicroUsd, isInCut } of transfers) {
      if (!isInCut) continue;
      this.account(fromAccountId).collateralMicroUsd -= amountMicroUsd;
      this.account(toAccountId).collateralMicroUsd += amountMicroUsd;
    }
    for (const [id, change] of insuranceFunded) this.market(id).insuranceMicroUsd += change;
  }

  /** Throws what the codec throws when the bytes are no batch. */
  add(bytes: Uint8Array): void {
    for (const section of decodeBatch(bytes)) {
      // A slot that nobody knows shows up as a market below zero, and so as a difference.
      const marketId = this.marketIdOfSlot.get(section.slot) ?? -section.slot - 1;
      const market = this.market(marketId);
      market.feesMicroUsd += section.feesMicroUsd;
      market.insuranceMicroUsd += section.insuranceMicroUsd;
      market.clearingMicroUsd += section.clearingMicroUsd;
      for (const entry of section.entries) {
        const account = this.account(entry.accountId);
        account.collateralMicroUsd += entry.realizedMicroUsd + entry.otherMicroUsd;
        market.entryTickLots += entry.deltaEntryTickLots;
        const none = () => ({ lots: 0n, entryTickLots: 0n });
        const position = found(account.positions, marketId, none);
        position.lots += entry.deltaLots;
        position.entryTickLots += entry.deltaEntryTickLots;
      }
    }
  }

  private account(id: number): Account {
    return found(this.accounts, id, () => ({ collateralMicroUsd: 0n, positions: new Map() }));
  }

  private market(id: number): Market {
    return found(this.markets, id, () => ({
      feesMicroUsd: 0n,
      insuranceMicroUsd: 0n,
      clearingMicroUsd: 0n,
      entryTickLots: 0n,
    }));
  }
}

function found<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
