import type { SettlementLedger } from '../ledger/ledger.js';
import { type LedgerWithdrawal, reservationKey, returnKey } from '../ledger/withdrawals.js';
import { describe } from './batch-rounds.js';
import type { ChainDoor } from './chain-door.js';
import { EngineMoves } from './engine-moves.js';
import { type ExchangeMoney, RefusedByExchangeError } from './exchange-door.js';
import { FairTurns } from './fair-turns.js';

export interface WithdrawalRoundsOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  readonly exchange: ExchangeMoney;
  readonly now: () => number;
}

const PASSED_ALARM = 'withdrawal passed over';

const AT_ONCE = 50;
/** Far more than there are: an account has one at a time. */
const OPEN_MAX = 100_000;

/**
 * Money that goes out, each withdrawal one step a round, each step on disk before the next is done:
 * reserve it in the engine · wait until all that happened before is settled · pay on chain · or, when the owner's signature has expired on
 * the chain's clock and the chain has not paid, put it back.
 *
 * Reserved and given back it is when the bus says so.
 */
export class WithdrawalRounds {
  private readonly options: WithdrawalRoundsOptions;
  private readonly reserving: EngineMoves;
  private readonly returning: EngineMoves;
  private readonly turns: FairTurns;

  constructor(options: WithdrawalRoundsOptions) {
    this.options = options;
    this.reserving = new EngineMoves(options.now);
    this.returning = new EngineMoves(options.now);
    this.turns = new FairTurns(options.now);
  }

  round(): Promise<boolean> {
    const open = this.options.ledger.withdrawals.open(OPEN_MAX);
    return this.turns.step(open, AT_ONCE, (withdrawal) => this.step(withdrawal));
  }

  private async step(withdrawal: LedgerWithdrawal): Promise<boolean> {
    switch (withdrawal.state) {
      case 'requested':
        return this.reserve(withdrawal);
      case 'reserved':
        return (await this.endIfExpired(withdrawal)) || this.noteSettled(withdrawal);
      case 'settled':
      case 'submitted':
        return (await this.endIfExpired(withdrawal)) || this.payOut(withdrawal);
      case 'expired':
        return this.giveBack(withdrawal);
      default:
        return false;
    }
  }

  private async reserve(withdrawal: LedgerWithdrawal): Promise<boolean> {
    const { ledger, exchange } = this.options;
    const { id, accountId, amountMicroUsd, reservedItem } = withdrawal;
    const ask = () =>
      exchange.withdraw(accountId, BigInt(amountMicroUsd), reservationKey(withdrawal));
    try {
      if (!(await this.reserving.isShown(id, reservedItem, ask))) return false;
      ledger.withdrawals.advance(id, 'reserved', 'taken off the collateral');
    } catch (error) {
      if (!(error instanceof RefusedByExchangeError)) throw error;
      ledger.withdrawals.advance(id, 'refused', `${error.code}: ${error.message}`);
    }
    return true;
  }

  private noteSettled({ id }: LedgerWithdrawal): boolean {
    const { ledger } = this.options;
    const batch = ledger.withdrawals.coveringBatch(id);
    if (batch === null || batch > ledger.batches.lastSettledSequence()) return false;
    ledger.withdrawals.advance(id, 'settled', `with batch ${batch}`);
    return true;
  }

  private async payOut(withdrawal: LedgerWithdrawal): Promise<boolean> {
    const { ledger, chain } = this.options;
    const { id } = withdrawal;
    ledger.withdrawals.advance(id, 'submitted', 'sent to the chain');
    const outcome = await chain.payOut(withdrawal);
    if (outcome.kind === 'done') {
      ledger.withdrawals.advance(id, 'completed', 'paid by the chain');
      return true;
    }
    // What the chain refuses now (a price that is not fresh, margin at its prices) it may take later, until the signature expires.
    throw new WithdrawalNotPaidError(`withdrawal ${id}: ${describe(outcome)}`);
  }

  /** Given back only when the chain itself, by its own clock, can never pay any more. */
  private async endIfExpired(withdrawal: LedgerWithdrawal): Promise<boolean> {
    const { ledger, chain, now } = this.options;
    const { id, expirySeconds } = withdrawal;
    if (now() / 1_000 < expirySeconds) return false;
    switch (await chain.fateOf(withdrawal)) {
      case 'paid':
        ledger.withdrawals.advance(id, 'completed', 'the chain has paid before it expired');
        return true;
      case 'expired':
        ledger.withdrawals.advance(id, 'expired', "not paid, and past on the chain's clock");
        return true;
      case 'passed': {
        // Nobody but this settlement can use a nonce, and it uses one at a time.
        const sentence = `withdrawal ${id} was passed over by a later one on chain: its events tell whether it was paid`;
        ledger.alarms.raise(PASSED_ALARM, 'critical', sentence);
        return false;
      }
      default:
        return false;
    }
  }

  private async giveBack(withdrawal: LedgerWithdrawal): Promise<boolean> {
    const { ledger, exchange } = this.options;
    const { id, accountId, amountMicroUsd, returnedItem } = withdrawal;
    const ask = () => exchange.deposit(accountId, BigInt(amountMicroUsd), returnKey(withdrawal));
    if (!(await this.returning.isShown(id, returnedItem, ask))) return false;
    ledger.withdrawals.advance(id, 'givenBack', 'added to the collateral again');
    return true;
  }
}

export class WithdrawalNotPaidError extends Error {
  override readonly name = 'WithdrawalNotPaidError';
}
