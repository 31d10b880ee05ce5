import type { SettlementLedger } from '../ledger/ledger.js';
import { type LedgerWithdrawal, reservationKey, returnKey } from '../ledger/withdrawals.js';
import { describe } from './batch-rounds.js';
import type { ChainDoor } from './chain-door.js';
import { type ExchangeMoney, RefusedByExchangeError } from './exchange-door.js';

export interface WithdrawalRoundsOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  readonly exchange: ExchangeMoney;
}

const AT_ONCE = 50;
/** The chain's clock and ours may differ so much. */
const GRACE_SECONDS = 30n;

/**
 * Money that goes out, each withdrawal one step a round, each step on disk before the next is done:
 * reserve it in the engine · wait until all that happened before is settled · pay on chain · or, when the owner's signature has expired on
 * the chain's clock and the chain has not paid, put it back.
 */
export class WithdrawalRounds {
  private readonly options: WithdrawalRoundsOptions;

  constructor(options: WithdrawalRoundsOptions) {
    this.options = options;
  }

  async round(): Promise<boolean> {
    let moved = false;
    let trouble: Error | null = null;
    for (const withdrawal of this.options.ledger.withdrawals.open(AT_ONCE)) {
      try {
        moved = (await this.step(withdrawal)) || moved;
      } catch (error) {
        // One that is stuck must not stop the others.
        trouble ??= error as Error;
      }
    }
    if (trouble !== null && !moved) throw trouble;
    return moved;
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
    const { id, accountId, amountMicroUsd } = withdrawal;
    try {
      await exchange.withdraw(accountId, BigInt(amountMicroUsd), reservationKey(withdrawal));
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
    const { id, accountId, nonce, amountMicroUsd, destination, expirySeconds, signature } =
      withdrawal;
    ledger.withdrawals.advance(id, 'submitted', 'sent to the chain');
    const outcome = await chain.payOut(
      {
        accountId,
        nonce: BigInt(nonce),
        amountMicroUsd: BigInt(amountMicroUsd),
        destination,
        expirySeconds: BigInt(expirySeconds),
        signature,
      },
      { purpose: 'withdraw', reference: id, part: 0 },
    );
    if (outcome.kind === 'done') {
      ledger.withdrawals.advance(id, 'completed', 'paid by the chain');
      return true;
    }
    // What the chain refuses now (a price that is not fresh, margin at its prices) it may take later, until the signature expires.
    throw new WithdrawalNotPaidError(`withdrawal ${id}: ${describe(outcome)}`);
  }

  /** Given back only when the chain itself can never pay any more. */
  private async endIfExpired(withdrawal: LedgerWithdrawal): Promise<boolean> {
    const { ledger, chain } = this.options;
    const { id, accountId, nonce, expirySeconds, state } = withdrawal;
    const timeSeconds = await chain.timeSeconds();
    if (timeSeconds <= BigInt(expirySeconds) + GRACE_SECONDS) return false;
    const [row] = await chain.rows([accountId]);
    if (row !== undefined && row.nonce >= BigInt(nonce)) {
      ledger.withdrawals.advance(id, 'completed', 'the chain has paid before it expired');
      return true;
    }
    ledger.withdrawals.advance(id, 'expired', `${state} at ${timeSeconds} on the chain's clock`);
    return true;
  }

  private async giveBack(withdrawal: LedgerWithdrawal): Promise<boolean> {
    const { ledger, exchange } = this.options;
    const { id, accountId, amountMicroUsd } = withdrawal;
    await exchange.deposit(accountId, BigInt(amountMicroUsd), returnKey(withdrawal));
    ledger.withdrawals.advance(id, 'givenBack', 'added to the collateral again');
    return true;
  }
}

export class WithdrawalNotPaidError extends Error {
  override readonly name = 'WithdrawalNotPaidError';
}
