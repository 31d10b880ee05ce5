import type { Statement } from 'better-sqlite3';
import type { BatchSection } from '../program/batch.js';
import type { LedgerDatabase } from './database.js';

/** Of one account: cross collateral and collateral of isolated positions together. */
export interface AccountBalance {
  readonly collateralMicroUsd: bigint;
  readonly positions: readonly PositionBalance[];
}

export interface PositionBalance {
  readonly marketId: number;
  readonly lots: bigint;
  readonly entryTickLots: bigint;
}

export interface MarketBalance {
  readonly marketId: number;
  readonly slot: number | null;
  readonly feesMicroUsd: bigint;
  /** What operators have paid in included. */
  readonly insuranceMicroUsd: bigint;
  readonly clearingMicroUsd: bigint;
  /** Σ over accounts. */
  readonly entryTickLots: bigint;
  /** Of `insuranceMicroUsd`: what came from outside. */
  readonly insuranceFundedMicroUsd: bigint;
}

/** What everything netted so far adds up to. Numbers of SQLite are 64 bits, and a sum that leaves them is refused. */
export class Balances {
  private readonly addCollateral: Statement;
  private readonly addPosition: Statement;
  private readonly addTotals: Statement;
  private readonly addFunded: Statement;
  private readonly collateralOf: Statement;
  private readonly positionsOf: Statement;
  private readonly marketRows: Statement;

  constructor({ sql }: LedgerDatabase) {
    this.addCollateral = sql.prepare(
      'INSERT INTO balances (account_id, collateral_micro_usd) VALUES (?, ?) ' +
        'ON CONFLICT (account_id) DO UPDATE SET collateral_micro_usd = collateral_micro_usd + excluded.collateral_micro_usd',
    );
    this.addPosition = sql.prepare(
      'INSERT INTO positions (account_id, market_id, lots, entry_tick_lots) VALUES (?, ?, ?, ?) ' +
        'ON CONFLICT (account_id, market_id) DO UPDATE SET lots = lots + excluded.lots, entry_tick_lots = entry_tick_lots + excluded.entry_tick_lots',
    );
    this.addTotals = sql.prepare(
      'UPDATE markets SET fees_micro_usd = fees_micro_usd + ?, insurance_micro_usd = insurance_micro_usd + ?, ' +
        'clearing_micro_usd = clearing_micro_usd + ?, entry_tick_lots = entry_tick_lots + ? WHERE market_id = ?',
    );
    this.addFunded = sql.prepare(
      'UPDATE markets SET insurance_micro_usd = insurance_micro_usd + @change, ' +
        'insurance_funded_micro_usd = insurance_funded_micro_usd + @change WHERE market_id = @marketId',
    );
    this.collateralOf = sql
      .prepare('SELECT collateral_micro_usd FROM balances WHERE account_id = ?')
      .pluck()
      .safeIntegers();
    this.positionsOf = sql
      .prepare(
        'SELECT market_id AS marketId, lots, entry_tick_lots AS entryTickLots FROM positions ' +
          'WHERE account_id = ? AND (lots <> 0 OR entry_tick_lots <> 0) ORDER BY market_id',
      )
      .safeIntegers();
    this.marketRows = sql
      .prepare(
        'SELECT market_id AS marketId, slot, fees_micro_usd AS feesMicroUsd, insurance_micro_usd AS insuranceMicroUsd, ' +
          'clearing_micro_usd AS clearingMicroUsd, entry_tick_lots AS entryTickLots, insurance_funded_micro_usd AS insuranceFundedMicroUsd ' +
          'FROM markets ORDER BY market_id',
      )
      .safeIntegers();
  }

  /** Adds what a batch changes. */
  addSections(sections: readonly BatchSection[], marketOf: (slot: number) => number): void {
    for (const section of sections) {
      const marketId = marketOf(section.slot);
      let entryTickLots = 0n;
      for (const entry of section.entries) {
        const { accountId, deltaLots, deltaEntryTickLots } = entry;
        const change = entry.realizedMicroUsd + entry.otherMicroUsd;
        if (change !== 0n) this.addCollateral.run(accountId, change);
        if (deltaLots !== 0n || deltaEntryTickLots !== 0n) {
          this.addPosition.run(accountId, marketId, deltaLots, deltaEntryTickLots);
        }
        entryTickLots += deltaEntryTickLots;
      }
      const { feesMicroUsd, insuranceMicroUsd, clearingMicroUsd } = section;
      this.addTotals.run(
        feesMicroUsd,
        insuranceMicroUsd,
        clearingMicroUsd,
        entryTickLots,
        marketId,
      );
    }
  }

  /** Adds what is in no batch: what came from outside or went there, and transfers within a family. */
  addOutside(outside: OutsideChanges): void {
    for (const [accountId, change] of outside.accounts) this.addCollateral.run(accountId, change);
    for (const [marketId, change] of outside.insurance) this.addFunded.run({ marketId, change });
  }

  /** Of an account that nothing is known of: nothing. */
  account(accountId: number): AccountBalance {
    const positions = this.positionsOf.all(accountId) as (PositionBalance & { marketId: bigint })[];
    return {
      collateralMicroUsd: (this.collateralOf.get(accountId) as bigint | undefined) ?? 0n,
      positions: positions.map((row) => ({ ...row, marketId: Number(row.marketId) })),
    };
  }

  markets(): MarketBalance[] {
    const rows = this.marketRows.all() as Record<string, bigint | null>[];
    return rows.map((row) => ({
      ...(row as unknown as MarketBalance),
      marketId: Number(row.marketId),
      slot: row.slot === null ? null : Number(row.slot),
    }));
  }
}

/** Deposits, withdrawals and transfers by account, and payments of operators into insurance funds by market. */
export class OutsideChanges {
  readonly accounts = new Map<number, bigint>();
  readonly insurance = new Map<number, bigint>();

  addBalance(accountId: number, changeMicroUsd: number): void {
    this.accounts.set(accountId, (this.accounts.get(accountId) ?? 0n) + BigInt(changeMicroUsd));
  }

  addInsurance(marketId: number, changeMicroUsd: number): void {
    this.insurance.set(marketId, (this.insurance.get(marketId) ?? 0n) + BigInt(changeMicroUsd));
  }
}
