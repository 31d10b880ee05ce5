import type { SettlementLedger } from '../ledger/ledger.js';
import type { ChainDoor } from './chain-door.js';

export interface OperatorPaymentsOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  /** Every deposit is known: before that, one that is not could look like the operator's. */
  readonly areDepositsKnown: () => boolean;
  /** The ledger is the one that this chain was settled with: an old copy, or a new one, would not know what was paid, and pay it again. */
  readonly isInLine: () => boolean;
  /** Every market that the chain takes at once has its place there: those that come when the program holds money wait for a time lock. */
  readonly areMarketsPlaced: () => boolean;
}

const AT_ONCE = 50;
const BY_HAND_ALARM = 'paid out by hand';

/**
 * What an operator has booked in the engine without the chain is paid into the program from his purse, so that the chain never owes less
 * than the engine says. A payment of which it is not known whether it has landed holds up the next one, and nobody's deposits.
 */
export class OperatorPayments {
  private readonly options: OperatorPaymentsOptions;

  constructor(options: OperatorPaymentsOptions) {
    this.options = options;
  }

  async round(): Promise<boolean> {
    const { areDepositsKnown, areMarketsPlaced, isInLine } = this.options;
    if (!areDepositsKnown() || !isInLine() || !areMarketsPlaced()) return false;
    return (await this.payFunds()) || (await this.payAccounts());
  }

  private async payAccounts(): Promise<boolean> {
    const { ledger, chain } = this.options;
    for (const item of ledger.cash.unlinkedItems(AT_ONCE)) {
      const { accountId, changeMicroUsd, shardId } = item;
      if (changeMicroUsd < 0) {
        this.complain(accountId, changeMicroUsd);
        ledger.cash.linkToOperator(item);
      } else if (ledger.catalogue.account(accountId)?.isOnChain === true) {
        const purpose = { purpose: 'deposit', reference: item.item, part: shardId } as const;
        await chain.payInto({ accountId }, BigInt(changeMicroUsd), purpose);
        ledger.cash.linkToOperator(item);
        return true;
      }
    }
    return false;
  }

  private async payFunds(): Promise<boolean> {
    const { ledger, chain } = this.options;
    const [next] = ledger.cash.unpaidFundings(1);
    if (next === undefined) return false;
    const { id, slot, changeMicroUsd } = next;
    const purpose = { purpose: 'fundInsurance', reference: id, part: 0 } as const;
    await chain.payInto({ slot }, BigInt(changeMicroUsd), purpose);
    ledger.cash.markFundingPaid(id);
    return true;
  }

  private complain(accountId: number, changeMicroUsd: number): void {
    const sentence =
      `an operator has taken ${-changeMicroUsd} micro-USD from account ${accountId} in the engine: on chain only its owner can, ` +
      'so the program still owes it';
    this.options.ledger.alarms.raise(BY_HAND_ALARM, 'warning', sentence);
  }
}
