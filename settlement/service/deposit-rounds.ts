import { depositKey, type LedgerDeposit } from '../ledger/deposits.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import type { ChainDoor } from './chain-door.js';
import { type ExchangeMoney, RefusedByExchangeError } from './exchange-door.js';
import { Pace } from './pace.js';

export interface DepositRoundsOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  readonly exchange: ExchangeMoney;
  /** Who pays on chain what operators have booked in the engine, base58. */
  readonly operator: string;
  readonly now: () => number;
}

const AT_ONCE = 50;
const REFUSED_ALARM = 'deposit refused';
const BY_HAND_ALARM = 'paid out by hand';

/**
 * Money that comes in. A deposit on chain becomes collateral in the engine: it is written down first, and told with a key that its
 * signature makes, so that it counts once however often it is seen or told. It is credited when the bus says so: an answer may leave the
 * exchange a moment before the disk has what it speaks of, and a power failure then takes it back; the bus only has what is durable. And what an operator has booked in the engine without the
 * chain is paid into the program from his purse, so that the chain never owes less than the engine says.
 */
export class DepositRounds {
  private readonly options: DepositRoundsOptions;
  private readonly pace: Pace;

  constructor(options: DepositRoundsOptions) {
    this.options = options;
    this.pace = new Pace(options.now);
  }

  async round(): Promise<boolean> {
    const hasMore = await this.scan();
    const told = await this.tellExchange();
    // Before the scan has come to its end, a deposit that is not known yet could look like the operator's.
    const paid = !hasMore && (await this.payOperatorsMoney());
    return hasMore || told || paid;
  }

  private async scan(): Promise<boolean> {
    const { ledger, chain, operator } = this.options;
    const before = ledger.deposits.cursor();
    const { deposits, cursor } = await chain.deposits(before);
    ledger.deposits.recordAll(deposits, cursor, ({ payer }) => payer === operator);
    return cursor !== before;
  }

  private async tellExchange(): Promise<boolean> {
    const { ledger } = this.options;
    let credited = 0;
    for (const deposit of ledger.deposits.open(AT_ONCE)) {
      if (deposit.item !== null) {
        ledger.deposits.markCredited(deposit.id);
        this.pace.forget(deposit.id);
        credited++;
      } else if (this.pace.isDue(deposit.id)) await this.tell(deposit);
    }
    return credited === AT_ONCE;
  }

  private async tell(deposit: LedgerDeposit): Promise<void> {
    const { ledger, exchange } = this.options;
    const { id, accountId, amountMicroUsd } = deposit;
    try {
      await exchange.deposit(accountId, BigInt(amountMicroUsd), depositKey(deposit));
      this.pace.note(id);
    } catch (error) {
      if (!(error instanceof RefusedByExchangeError)) throw error;
      ledger.deposits.markRefused(id, `${error.code}: ${error.message}`);
      const sentence = `the exchange does not take deposit ${id} of account ${accountId}: ${error.message}`;
      ledger.alarms.raise(REFUSED_ALARM, 'critical', sentence);
    }
  }

  private async payOperatorsMoney(): Promise<boolean> {
    const { ledger, chain } = this.options;
    for (const item of ledger.cash.unlinkedItems(AT_ONCE)) {
      const { accountId, changeMicroUsd, shardId } = item;
      if (changeMicroUsd < 0) this.complain(accountId, changeMicroUsd);
      else if (ledger.catalogue.account(accountId)?.isOnChain === true) {
        const purpose = { purpose: 'deposit', reference: item.item, part: shardId } as const;
        await chain.payInto({ accountId }, BigInt(changeMicroUsd), purpose);
        ledger.cash.linkToOperator(item);
        return true;
      }
    }
    return this.payFunds();
  }

  private async payFunds(): Promise<boolean> {
    const { ledger, chain } = this.options;
    for (const { id, marketId, changeMicroUsd } of ledger.cash.unpaidFundings(AT_ONCE)) {
      const slot = ledger.catalogue.market(marketId)?.slot ?? null;
      if (slot === null || changeMicroUsd < 0) continue;
      const purpose = { purpose: 'fundInsurance', reference: id, part: 0 } as const;
      await chain.payInto({ slot }, BigInt(changeMicroUsd), purpose);
      ledger.cash.markFundingPaid(id);
      return true;
    }
    return false;
  }

  private complain(accountId: number, changeMicroUsd: number): void {
    const sentence =
      `an operator has taken ${-changeMicroUsd} micro-USD from account ${accountId} in the engine: on chain only its owner can, ` +
      'so the program still owes it';
    this.options.ledger.alarms.raise(BY_HAND_ALARM, 'warning', sentence);
  }
}
