import {
  type ForcedRequest,
  forcedKey,
  forcedReturnKey,
  type LedgerForcedRequest,
} from '../ledger/forced-requests.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import { describe } from './batch-rounds.js';
import type { ChainDoor, ForcedOnChain } from './chain-door.js';
import type { ScanReach } from './deposit-rounds.js';
import { EngineMoves } from './engine-moves.js';
import { type ForcedMoney, RefusedByExchangeError } from './exchange-door.js';
import { ForcedWatch } from './forced-watch.js';
import { RetryPace } from './retry-pace.js';
import { stepEach } from './step-each.js';

export interface ForcedRoundsOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  readonly exchange: ForcedMoney;
  /** Reads on what has happened at the vault. */
  readonly scan: () => Promise<ScanReach>;
  readonly now: () => number;
}

/**
 * Serves what owners ask of the chain itself, before anybody may freeze the exchange over it: takes the amount off the collateral in the
 * engine, waits until all that happened before is settled, and lets the chain pay. What cannot be paid is cut on chain as far as the program
 * allows it. As with withdrawals, what the engine has done is believed when the bus shows it.
 */
export class ForcedRounds {
  private readonly options: ForcedRoundsOptions;
  private readonly reserving: EngineMoves;
  private readonly returning: EngineMoves;
  private readonly pace: RetryPace;
  private readonly watch: ForcedWatch;

  constructor(options: ForcedRoundsOptions) {
    const { ledger, chain, now } = options;
    this.options = options;
    this.reserving = new EngineMoves(now);
    this.returning = new EngineMoves(now);
    this.pace = new RetryPace(now);
    this.watch = new ForcedWatch({ ledger, chain, now });
  }

  async round(): Promise<boolean> {
    const { ledger } = this.options;
    try {
      const asked = await this.askChain();
      const refused = this.recordAll(asked).filter(({ state }) => state === 'refused');
      return await stepEach([...ledger.forced.open(), ...refused], (known) => {
        return this.tried(known, asked);
      });
    } finally {
      this.watch.look();
    }
  }

  private async askChain(): Promise<ForcedOnChain[]> {
    try {
      const asked = await this.options.chain.forcedRequests();
      await this.watch.noteAsked(asked);
      return asked;
    } catch (error) {
      this.watch.noteTrouble(error as Error);
      throw error;
    }
  }

  /** What too few endpoints show is not believed, and what they show differently is not written down twice. */
  private recordAll(asked: readonly ForcedOnChain[]): LedgerForcedRequest[] {
    const { forced } = this.options.ledger;
    const recorded = asked
      .filter(({ isAgreed }) => isAgreed)
      .map((request) => forced.record(request));
    return [...new Map(recorded.map((known) => [known.id, known])).values()];
  }

  private async tried(known: LedgerForcedRequest, asked: readonly ForcedOnChain[]) {
    try {
      return await this.step(known, asked);
    } catch (error) {
      this.watch.noteReason(known.id, (error as Error).message);
      throw error;
    }
  }

  private async step(known: LedgerForcedRequest, asked: readonly ForcedOnChain[]) {
    // Also when it is gone already: an answer that was lost may have been a yes, and what was given is given back then.
    if (known.state === 'seen') return this.reserve(known);
    if (known.state === 'refused') return this.askAgain(known);
    if (known.state === 'canceled') return this.giveBack(known);
    const shown = asked.filter((request) => isSame(request, known));
    const isAgreed = shown.some((request) => request.isAgreed);
    if (!isAgreed && (await this.findOut(known))) return true;
    return shown.length > 0 && (await this.serve(known));
  }

  private async serve(known: LedgerForcedRequest): Promise<boolean> {
    const { ledger, chain } = this.options;
    const batch = ledger.forced.coveringBatch(known);
    if (batch === null || batch > ledger.batches.lastSettledSequence()) return false;
    const outcome = await chain.serveForced(known);
    if (outcome.kind === 'done') return true;
    const why = `the forced withdrawal of account ${known.accountId}: ${describe(outcome)}`;
    if (outcome.kind !== 'refused') throw new NotServedError(why);
    const cut = await chain.reduceForced(known);
    if (cut.kind !== 'done') throw new NotServedError(`${why}; it cannot be cut: ${describe(cut)}`);
    this.noteCut(known);
    return true;
  }

  /**
   * It is gone from the chain: paid, which an event tells, or taken back by its owner. It counts as unpaid only when the history is known up to
   * where it is gone, and when who says that it is gone has come as far as who showed it.
   */
  private async findOut(known: LedgerForcedRequest): Promise<boolean> {
    const { ledger, chain, scan } = this.options;
    const goneAtSlot = await chain.forcedGoneSlot(known);
    if (goneAtSlot === null || goneAtSlot < known.seenAtSlot) return false;
    let reach = await scan();
    while (reach.hasMore && reach.completeToSlot === null) reach = await scan();
    const { completeToSlot } = reach;
    const isPaid = ledger.forced.get(known.id).state !== 'reserved';
    if (!isPaid && (completeToSlot === null || completeToSlot < goneAtSlot)) return false;
    if (!isPaid) ledger.forced.markGone(known.id, goneAtSlot);
    this.pace.forget(known.id);
    return true;
  }

  private async giveBack(known: LedgerForcedRequest): Promise<boolean> {
    const { ledger, exchange } = this.options;
    const { id, accountId, amountMicroUsd, paidMicroUsd, returnedItem } = known;
    const rest = BigInt(amountMicroUsd - paidMicroUsd);
    const ask = () => exchange.deposit(accountId, rest, forcedReturnKey(known));
    if (!(await this.returning.isShown(id, returnedItem, ask))) return false;
    ledger.forced.mark(id, 'givenBack');
    return true;
  }

  private async reserve(known: LedgerForcedRequest): Promise<boolean> {
    const { ledger } = this.options;
    const { id, reservedItem } = known;
    if (reservedItem === null && !this.pace.isDue(id)) return false;
    try {
      if (!(await this.reserving.isShown(id, reservedItem, () => this.ask(known)))) return false;
      ledger.forced.markReserved(id);
      this.pace.forget(id);
      return true;
    } catch (error) {
      if (!(error instanceof RefusedByExchangeError)) throw error;
      return this.refused(known, error);
    }
  }

  /** A liquidation of a moment or an open order may have been the reason. */
  private async askAgain(known: LedgerForcedRequest): Promise<boolean> {
    if (!this.pace.isDue(known.id)) return false;
    this.options.ledger.forced.mark(known.id, 'seen');
    return this.reserve(known);
  }

  private ask(known: LedgerForcedRequest): Promise<void> {
    const { accountId, amountMicroUsd } = known;
    return this.options.exchange.withdrawByForce(
      accountId,
      BigInt(amountMicroUsd),
      forcedKey(known),
    );
  }

  /** What the chain has paid already has to be taken off all the same; everything else may be cut to what the chain would pay. */
  private async refused(known: LedgerForcedRequest, error: Error): Promise<boolean> {
    const { ledger, chain } = this.options;
    this.pace.refused(known.id);
    const reason = `the engine does not give it (${error.message})`;
    this.watch.noteReason(known.id, reason);
    if (known.paidMicroUsd > 0) return false;
    ledger.forced.mark(known.id, 'refused');
    const cut = await chain.reduceForced(known);
    if (cut.kind === 'done') this.noteCut(known);
    else
      this.watch.noteReason(
        known.id,
        `${reason}, and the chain does not cut it (${describe(cut)})`,
      );
    return cut.kind === 'done';
  }

  private noteCut({ id, accountId }: LedgerForcedRequest): void {
    const { alarms } = this.options.ledger;
    alarms.note(`the forced withdrawal of account ${accountId} was cut on chain to what can leave`);
    this.pace.forget(id);
  }
}

/** The chain only ever lowers an amount: a larger one is of another request of the same second. */
function isSame(shown: ForcedRequest, known: ForcedRequest): boolean {
  const { accountId, requestedAtSeconds, amountMicroUsd } = known;
  const isNamed = shown.accountId === accountId && shown.requestedAtSeconds === requestedAtSeconds;
  return isNamed && shown.amountMicroUsd <= amountMicroUsd;
}

export class NotServedError extends Error {
  override readonly name = 'NotServedError';
}
