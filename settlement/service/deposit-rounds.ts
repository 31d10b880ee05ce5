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

/**
 * Money that comes in. A deposit on chain becomes collateral in the engine: it is written down first, and told with a key that its
 * signature makes, so that it counts once however often it is seen or told. It is credited when the bus says so: an answer may leave the
 * exchange a moment before the disk has what it speaks of, and a power failure then takes it back; the bus only has what is durable.
 */
export class DepositRounds {
  private readonly options: DepositRoundsOptions;
  private readonly pace: Pace;
  private isRead = false;

  constructor(options: DepositRoundsOptions) {
    this.options = options;
    this.pace = new Pace(options.now);
  }

  async round(): Promise<boolean> {
    const hasMore = await this.scan();
    const told = await this.tellExchange();
    return hasMore || told;
  }

  /** The newest scan has found nothing new: every deposit is known that was there before it. */
  get isAtEnd(): boolean {
    return this.isRead;
  }

  /** Reads what has happened at the vault. True: there may be more. */
  async scan(): Promise<boolean> {
    const { ledger, chain, operator } = this.options;
    const before = ledger.deposits.cursor();
    const { deposits, served, cursor } = await chain.deposits(before);
    const isOperators = ({ payer }: { payer: string }) => payer === operator;
    ledger.deposits.recordAll(deposits, cursor, isOperators, () => {
      for (const accountId of served) ledger.forced.noteServed(accountId);
    });
    this.isRead = cursor === before;
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
}
