import type { Attempt } from '../../settlement/chain/attempt.js';
import type { MarketListed } from '../../settlement/packs/pack-types.js';
import {
  DEFAULT_EXCHANGE_LIMITS,
  DEFAULT_MARKET_LIMITS,
  type MarketTerms,
} from '../../settlement/program/terms.js';
import type {
  BatchOnItsWay,
  ChainDoor,
  ChainExchange,
  ChainOutcome,
  ChainPurpose,
  DepositScan,
  SignedWithdrawal,
  TransferOnItsWay,
  WithdrawalFate,
} from '../../settlement/service/chain-door.js';
import type { LedgerBook } from '../../settlement/service/ledger-book.js';
import { termsOf } from '../../settlement/service/program-chain.js';
import type { Calls } from './calls.js';
import type { Apply, SimulatedChain } from './simulated-chain.js';

export interface DoorOptions {
  readonly chain: SimulatedChain;
  readonly calls: Calls;
  readonly owner: string;
  readonly book: LedgerBook;
  readonly operator: string;
  /** Batches are looked at as they are confirmed; otherwise, and money always, as they are final. */
  readonly readsConfirmed: boolean;
  /** 0 … below the limit. */
  readonly below: (limit: number) => number;
}

/** How often it is asked what became of a transaction. */
const LOOKS = 14;
const EVENTS_AT_ONCE = 4;

/**
 * The chain's door over the simulated chain. It sends as the real sender does: an attempt is in the ledger before it goes out, and no
 * second one goes out while the first may still land.
 */
export class SimulatedChainDoor implements ChainDoor {
  private readonly options: DoorOptions;

  constructor(options: DoorOptions) {
    this.options = options;
  }

  exchange(): Promise<ChainExchange> {
    return this.ask(({ tip, finalized }) => {
      const state = this.options.readsConfirmed ? tip : finalized;
      const { lastSequence, lastHash, isHalted } = state;
      return { lastSequence, lastHash, status: isHalted ? 'halted' : 'active' };
    });
  }

  slots(): Promise<{ marketId: number; slot: number }[]> {
    return this.ask(({ finalized }) =>
      finalized.marketIds.map((marketId, slot) => ({ marketId, slot })),
    );
  }

  async addMarket(listing: MarketListed): Promise<number> {
    const terms = simulatedTerms(listing);
    for (;;) {
      const slot = await this.ask(({ finalized }) => finalized.marketIds.indexOf(listing.marketId));
      if (slot >= 0) return slot;
      const name = { purpose: 'addMarket', reference: listing.marketId, part: 0 } as const;
      await this.mustSend(name, (state) => state.addMarket(terms));
    }
  }

  async addRows(accounts: readonly { accountId: number; owner: Uint8Array }[]): Promise<void> {
    const rows = await this.ask(({ finalized }) => finalized.twin.accounts());
    const missing = accounts.filter(({ accountId }) => !rows.includes(accountId));
    const [first] = missing;
    if (first === undefined) return;
    const name = { purpose: 'createAccounts', reference: first.accountId, part: 0 } as const;
    await this.mustSend(name, (state) => {
      for (const { accountId, owner } of missing) state.addRow(accountId, owner);
      return null;
    });
    return this.addRows(accounts);
  }

  settle(batch: BatchOnItsWay): Promise<ChainOutcome> {
    const name = { purpose: 'settleBatch', reference: batch.sequence, part: 0 } as const;
    return this.send(name, (state, nowSeconds) => state.settle(batch, nowSeconds));
  }

  async payInto(
    to: { accountId: number } | { slot: number },
    microUsd: bigint,
    purpose: ChainPurpose,
  ): Promise<void> {
    const { book, operator } = this.options;
    if (book.isDone(purpose)) return;
    await this.mustSend(purpose, (state, _now, signature) => {
      if ('slot' in to) return state.fundInsurance(to.slot, microUsd);
      return state.deposit(signature, to.accountId, Number(microUsd), operator);
    });
  }

  /** What a fork may take back is not done: it is looked at as it is final. */
  async transfer(transfer: TransferOnItsWay): Promise<ChainOutcome> {
    const { fromAccountId, number } = transfer;
    const isDone = () =>
      this.ask(({ finalized }) => (finalized.transfers.get(fromAccountId) ?? 0) >= number);
    if (await isDone()) return { kind: 'done' };
    const name = { purpose: 'transfer', reference: fromAccountId, part: number } as const;
    const outcome = await this.send(name, (state) => state.transfer(transfer));
    if (outcome.kind !== 'done' || (await isDone())) return outcome;
    return { kind: 'notYet', sentence: 'not final' };
  }

  async payOut(withdrawal: SignedWithdrawal): Promise<ChainOutcome> {
    const fate = await this.fateOf(withdrawal);
    if (fate === 'paid') return { kind: 'done' };
    if (fate !== 'open') return { kind: 'refused', sentence: fate };
    const { accountId, nonce } = withdrawal;
    const name = { purpose: 'withdraw', reference: accountId, part: nonce } as const;
    return this.send(name, (state, nowSeconds) => state.withdraw(withdrawal, nowSeconds));
  }

  fateOf({ accountId, nonce, expirySeconds }: SignedWithdrawal): Promise<WithdrawalFate> {
    return this.ask(({ finalized, finalizedSeconds }) => {
      const used = finalized.nonces.get(accountId) ?? 0;
      if (used === nonce) return 'paid';
      if (used > nonce) return 'passed';
      return finalizedSeconds > expirySeconds ? 'expired' : 'open';
    });
  }

  /** Owners ask the exchange here, and never the chain itself. */
  async forcedRequests(): Promise<[]> {
    return [];
  }

  async forcedGoneSlot(): Promise<null> {
    return null;
  }

  async serveForced(): Promise<ChainOutcome> {
    return { kind: 'refused', sentence: 'nobody has asked' };
  }

  async reduceForced(): Promise<ChainOutcome> {
    return { kind: 'refused', sentence: 'nobody has asked' };
  }

  async freezeDelaySeconds(): Promise<number> {
    return Number(DEFAULT_EXCHANGE_LIMITS.freezeDelaySeconds);
  }

  /** Some at a time, and some of them again, as after a scan whose end was not written down. */
  deposits(cursor: string | null): Promise<DepositScan> {
    return this.ask(({ finalized, hasFaults }) => {
      const since = Number(cursor ?? 0);
      const from = hasFaults ? Math.max(0, since - this.options.below(3)) : since;
      const found = finalized.deposits.slice(from, since + EVENTS_AT_ONCE);
      const deposits = found.map((event) => ({ ...event, eventIndex: 0, chainSlot: 1 }));
      const next = Math.min(finalized.deposits.length, since + EVENTS_AT_ONCE);
      const completeToSlot = next === finalized.deposits.length ? 1 : null;
      return { deposits, served: [], cursor: String(next), completeToSlot };
    });
  }

  /** Nobody looks whether they have landed: newer ones follow. */
  async tellPrices(prices: readonly { marketId: number; indexTicks: number }[]): Promise<void> {
    if (prices.length === 0) return;
    await this.ask((chain) => {
      const apply: Apply = (state, nowSeconds) => {
        for (const { marketId, indexTicks } of prices) {
          state.postPrice(marketId, BigInt(indexTicks), nowSeconds);
        }
        return null;
      };
      const lastValidHeight = chain.height + 4;
      chain.submit({ signature: chain.newSignature(), lastValidHeight, apply });
    });
  }

  private async mustSend(name: ChainPurpose, apply: Apply): Promise<void> {
    const outcome = await this.send(name, apply);
    if (outcome.kind !== 'done') throw new Error(`${name.purpose}: ${outcome.sentence}`);
  }

  private async send(name: ChainPurpose, apply: Apply): Promise<ChainOutcome> {
    const { book, below } = this.options;
    for (const earlier of book.openAttempts(name)) {
      const outcome = await this.follow(name, earlier);
      if (outcome !== 'expired') return outcome;
    }
    const refusal = await this.ask((chain) => chain.simulate(apply));
    if (refusal !== null) return { kind: 'refused', sentence: refusal };
    const attempt = await this.ask((chain) => {
      return newAttempt(chain.newSignature(), chain.height + 3 + below(6));
    });
    book.note(name, attempt);
    const { signature, lastValidBlockHeight: lastValidHeight } = attempt;
    try {
      await this.ask((chain) => chain.submit({ signature, lastValidHeight, apply }));
    } catch {
      // It may have arrived all the same.
    }
    const outcome = await this.follow(name, attempt);
    return outcome === 'expired' ? { kind: 'notYet', sentence: 'it has expired' } : outcome;
  }

  private async follow(name: ChainPurpose, attempt: Attempt): Promise<ChainOutcome | 'expired'> {
    const { book, readsConfirmed } = this.options;
    const { signature, lastValidBlockHeight } = attempt;
    const isEnough = readsConfirmed && name.purpose === 'settleBatch';
    for (let look = 0; look < LOOKS; look++) {
      const fate = await this.ask((chain) =>
        chain.fateOf(signature, lastValidBlockHeight, isEnough),
      );
      if (fate.kind === 'open') continue;
      if (fate.kind === 'expired') {
        book.note(name, { ...attempt, result: 'expired' });
        return 'expired';
      }
      const { height: slot, error } = fate;
      book.note(name, { ...attempt, slot, result: error === null ? 'executed' : 'failed' });
      return error === null ? { kind: 'done' } : { kind: 'refused', sentence: error };
    }
    return { kind: 'notYet', sentence: 'it is not known what became of it' };
  }

  private ask<Answer>(question: (chain: SimulatedChain) => Answer): Promise<Answer> {
    const { calls, owner, chain, below } = this.options;
    return calls.call(owner, () => {
      if (chain.isDown) throw new Error('the simulated chain cannot be reached');
      const answer = question(chain);
      if (chain.hasFaults && below(100) < 2) throw new Error('the answer of the chain was lost');
      return answer;
    });
  }
}

function newAttempt(signature: string, lastValidBlockHeight: number): Attempt {
  return {
    number: 1,
    signature,
    blockhash: `blockhash-${lastValidBlockHeight}`,
    lastValidBlockHeight,
    computeUnitLimit: 0,
    priorityFeeMicroLamports: 0,
    wire: null,
    result: 'sending',
    slot: null,
    error: null,
    details: null,
  };
}

/**
 * Wider than the defaults: in the simulation a price moves within minutes as far as elsewhere in days, funding is paid as often, and
 * bankruptcy prices lie anywhere. What the limits refuse is looked at by the program's own tests.
 */
function simulatedTerms(listing: MarketListed): MarketTerms {
  const limits = { ...DEFAULT_MARKET_LIMITS, bandPpm: 100_000_000, jumpPpm: 1_000_000_000 };
  const widest = { ...limits, paymentCapPpm: 10 ** 12, feeCapPpm: 1_000_000 };
  return { ...termsOf(listing, new Uint8Array(32)), limits: widest };
}
