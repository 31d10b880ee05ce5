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
  /** The chain did not take the next market at once. */
  private isHeldUp = false;

  constructor(options: AccountRoundsOptions) {
    this.options = options;
  }

  async round(): Promise<boolean> {
    if (!this.areSlotsKnown) await this.learnSlots();
    // Without rows nobody can pay in, and once the program holds money each further market waits for its time lock.
    if (!this.isHeldUp && (await this.addMarket())) return true;
    // But a market that the chain does not take must not keep accounts from their rows.
    return (await this.addRows()) || (await this.addMarket());
  }

  /** All markets that the chain takes at once have their places: whoever pays into the program waits for that. */
  get areMarketsPlaced(): boolean {
    if (this.isHeldUp) return true;
    return this.options.ledger.catalogue.markets().every(({ slot }) => slot !== null);
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
    const slot = await chain.addMarket(next.listing).catch((error) => {
      this.isHeldUp = true;
      throw error;
    });
    this.isHeldUp = slot === null;
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
