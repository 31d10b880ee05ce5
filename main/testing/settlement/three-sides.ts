import { PublicKey } from '@solana/web3.js';
import {
  EF_TRADE_SEQUENCE,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_HEAD,
} from '../../../engine/messages/layout.js';
import type { MessageBuffer } from '../../../engine/messages/message-buffer.js';
import { EVT_FILL } from '../../../engine/messages/types.js';
import { journalDirectory, listShards } from '../../../engine/runtime/journal/directories.js';
import { JournalReader } from '../../../engine/runtime/journal/journal-reader.js';
import { replay } from '../../../engine/runtime/journal/replay.js';
import type { ShardCore } from '../../../engine/shard/shard-core.js';
import { ChainReader } from '../../../settlement/chain/chain-reader.js';
import { EndpointPool } from '../../../settlement/chain/endpoint-pool.js';
import { SettlementLedger } from '../../../settlement/ledger/ledger.js';
import { Books } from '../../../settlement/outbox/testing/books.js';
import { differences } from '../../../settlement/outbox/testing/exchange-money.js';
import type { UserRow } from '../../../settlement/program/accounts.js';
import { lastAccountOf } from '../../../sim/spread/union-state.js';
import { createShardIn } from '../../exchange/placement.js';
import type { Facts } from './settling-exchange.js';

/** What the three of them have, as one look has found it. */
export interface ThreeSides {
  /** Every number that is not the same, as sentences. */
  differences: string[];
  fills: number;
  batches: number;
  accounts: number;
  rows: Map<number, UserRow>;
}

/**
 * Compares every account, position and market of the engine (its journals, applied again from their beginning) with the ledger and with
 * the chain, to the last micro-dollar. Only when nothing is under way can they be the same.
 */
export async function compareSides(dataDir: string, facts: Facts): Promise<ThreeSides> {
  const engine = replayed(dataDir);
  const endpoints = [{ name: 'the embedded chain', url: facts.rpcUrl }];
  const chain = new ChainReader(new EndpointPool({ endpoints }), new PublicKey(facts.exchange));
  const vault = await chain.vaultMicroUsd();
  const rows = new Map<number, UserRow>();
  for await (const row of chain.allRows()) rows.set(row.accountId, row);
  const ledger = new SettlementLedger({ dataDir, mode: 'read' });
  try {
    const last = lastAccountOf(engine.shards);
    const found = [
      ...differences(booksOfLedger(ledger, last, vault), engine.shards).map(of('ledger')),
      ...differences(await booksOfChain(chain, rows, ledger, vault), engine.shards).map(
        of('chain'),
      ),
      ...unsettled(ledger),
      ...unsettledFills(ledger, engine.fills),
    ];
    const state = await chain.state();
    const settled = ledger.batches.lastSettledSequence();
    if (Number(state?.lastSequence) !== settled) {
      found.push(`the chain has batch ${state?.lastSequence}, the ledger ${settled}`);
    }
    const fills = [...engine.fills.values()].reduce((sum, count) => sum + count, 0);
    return { differences: found, fills, batches: settled, accounts: last, rows };
  } finally {
    ledger.close();
  }
}

function of(side: string) {
  return (sentence: string) => `${side}: ${sentence}`;
}

interface Replayed {
  shards: ShardCore[];
  /** Of each market, by id. */
  fills: Map<number, number>;
}

/** The exchange goes on meanwhile: its journals are read as far as they have come. */
function replayed(dataDir: string): Replayed {
  const fills = new Map<number, number>();
  const shards = listShards(dataDir).map((shardId) => {
    const shard = createShardIn(shardId, dataDir);
    const reader = new JournalReader(journalDirectory(dataDir, shardId), shardId, 1);
    try {
      replay(shard, reader, { onEvents: (events) => countFills(events, fills) });
    } finally {
      reader.close();
    }
    return shard;
  });
  return { shards, fills };
}

/** The trades of a market are numbered without a gap. */
function countFills({ words, floats, length }: MessageBuffer, fills: Map<number, number>): void {
  for (let slot = 0; slot < length; ) {
    const head = words[slot * SLOT_WORDS + W_HEAD] as number;
    if (typeOf(head) === EVT_FILL) {
      const number = floats[slot * SLOT_FLOATS + EF_TRADE_SEQUENCE] as number;
      fills.set(marketOf(head), Math.max(number, fills.get(marketOf(head)) ?? 0));
    }
    slot += slotsOf(head);
  }
}

/** What is not done yet, however equal the sums are. */
function unsettled(ledger: SettlementLedger): string[] {
  const { alarms, lagItems, deadLetters, deposits, withdrawals } = ledger.status();
  const found = alarms.map(({ key, sentence }) => `alarm ${key}: ${sentence}`);
  if (lagItems !== 0) found.push(`${lagItems} items are not settled`);
  if (deadLetters.open > 0) found.push(`${deadLetters.open} dead letters`);
  for (const [state, count] of Object.entries(deposits)) {
    if (state !== 'credited') found.push(`${count} deposits are ${state}`);
  }
  const ended = ['completed', 'refused', 'givenBack'];
  for (const [state, count] of Object.entries(withdrawals)) {
    if (!ended.includes(state)) found.push(`${count} withdrawals are ${state}`);
  }
  const left = ledger.cash.unlinkedItems(10).length + ledger.cash.unpaidFundings(10).length;
  if (left > 0) found.push(`${left} payments of the operator are not on chain`);
  return found;
}

/** The ledger has numbered the trades of each market as the engine has. */
function unsettledFills(ledger: SettlementLedger, fills: ReadonlyMap<number, number>): string[] {
  const known = new Map(
    ledger
      .status()
      .streams.filter(({ kind }) => kind === 'market')
      .map(({ streamId, lastTrade }) => [streamId, lastTrade]),
  );
  return [...fills].flatMap(([marketId, count]) => {
    const taken = known.get(marketId) ?? 0;
    return taken === count ? [] : [`market ${marketId}: ${count} fills, the ledger has ${taken}`];
  });
}

/** At quiescence everything that was paid in and not out is in the vault, so its tokens are what the books have to add up to. */
function booksOfLedger(ledger: SettlementLedger, last: number, vault: bigint): Books {
  const books = new Books();
  books.outside = vault;
  for (let account = 1; account <= last; account++) {
    books.accounts.set(account, ownKeyOf(ledger, account));
    const { collateralMicroUsd, positions } = ledger.balances.account(account);
    books.collateral.set(account, Number(collateralMicroUsd));
    for (const { marketId, lots, entryTickLots } of positions) {
      books.market(marketId).lots.set(account, Number(lots));
      books.market(marketId).entries.set(account, Number(entryTickLots));
    }
  }
  for (const { marketId, listing } of ledger.catalogue.markets()) {
    books.market(marketId).listing = listing;
  }
  for (const market of ledger.balances.markets()) addPurses(books, market.marketId, market);
  return books;
}

/** As the engine has it: without the key that a sub-account has from its parent. */
function ownKeyOf(ledger: SettlementLedger, accountId: number): Uint8Array | null {
  const { ownerKey = null, parentId = 0 } = ledger.catalogue.account(accountId) ?? {};
  const parentKey = parentId === 0 ? null : (ledger.catalogue.account(parentId)?.ownerKey ?? null);
  const isParents = ownerKey !== null && parentKey !== null && hex(ownerKey) === hex(parentKey);
  return isParents ? null : ownerKey;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** An account without a key has the house's there. Of a listing the chain keeps some only: of those, what it says. */
async function booksOfChain(
  chain: ChainReader,
  rows: ReadonlyMap<number, UserRow>,
  ledger: SettlementLedger,
  vault: bigint,
): Promise<Books> {
  const books = new Books();
  books.outside = vault;
  const markets = await chain.markets();
  for (const { accountId, owner, collateralMicroUsd, positions } of rows.values()) {
    const known = ledger.catalogue.account(accountId);
    const isForeign = known?.ownerKey != null && hex(known.ownerKey) !== hex(owner.toBytes());
    // A sub-account has the key of its parent there; one of somebody else would show up as a difference.
    const hasOwn = ownKeyOf(ledger, accountId) !== null || isForeign;
    books.accounts.set(accountId, hasOwn ? owner.toBytes() : null);
    books.collateral.set(accountId, Number(collateralMicroUsd));
    for (const { slot, lots, entryTickLots } of positions) {
      const { engineMarketId } = markets[slot] as (typeof markets)[number];
      books.market(engineMarketId).lots.set(accountId, Number(lots));
      books.market(engineMarketId).entries.set(accountId, Number(entryTickLots));
    }
  }
  for (const market of markets) {
    addPurses(books, market.engineMarketId, market);
    const { symbol, microUsdNumerator, microUsdDenominator, tickMantissa, tickExponent } = market;
    const listing = ledger.catalogue.market(market.engineMarketId)?.listing;
    if (listing === undefined) continue;
    books.market(market.engineMarketId).listing = {
      ...listing,
      symbol,
      microUsdNumerator: Number(microUsdNumerator),
      microUsdDenominator: Number(microUsdDenominator),
      tickMantissa: Number(tickMantissa),
      tickDecimals: -tickExponent,
    };
  }
  return books;
}

interface Purses {
  feesMicroUsd: bigint;
  insuranceMicroUsd: bigint;
  clearingMicroUsd: bigint;
}

function addPurses(books: Books, marketId: number, purses: Purses): void {
  const book = books.market(marketId);
  book.fees = Number(purses.feesMicroUsd);
  book.insurance = Number(purses.insuranceMicroUsd);
  book.clearing = Number(purses.clearingMicroUsd);
}
