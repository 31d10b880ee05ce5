import type { SettlementLedger } from '../ledger/ledger.js';
import { describe } from './batch-rounds.js';
import type { ChainDoor, ChainOutcome } from './chain-door.js';

export interface AccountRoundsOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  /** Owner on chain of accounts that have no key of their own: bots and whatever else the operator makes for himself. */
  readonly houseKey: Uint8Array;
}

/** A transaction has room for so many. */
const ROWS_AT_ONCE = 16;
const SLOTS = 16;
const SLOTS_ALARM = 'slots on chain';

/** Gives the exchange's markets their places on chain, and its accounts their rows. */
export class AccountRounds {
  private readonly options: AccountRoundsOptions;
  private areMarketsKnown = false;

  constructor(options: AccountRoundsOptions) {
    this.options = options;
  }

  async round(): Promise<boolean> {
    if (!this.areMarketsKnown) await this.learnMarkets();
    return (await this.addMarket()) || (await this.addRows());
  }

  /** What the chain has already: this may be another process, or another ledger, than the one that added them. */
  private async learnMarkets(): Promise<void> {
    const { ledger, chain } = this.options;
    for (const { marketId, slot } of await chain.markets()) {
      if (ledger.catalogue.market(marketId) !== null)
        ledger.catalogue.setMarketSlot(marketId, slot);
    }
    this.areMarketsKnown = true;
  }

  private async addMarket(): Promise<boolean> {
    const { ledger, chain } = this.options;
    const markets = ledger.catalogue.markets();
    const next = markets.find(({ slot }) => slot === null);
    if (next === undefined) return false;
    const taken = (await chain.markets()).map(({ slot }) => slot);
    const slot = Array.from({ length: SLOTS }, (_, i) => i).find((i) => !taken.includes(i));
    if (slot === undefined) {
      const sentence = `${next.symbol} has no place on chain: all ${SLOTS} are taken`;
      ledger.alarms.raise(SLOTS_ALARM, 'critical', sentence);
      return false;
    }
    done(`adding ${next.symbol}`, await chain.addMarket(next.listing, slot));
    await this.learnMarkets();
    return true;
  }

  private async addRows(): Promise<boolean> {
    const { ledger, chain, houseKey } = this.options;
    const accounts = ledger.catalogue.accountsWithoutRow(ROWS_AT_ONCE);
    if (accounts.length === 0) return false;
    const rows = accounts.map(({ accountId, ownerKey }) => ({
      accountId,
      owner: ownerKey ?? houseKey,
    }));
    done(`rows of accounts from ${accounts[0]?.accountId} on`, await chain.addRows(rows));
    ledger.catalogue.markOnChain(accounts.map(({ accountId }) => accountId));
    return true;
  }
}

/** Throws when it was not done: the round is made again. */
export function done(what: string, outcome: ChainOutcome): void {
  if (outcome.kind !== 'done') throw new NotDoneError(`${what}: ${describe(outcome)}`);
}

export class NotDoneError extends Error {
  override readonly name = 'NotDoneError';
}
