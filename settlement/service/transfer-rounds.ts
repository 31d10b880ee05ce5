import type { SettlementLedger } from '../ledger/ledger.js';
import type { LedgerTransfer } from '../ledger/transfers.js';
import { describe } from './batch-rounds.js';
import type { ChainDoor } from './chain-door.js';
import { FairTurns } from './fair-turns.js';

export interface TransferRoundsOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  readonly now: () => number;
}

const AT_ONCE = 50;
/** Of each account that gives there is one. */
const OPEN_MAX = 100_000;

/**
 * Collateral that owners have moved between their accounts moves on chain as well, when everything that had happened before it is
 * settled. Of each account that gives, one after the other; one that the chain does not take yet (the account is in debt there, or its
 * owner demands money of it) waits, and holds up nobody else's.
 */
export class TransferRounds {
  private readonly options: TransferRoundsOptions;
  private readonly turns: FairTurns;

  constructor(options: TransferRoundsOptions) {
    this.options = options;
    this.turns = new FairTurns(options.now);
  }

  round(): Promise<boolean> {
    const next = this.options.ledger.transfers.next(OPEN_MAX);
    return this.turns.step(next, AT_ONCE, (transfer) => this.step(transfer));
  }

  private async step(transfer: LedgerTransfer): Promise<boolean> {
    const { ledger, chain } = this.options;
    if (!this.isDue(transfer)) return false;
    const outcome = await chain.transfer(transfer);
    if (outcome.kind === 'done') {
      ledger.transfers.markDone(transfer.id);
      return true;
    }
    const { number, fromAccountId } = transfer;
    throw new TransferNotDoneError(
      `transfer ${number} of account ${fromAccountId}: ${describe(outcome)}`,
    );
  }

  private isDue(transfer: LedgerTransfer): boolean {
    const { batches, catalogue, transfers } = this.options.ledger;
    const accounts = [transfer.fromAccountId, transfer.toAccountId];
    if (accounts.some((account) => catalogue.account(account)?.isOnChain !== true)) return false;
    const batch = transfers.coveringBatch(transfer);
    return batch !== null && batch <= batches.lastSettledSequence();
  }
}

export class TransferNotDoneError extends Error {
  override readonly name = 'TransferNotDoneError';
}
