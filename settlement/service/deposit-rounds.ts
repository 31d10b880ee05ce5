import { depositKey, type LedgerDeposit } from '../ledger/deposits.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import type { ChainDoor } from './chain-door.js';
import { EngineMoves } from './engine-moves.js';
import { type ExchangeMoney, RefusedByExchangeError } from './exchange-door.js';

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
 * signature makes, so that it counts once however often it is seen or told. It is credited when the bus says so.
 */
export class DepositRounds {
  private readonly options: DepositRoundsOptions;
  private readonly crediting: EngineMoves;
  private isRead = false;

  constructor(options: DepositRoundsOptions) {
    this.options = options;
    this.crediting = new EngineMoves(options.now);
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
      for (const { accountId, amountMicroUsd } of served) {
        ledger.forced.noteServed(accountId, amountMicroUsd);
      }
    });
    this.isRead = cursor === before;
    return cursor !== before;
  }

  private async tellExchange(): Promise<boolean> {
    let credited = 0;
    for (const deposit of this.options.ledger.deposits.open(AT_ONCE)) {
      if (await this.credit(deposit)) credited++;
    }
    return credited === AT_ONCE;
  }

  private async credit(deposit: LedgerDeposit): Promise<boolean> {
    const { ledger, exchange } = this.options;
    const { id, accountId, amountMicroUsd, item } = deposit;
    const ask = () => exchange.deposit(accountId, BigInt(amountMicroUsd), depositKey(deposit));
    try {
      if (!(await this.crediting.isShown(id, item, ask))) return false;
      ledger.deposits.markCredited(id);
      return true;
    } catch (error) {
      if (!(error instanceof RefusedByExchangeError)) throw error;
      ledger.deposits.markRefused(id, `${error.code}: ${error.message}`);
      const sentence = `the exchange does not take deposit ${id} of account ${accountId}: ${error.message}`;
      ledger.alarms.raise(REFUSED_ALARM, 'critical', sentence);
      return false;
    }
  }
}
