import {
  type ForcedRequest,
  forcedKey,
  forcedReturnKey,
  type LedgerForcedRequest,
} from '../ledger/forced-requests.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import { describe } from './batch-rounds.js';
import type { ChainDoor } from './chain-door.js';
import { EngineMoves } from './engine-moves.js';
import { type ExchangeMoney, RefusedByExchangeError } from './exchange-door.js';
import { stepEach } from './step-each.js';

export interface ForcedRoundsOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  readonly exchange: ExchangeMoney;
  /** Reads on what has happened at the vault; true: there may be more. */
  readonly scan: () => Promise<boolean>;
  readonly now: () => number;
}

const REFUSED_ALARM = 'forced withdrawal refused';

/**
 * Serves what owners ask of the chain itself, before anybody may freeze the exchange over it: takes the amount off the collateral in the
 * engine, waits until all that happened before is settled, and lets the chain pay. As with withdrawals, what the engine has done is believed
 * when the bus shows it.
 */
export class ForcedRounds {
  private readonly options: ForcedRoundsOptions;
  private readonly reserving: EngineMoves;
  private readonly returning: EngineMoves;

  constructor(options: ForcedRoundsOptions) {
    this.options = options;
    this.reserving = new EngineMoves(options.now);
    this.returning = new EngineMoves(options.now);
  }

  async round(): Promise<boolean> {
    const { ledger, chain } = this.options;
    const asked = await chain.forcedRequests();
    const recorded = asked.map((request) => ledger.forced.record(request));
    if (!recorded.some(({ state }) => state === 'refused')) ledger.alarms.clear(REFUSED_ALARM);
    return stepEach(ledger.forced.open(), (known) => {
      return this.step(
        known,
        asked.some((request) => isSame(request, known)),
      );
    });
  }

  private async step(known: LedgerForcedRequest, isStillAsked: boolean): Promise<boolean> {
    const { ledger, chain } = this.options;
    // Also when it is gone already: an answer that was lost may have been a yes, and what was given is given back then.
    if (known.state === 'seen') return this.reserve(known);
    if (known.state === 'canceled') return this.giveBack(known);
    if (!isStillAsked) return this.findOut(known);
    const batch = ledger.forced.coveringBatch(known);
    if (batch === null || batch > ledger.batches.lastSettledSequence()) return false;
    const outcome = await chain.serveForced(known);
    if (outcome.kind === 'done') return true;
    throw new NotServedError(
      `the forced withdrawal of account ${known.accountId}: ${describe(outcome)}`,
    );
  }

  /** It is gone from the chain: paid, which an event tells, or taken back by its owner. */
  private async findOut({ id }: LedgerForcedRequest): Promise<boolean> {
    const { ledger, scan } = this.options;
    while (await scan());
    if (ledger.forced.open().some((open) => open.id === id)) ledger.forced.mark(id, 'canceled');
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
    const { ledger, exchange } = this.options;
    const { id, accountId, amountMicroUsd, reservedItem } = known;
    const ask = () => exchange.withdraw(accountId, BigInt(amountMicroUsd), forcedKey(known));
    try {
      if (!(await this.reserving.isShown(id, reservedItem, ask))) return false;
      ledger.forced.mark(id, 'reserved');
    } catch (error) {
      if (!(error instanceof RefusedByExchangeError)) throw error;
      ledger.forced.mark(id, 'refused');
      const sentence =
        `account ${accountId} has asked the chain for ${amountMicroUsd} micro-USD, and the engine does not give it: ${error.message}. ` +
        'Anybody may cut the request on chain to what can leave, and it is tried again; otherwise the exchange will be frozen over it';
      ledger.alarms.raise(REFUSED_ALARM, 'critical', sentence);
    }
    return true;
  }
}

function isSame(a: ForcedRequest, b: ForcedRequest): boolean {
  return a.accountId === b.accountId && a.requestedAtSeconds === b.requestedAtSeconds;
}

export class NotServedError extends Error {
  override readonly name = 'NotServedError';
}
