import { forcedDebitKey, type LedgerForcedPayment } from '../ledger/forced-payments.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import { EngineMoves } from './engine-moves.js';
import { type ForcedMoney, RefusedByExchangeError } from './exchange-door.js';
import { RetryPace } from './retry-pace.js';
import { stepEach } from './step-each.js';

export interface ForcedDebitsOptions {
  readonly ledger: SettlementLedger;
  readonly exchange: ForcedMoney;
  readonly now: () => number;
}

/**
 * What the chain has paid by force and the engine has not given: more than was reserved, or what was taken for unpaid and given back. The
 * engine takes it off as soon as it can; until then an alarm stands, because the account trades with money that has left.
 */
export class ForcedDebits {
  private readonly options: ForcedDebitsOptions;
  private readonly taking: EngineMoves;
  private readonly pace: RetryPace;

  constructor(options: ForcedDebitsOptions) {
    this.options = options;
    this.taking = new EngineMoves(options.now);
    this.pace = new RetryPace(options.now);
  }

  round(): Promise<boolean> {
    return stepEach(this.options.ledger.forcedPayments.open(), (payment) => {
      return payment.state === 'owed' ? this.take(payment) : this.lookFor(payment);
    });
  }

  private async take(payment: LedgerForcedPayment): Promise<boolean> {
    const { ledger, exchange } = this.options;
    const { id, accountId, owedMicroUsd, reservedItem } = payment;
    if (reservedItem === null && !this.pace.isDue(id)) return false;
    const ask = () =>
      exchange.withdrawByForce(accountId, BigInt(owedMicroUsd), forcedDebitKey(payment));
    const isTold = ledger.alarms.list().some(({ key }) => key === keyOf(payment));
    if (!isTold) this.complain(payment, 'the engine has not shown yet that it takes them off');
    try {
      if (!(await this.taking.isShown(id, reservedItem, ask))) return false;
    } catch (error) {
      if (!(error instanceof RefusedByExchangeError)) throw error;
      this.pace.refused(id);
      const again = 'It is asked again, at least four times a minute';
      this.complain(payment, `the engine does not take them off: ${error.message}. ${again}`);
      return false;
    }
    ledger.forcedPayments.markBooked(id);
    this.end(payment);
    return true;
  }

  /** Of a payment without a request it is not known whether the engine has taken it off: a ledger that was lost may have asked for it. */
  private async lookFor(payment: LedgerForcedPayment): Promise<boolean> {
    const { id, accountId, amountMicroUsd } = payment;
    if (!this.pace.isDue(id)) return false;
    if (this.options.ledger.forcedPayments.findDebit(payment)) {
      this.end(payment);
      return true;
    }
    this.pace.refused(id);
    const sentence =
      'no request for it is known here, so the engine is not asked to take it off by itself. Unless it has, an operator has to withdraw ' +
      `exactly ${amountMicroUsd} micro-USD of account ${accountId} by the admin API, which ends this alarm`;
    this.complain(payment, sentence);
    return false;
  }

  private complain(payment: LedgerForcedPayment, why: string): void {
    const { accountId, amountMicroUsd, owedMicroUsd, signature } = payment;
    const sentence =
      `the chain has paid ${amountMicroUsd} micro-USD to the owner of account ${accountId} by force (transaction ${signature}), and of that ` +
      `${owedMicroUsd} are not known to be taken off in the engine: ${why}`;
    const { alarms } = this.options.ledger;
    const isTold = alarms.list().some((alarm) => alarm.sentence === sentence);
    if (!isTold) alarms.raise(keyOf(payment), 'critical', sentence);
  }

  private end(payment: LedgerForcedPayment): void {
    this.pace.forget(payment.id);
    this.options.ledger.alarms.clear(keyOf(payment));
  }
}

function keyOf({ signature, eventIndex }: LedgerForcedPayment): string {
  return `forced payment ${signature}#${eventIndex}`;
}
