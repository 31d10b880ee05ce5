import { depositKey, type LedgerDeposit } from '../ledger/deposits.js';
import type { SettlementLedger } from '../ledger/ledger.js';
import type { ChainDoor } from './chain-door.js';
import { EngineMoves } from './engine-moves.js';
import { type ExchangeMoney, RefusedByExchangeError } from './exchange-door.js';
import { stepEach } from './step-each.js';

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

/** How far the vault's history was read. */
export interface ScanReach {
  readonly hasMore: boolean;
  /** Whatever happened up to this slot is in the ledger; null: that is not known. */
  readonly completeToSlot: number | null;
}

/**
 * Money that comes in. A deposit on chain becomes collateral in the engine: it is written down first, and told with a key that its
 * signature makes, so that it counts once however often it is seen or told. It is credited when the bus says so.
 */
export class DepositRounds {
  private readonly options: DepositRoundsOptions;
  private readonly crediting: EngineMoves;
  private scanning: Promise<unknown> = Promise.resolve();
  private isRead = false;

  constructor(options: DepositRoundsOptions) {
    this.options = options;
    this.crediting = new EngineMoves(options.now);
  }

  async round(): Promise<boolean> {
    const { hasMore } = await this.scan();
    const told = await this.tellExchange();
    return hasMore || told;
  }

  /** The newest scan has come to the end, as enough endpoints say: every deposit is known that was there before it. */
  get isAtEnd(): boolean {
    return this.isRead;
  }

  /** Reads what has happened at the vault. One scan at a time: two would begin at the same place, and the slower one tell old news. */
  scan(): Promise<ScanReach> {
    const scan = this.scanning.then(() => this.scanNow());
    this.scanning = scan.catch(() => {});
    return scan;
  }

  private async scanNow(): Promise<ScanReach> {
    const { ledger, chain, operator } = this.options;
    const before = ledger.deposits.cursor();
    const { deposits, served, cursor, completeToSlot } = await chain.deposits(before);
    const isOperators = ({ payer }: { payer: string }) => payer === operator;
    ledger.deposits.recordAll(deposits, { from: before, to: cursor }, isOperators, () => {
      for (const payment of served) ledger.forcedPayments.note(payment);
    });
    const hasMore = cursor !== before;
    this.isRead = !hasMore && completeToSlot !== null;
    return { hasMore, completeToSlot };
  }

  private async tellExchange(): Promise<boolean> {
    let credited = 0;
    await stepEach(this.options.ledger.deposits.open(AT_ONCE), async (deposit) => {
      const isCredited = await this.credit(deposit);
      if (isCredited) credited++;
      return isCredited;
    });
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
