import type { Statement } from 'better-sqlite3';
import type { AccountItem } from '../packs/pack-types.js';
import type { LedgerDatabase } from './database.js';
import { ConflictError, LedgerStateError } from './errors.js';
import type { TickLotWorth } from './pack-check.js';

type Listing = Extract<AccountItem, { kind: 'marketListed' }>;
type Creation = Extract<AccountItem, { kind: 'accountCreated' }>;

export interface LedgerAccount {
  readonly accountId: number;
  /** 0: it is nobody's sub-account. */
  readonly parentId: number;
  /** Its own, or that of the account it belongs to; null: neither has one. */
  readonly ownerKey: Uint8Array | null;
  readonly isOnChain: boolean;
}

export interface LedgerMarket {
  readonly marketId: number;
  readonly symbol: string;
  readonly worth: TickLotWorth;
  /** What the engine has said about it at its listing. */
  readonly listing: Listing;
  /** On chain; null: it is not there yet, and nothing of it can be netted. */
  readonly slot: number | null;
}

export const SLOTS = 16;

interface MarketRow {
  market_id: number;
  symbol: string;
  listing: string;
  slot: number | null;
}

/** Accounts and markets that the exchange has made, and which of them the chain knows. */
export class Catalogue {
  private readonly database: LedgerDatabase;
  private readonly insertAccount: Statement;
  private readonly insertMarket: Statement;
  private readonly updateListing: Statement;
  private readonly findWorth: Statement;
  private readonly findMarket: Statement;
  private readonly allMarkets: Statement;
  private readonly findAccount: Statement;
  private readonly findOfOwner: Statement;
  private readonly withoutRow: Statement;
  private readonly setOnChain: Statement;
  private readonly setSlot: Statement;
  private readonly missingOf: Statement;

  constructor(database: LedgerDatabase) {
    this.database = database;
    const { sql } = database;
    this.insertAccount = sql.prepare(
      'INSERT INTO accounts (account_id, parent_id, public_key, shard_id, created_at_ms) VALUES (?, ?, ?, ?, ?)',
    );
    this.insertMarket = sql.prepare(
      'INSERT INTO markets (market_id, symbol, micro_usd_numerator, micro_usd_denominator, listing) VALUES (?, ?, ?, ?, ?)',
    );
    this.updateListing = sql.prepare('UPDATE markets SET listing = ? WHERE market_id = ?');
    this.findWorth = sql.prepare(
      'SELECT micro_usd_numerator AS numerator, micro_usd_denominator AS denominator FROM markets WHERE market_id = ?',
    );
    this.findMarket = sql.prepare('SELECT * FROM markets WHERE market_id = ?');
    this.allMarkets = sql.prepare('SELECT * FROM markets ORDER BY market_id');
    const account =
      'SELECT a.account_id AS accountId, a.parent_id AS parentId, coalesce(a.public_key, p.public_key) AS ownerKey, a.on_chain AS onChain ' +
      'FROM accounts a LEFT JOIN accounts p ON p.account_id = a.parent_id';
    this.findAccount = sql.prepare(`${account} WHERE a.account_id = ?`);
    this.findOfOwner = sql.prepare(
      `${account} WHERE a.public_key = @publicKey UNION ALL ` +
        `${account} WHERE p.public_key = @publicKey AND a.public_key IS NULL ORDER BY accountId`,
    );
    this.withoutRow = sql.prepare(`${account} WHERE a.on_chain = 0 ORDER BY a.account_id LIMIT ?`);
    this.setOnChain = sql.prepare('UPDATE accounts SET on_chain = 1 WHERE account_id = ?');
    this.setSlot = sql.prepare('UPDATE markets SET slot = ? WHERE market_id = ?');
    this.missingOf = sql
      .prepare(
        'SELECT DISTINCT e.account_id FROM entries e LEFT JOIN accounts a ON a.account_id = e.account_id ' +
          'WHERE e.batch = ? AND coalesce(a.on_chain, 0) = 0 ORDER BY e.account_id LIMIT ?',
      )
      .pluck();
  }

  /** @throws ConflictError when the account exists and is another one. */
  addAccount(shardId: number, item: Creation): void {
    const known = this.account(item.accountId);
    if (known !== null) {
      throw new ConflictError(`account ${item.accountId}`, 'created', 'created again');
    }
    const { accountId, parentId, publicKey, timeMs } = item;
    this.insertAccount.run(accountId, parentId, publicKey, shardId, timeMs);
  }

  /**
   * A new market, or other parameters of one that is known.
   *
   * @throws ConflictError when what never changes is another than before: symbol, tick, lot, fraction.
   */
  addMarket(item: Listing): void {
    const known = this.market(item.marketId);
    if (known !== null) {
      const [before, now] = [fixedOf(known.listing), fixedOf(item)];
      if (before !== now) throw new ConflictError(`market ${item.marketId}`, before, now);
      this.updateListing.run(JSON.stringify(item), item.marketId);
      return;
    }
    const { marketId, symbol, microUsdNumerator, microUsdDenominator } = item;
    this.insertMarket.run(
      marketId,
      symbol,
      microUsdNumerator,
      microUsdDenominator,
      JSON.stringify(item),
    );
  }

  worth(marketId: number): TickLotWorth | null {
    return (this.findWorth.get(marketId) as TickLotWorth | undefined) ?? null;
  }

  market(marketId: number): LedgerMarket | null {
    const row = this.findMarket.get(marketId) as MarketRow | undefined;
    return row === undefined ? null : marketOf(row);
  }

  markets(): LedgerMarket[] {
    return (this.allMarkets.all() as MarketRow[]).map(marketOf);
  }

  /**
   * The place of a market on chain, once it is there; saying it again changes nothing.
   *
   * @throws LedgerStateError when market or slot are taken otherwise.
   */
  setMarketSlot(marketId: number, slot: number): void {
    this.database.write(() => {
      const market = this.market(marketId);
      if (market === null) throw new LedgerStateError(`market ${marketId} is not listed`);
      if (market.slot === slot) return;
      if (market.slot !== null) {
        throw new LedgerStateError(
          `market ${marketId} is in slot ${market.slot}, and cannot move to ${slot}`,
        );
      }
      if (!(Number.isInteger(slot) && slot >= 0 && slot < SLOTS)) {
        throw new LedgerStateError(`slot of market ${marketId} is ${slot}, and must be 0 to 15`);
      }
      const taken = this.markets().find((other) => other.slot === slot);
      if (taken !== undefined) {
        throw new LedgerStateError(`slot ${slot} belongs to market ${taken.marketId}`);
      }
      this.setSlot.run(slot, marketId);
    });
  }

  account(accountId: number): LedgerAccount | null {
    const row = this.findAccount.get(accountId) as AccountRow | undefined;
    return row === undefined ? null : accountOf(row);
  }

  /** Accounts that a key owns, sub-accounts too. */
  accountsOfOwner(publicKey: Uint8Array): LedgerAccount[] {
    return (this.findOfOwner.all({ publicKey }) as AccountRow[]).map(accountOf);
  }

  /** Accounts that have no row on chain yet, in ascending order. */
  accountsWithoutRow(limit: number): LedgerAccount[] {
    return (this.withoutRow.all(limit) as AccountRow[]).map(accountOf);
  }

  markOnChain(accountIds: readonly number[]): void {
    this.database.write(() => {
      for (const accountId of accountIds) {
        if (this.setOnChain.run(accountId).changes === 1) continue;
        throw new LedgerStateError(`account ${accountId} was never created by the exchange`);
      }
    });
  }

  /** Accounts of a batch that have no row on chain: it cannot settle before they do. */
  missingAccountsOf(batch: number, limit = 1_000): number[] {
    return this.missingOf.all(batch, limit) as number[];
  }
}

function fixedOf(listing: Listing): string {
  const { symbol, tickMantissa, tickDecimals, lotMantissa, lotDecimals } = listing;
  const { microUsdNumerator, microUsdDenominator } = listing;
  return (
    `${symbol} with tick ${tickMantissa}e-${tickDecimals}, lot ${lotMantissa}e-${lotDecimals}, ` +
    `${microUsdNumerator}/${microUsdDenominator} micro-USD`
  );
}

interface AccountRow {
  accountId: number;
  parentId: number;
  ownerKey: Buffer | null;
  onChain: number;
}

function accountOf({ onChain, ...row }: AccountRow): LedgerAccount {
  return { ...row, isOnChain: onChain === 1 };
}

function marketOf(row: MarketRow): LedgerMarket {
  const listing = JSON.parse(row.listing) as Listing;
  return {
    marketId: row.market_id,
    symbol: row.symbol,
    worth: { numerator: listing.microUsdNumerator, denominator: listing.microUsdDenominator },
    listing,
    slot: row.slot,
  };
}
