import { batchHash, decodeBatch, GENESIS_HASH } from '../../settlement/program/batch-codec.js';
import { DEFAULT_EXCHANGE_LIMITS, type MarketTerms } from '../../settlement/program/terms.js';
import { Twin } from '../../settlement/program/testing/twin.js';
import type { BatchOnItsWay, SignedWithdrawal } from '../../settlement/service/chain-door.js';

export interface DepositEvent {
  readonly signature: string;
  readonly accountId: number;
  readonly amountMicroUsd: number;
  readonly depositedTotalMicroUsd: number;
  readonly payer: string;
}

export interface SettledBatch {
  readonly sequence: number;
  readonly hash: Uint8Array;
  readonly bytes: Uint8Array;
}

interface Price {
  readonly ticks: bigint;
  readonly publishSeconds: number;
}

/** How old a price may be, seconds. */
const PRICE_AGE_MAX = 60;

/** The accounts of the program at one block: its naive twin, and in the plainest form what the twin leaves out. Refusals are sentences. */
export class ChainState {
  lastSequence = 0;
  lastHash: Uint8Array = Uint8Array.from(GENESIS_HASH);
  isHalted = false;
  readonly twin: Twin;
  readonly marketIds: number[] = [];
  readonly prices: (Price | undefined)[] = [];
  /** Nonce that was paid last, by account. */
  readonly nonces = new Map<number, number>();
  readonly paidMicroUsd = new Map<number, bigint>();
  readonly depositedMicroUsd = new Map<number, bigint>();
  readonly deposits: DepositEvent[] = [];
  readonly batches: SettledBatch[] = [];
  fundedMicroUsd = 0n;

  constructor(twin = new Twin([], DEFAULT_EXCHANGE_LIMITS.batchNotionalCapMicroUsd)) {
    this.twin = twin;
  }

  clone(): ChainState {
    const copy = new ChainState(this.twin.clone());
    copy.lastSequence = this.lastSequence;
    copy.lastHash = this.lastHash;
    copy.isHalted = this.isHalted;
    copy.fundedMicroUsd = this.fundedMicroUsd;
    copy.marketIds.push(...this.marketIds);
    copy.prices.push(...this.prices);
    copy.deposits.push(...this.deposits);
    copy.batches.push(...this.batches);
    for (const [account, nonce] of this.nonces) copy.nonces.set(account, nonce);
    for (const [account, paid] of this.paidMicroUsd) copy.paidMicroUsd.set(account, paid);
    for (const [account, sum] of this.depositedMicroUsd) copy.depositedMicroUsd.set(account, sum);
    return copy;
  }

  /** Is in its slot already: nothing changes. */
  addMarket(terms: MarketTerms): null {
    if (this.marketIds.includes(terms.engineMarketId)) return null;
    this.marketIds[this.twin.addMarket(terms)] = terms.engineMarketId;
    return null;
  }

  addRow(accountId: number): null {
    if (this.twin.row(accountId) === undefined) this.twin.addUser(accountId);
    return null;
  }

  postPrice(marketId: number, ticks: bigint, nowSeconds: number): null {
    const slot = this.marketIds.indexOf(marketId);
    if (slot >= 0) this.prices[slot] = { ticks, publishSeconds: nowSeconds };
    return null;
  }

  deposit(signature: string, accountId: number, amountMicroUsd: number, payer: string) {
    if (this.twin.row(accountId) === undefined) return 'unknownUser';
    this.twin.deposit(accountId, BigInt(amountMicroUsd));
    const total = (this.depositedMicroUsd.get(accountId) ?? 0n) + BigInt(amountMicroUsd);
    this.depositedMicroUsd.set(accountId, total);
    const depositedTotalMicroUsd = Number(total);
    const event = { signature, accountId, amountMicroUsd, depositedTotalMicroUsd, payer };
    this.deposits.push(event);
    return null;
  }

  fundInsurance(slot: number, amountMicroUsd: bigint): null {
    this.twin.fundInsurance(slot, amountMicroUsd);
    this.fundedMicroUsd += amountMicroUsd;
    return null;
  }

  settle({ sequence, previousHash, bytes }: BatchOnItsWay, nowSeconds: number): string | null {
    if (this.isHalted) return 'halted';
    const hash = batchHash(previousHash, BigInt(sequence), bytes);
    if (sequence === this.lastSequence) {
      // The same again has no effect; another one under the same number stops everything.
      this.isHalted = !equal(hash, this.lastHash);
      return null;
    }
    if (sequence !== this.lastSequence + 1) return 'wrongSequence';
    if (!equal(previousHash, this.lastHash)) return 'wrongPreviousHash';
    const sections = decodeBatch(bytes);
    if (sections.some(({ slot }) => !this.isFresh(slot, nowSeconds))) return 'stalePrice';
    const failure = this.twin.settle(sections, this.ticks(), BigInt(nowSeconds));
    if (failure !== null) return failure;
    this.lastSequence = sequence;
    this.lastHash = hash;
    this.batches.push({ sequence, hash, bytes });
    return null;
  }

  withdraw(withdrawal: SignedWithdrawal, nowSeconds: number): string | null {
    const { accountId, nonce, amountMicroUsd, expirySeconds } = withdrawal;
    if (nonce <= (this.nonces.get(accountId) ?? 0)) return 'nonceUsed';
    if (nowSeconds > expirySeconds) return 'authorisationExpired';
    const { lots } = this.twin.row(accountId);
    const isStale = lots.some((count, slot) => count !== 0n && !this.isFresh(slot, nowSeconds));
    if (isStale) return 'stalePrice';
    const amount = BigInt(amountMicroUsd);
    const failure = this.twin.withdraw(accountId, amount, this.ticks(), BigInt(nowSeconds));
    if (failure !== null) return failure;
    this.nonces.set(accountId, nonce);
    this.paidMicroUsd.set(accountId, (this.paidMicroUsd.get(accountId) ?? 0n) + amount);
    return null;
  }

  private isFresh(slot: number, nowSeconds: number): boolean {
    const price = this.prices[slot];
    return price !== undefined && nowSeconds - price.publishSeconds <= PRICE_AGE_MAX;
  }

  private ticks(): bigint[] {
    return this.marketIds.map((_, slot) => this.prices[slot]?.ticks ?? 0n);
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
