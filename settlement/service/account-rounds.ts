import type { SettlementLedger } from '../ledger/ledger.js';
import type { ChainDoor } from './chain-door.js';

export interface AccountRoundsOptions {
  readonly ledger: SettlementLedger;
  readonly chain: ChainDoor;
  /** Owner on chain of accounts that have no key of their own: bots and whatever else the operator makes for himself. */
  readonly houseKey: Uint8Array;
  readonly now: () => number;
}

/** Asked for together; the chain's side divides them into transactions. */
const ROWS_AT_ONCE = 90;
const NOT_OPEN_REST_MS = 5_000;

/** Gives the exchange's markets their places on chain, and its accounts their rows. */
export class AccountRounds {
  private readonly options: AccountRoundsOptions;
  private areSlotsKnown = false;
  private askAgainAtMs = 0;

  constructor(options: AccountRoundsOptions) {
    this.options = options;
  }

  async round(): Promise<boolean> {
    if (!this.areSlotsKnown) await this.learnSlots();
    // Rows first: a market that the chain never takes must not keep accounts from theirs.
    return (await this.addRows()) || (await this.addMarket());
  }

  /** What the chain has already: another process, or this one with an older ledger, may have added it. */
  private async learnSlots(): Promise<void> {
    const { ledger, chain } = this.options;
    for (const { marketId, slot } of await chain.slots()) {
      if (ledger.catalogue.market(marketId) !== null) {
        ledger.catalogue.setMarketSlot(marketId, slot);
      }
    }
    this.areSlotsKnown = true;
  }

  /** A market that is added to a running exchange opens on chain after the time lock; until then what is traded in it waits. */
  private async addMarket(): Promise<boolean> {
    const { ledger, chain, now } = this.options;
    const next = ledger.catalogue.markets().find(({ slot }) => slot === null);
    if (next === undefined || now() < this.askAgainAtMs) return false;
    const slot = await chain.addMarket(next.listing);
    if (slot !== null) ledger.catalogue.setMarketSlot(next.marketId, slot);
    else this.askAgainAtMs = now() + NOT_OPEN_REST_MS;
    return slot !== null;
  }

  private async addRows(): Promise<boolean> {
    const { ledger, chain, houseKey } = this.options;
    const accounts = ledger.catalogue.accountsWithoutRow(ROWS_AT_ONCE);
    if (accounts.length === 0) return false;
    const owned = accounts.map(({ accountId, ownerKey }) => {
      return { accountId, owner: ownerKey ?? houseKey };
    });
    await chain.addRows(owned);
    ledger.catalogue.markOnChain(accounts.map(({ accountId }) => accountId));
    return true;
  }
}
