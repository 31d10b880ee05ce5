import { R_ENTRY_VALUE, R_POSITION } from '../../engine/kernel/layout.js';
import { endOf } from '../../engine/market/liquidation/auctions.js';
import type { MarginTerms } from '../../engine/market/margin-terms.js';
import type { MarketActor } from '../../engine/market/market-actor.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import type { PricingParams } from '../../engine/market/pricing-params.js';
import { TRIGGER_TRAILING_STOP } from '../../engine/messages/types.js';
import type { Bracket } from '../../engine/parents/bracket.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import type { TriggerOrder } from '../../engine/triggers/trigger-order.js';
import { asMicroUsd, type PriceTicks, type TimeMs } from '../../engine/units/units.js';
import type { BracketTerms } from '../../gateway/codec/bracket-messages.js';
import type { TriggerTerms } from '../../gateway/feeds/open-orders.js';
import type { MarketAuction } from '../../gateway/markets.js';
import type { GatewaySeed } from '../../gateway/seed.js';
import { PUBLIC_KEY_WORDS } from '../../risk/margin/accounts.js';
import { isolatedCollateral, isPositionLiquidating } from '../../risk/margin/isolated-margin.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import type { ShardAccess } from './shard-access.js';

export interface SeededMarket {
  marketId: number;
  params: MarketParams;
  pricing: PricingParams;
  margin: MarginTerms;
  state: number;
  markTicks: PriceTicks;
  indexTicks: PriceTicks;
  publishTimeMs: TimeMs;
  fundingRatePpb: number;
  nextFundingMs: number;
  guards: number;
  openInterestLots: number;
  insuranceMicroUsd: number;
  auctions: MarketAuction[];
}

/** What the rest of the exchange has to know of a recovered shard: columns, because there are many rows. */
export interface ShardSeed {
  timeMs: number;
  /** Epoch of the last event before this start, and the one that has begun since. */
  epoch: number;
  epochNow: number;
  markets: SeededMarket[];
  makerPpm: number[];
  takerPpm: number[];
  /** Rows of account id, collateral, number of the last private event, head of the family. */
  accounts: Float64Array;
  /** 32 bytes for each row of `accounts`, zeros for none. */
  keys: Uint8Array;
  /** Rows of account, and market of its isolated position that is being liquidated, 0 for the account itself. */
  liquidating: number[];
  /** Accounts that may take positions over. */
  liquidators: number[];
  /** Rows of account, market, lots, entry value. */
  positions: Float64Array;
  /** Rows of account, market, leverage that the account has chosen. */
  leverages: Float64Array;
  /** Rows of account, market, collateral where margin is isolated. */
  isolated: Float64Array;
  /** Rows of ORDER_COLUMNS, by market: those of the book as they queue, then what waits. */
  orders: Float64Array;
  /** Client ids of orders, by row of `orders`; rows without one are missing. */
  clientIds: Map<number, string>;
  /** By row of `orders`, of accounts that are at home elsewhere: the reference that their home keeps the client id by. */
  foreignIds: Map<number, number>;
}

const ACCOUNT_COLUMNS = 4;
const POSITION_COLUMNS = 4;
const LEVERAGE_COLUMNS = 3;
const LIQUIDATING_COLUMNS = 2;
/** Market, id, account, flags, price, remaining, total, expiry; of trigger orders `triggerRow`; of TWAPs the number of their slices; of orders with a bracket `bracketRow`. */
const ORDER_COLUMNS = 23;
const TWAP_SLICES = 16;
const BRACKET = 17;
/** As far as a book has them. */
const BOOK_COLUMNS = 8;
type Columns = [number, number, number, number, number, number, number, number];
type LegColumns = [number, number, number, number, number, number];
const KEY_BYTES = PUBLIC_KEY_WORDS * 4;

/** `epoch`: that of the last event before this start. */
export function collectSeed(core: ShardCore, epoch: number): ShardSeed {
  const home = core.home as MarginActor;
  const { accounts } = home.state;
  const ids: number[] = [];
  for (let id = 1; id <= accounts.lastId; id++) if (accounts.exists(id)) ids.push(id);
  const rows = new Float64Array(ids.length * ACCOUNT_COLUMNS);
  const keyWords = new Int32Array(ids.length * PUBLIC_KEY_WORDS);
  ids.forEach((id, i) => {
    const money = [accounts.collateral(id), accounts.sequence(id)];
    rows.set([id, ...money, accounts.familyOf(id)], i * ACCOUNT_COLUMNS);
    accounts.copyKey(id, keyWords, i * PUBLIC_KEY_WORDS);
  });
  return {
    timeMs: core.timeMs,
    epoch,
    epochNow: core.epoch,
    markets: core.markets.map(collectMarket),
    makerPpm: [...core.fees.makerPpm],
    takerPpm: [...core.fees.takerPpm],
    accounts: rows,
    keys: new Uint8Array(keyWords.buffer),
    liquidating: collectLiquidating(home, ids),
    liquidators: ids.filter((id) => accounts.isLiquidator(id)),
    positions: collectPositions(core),
    leverages: collectLeverages(home),
    isolated: collectIsolated(home),
    ...collectOrders(core, home),
  };
}

function collectMarket(market: MarketActor): SeededMarket {
  const { marketId, params, state, markTicks, marginTerms, pricing, liquidations } = market;
  return {
    marketId,
    params,
    pricing: pricing.params,
    margin: marginTerms,
    state,
    markTicks,
    indexTicks: pricing.index.ticks,
    ...pricing.shown,
    publishTimeMs: pricing.index.publishTimeMs,
    openInterestLots: market.positions.openInterestLots,
    insuranceMicroUsd: market.positions.insuranceMicroUsd,
    auctions: liquidations.auctions.all.map((auction) => ({
      auctionId: auction.id,
      side: auction.side,
      lots: auction.lots,
      endMs: endOf(auction),
      bankruptcyTicks: auction.bankruptcyTicks,
    })),
  };
}

/** Columns of `orders`. */
const ORDER_ACCOUNT = 2;

/** Puts a shard's markets into a gateway that has seen no event yet; those of all shards before anything else of any. */
export function applyMarkets(seed: ShardSeed, shard: number, gateway: GatewaySeed): void {
  for (const market of seed.markets) gateway.market({ ...market, host: shard });
}

/** The same for accounts, positions and orders. `epochOf` gives the epoch of an account's last event when that came since. */
export function applySeed(
  seed: ShardSeed,
  shard: number,
  gateway: GatewaySeed,
  epochOf: (account: number) => number | undefined,
): void {
  for (let i = 0; i * ACCOUNT_COLUMNS < seed.accounts.length; i++) {
    const at = i * ACCOUNT_COLUMNS;
    const key = seed.keys.subarray(i * KEY_BYTES, (i + 1) * KEY_BYTES);
    gateway.account({
      accountId: seed.accounts[at] as number,
      publicKeys: key.some((byte) => byte !== 0) ? [key] : [],
      collateralMicroUsd: asMicroUsd(seed.accounts[at + 1] as number),
      accountSequence: seed.accounts[at + 2] as number,
      epoch: epochOf(seed.accounts[at] as number) ?? seed.epoch,
      home: shard,
      familyId: seed.accounts[at + 3] as number,
    });
  }
  for (let at = 0; at < seed.positions.length; at += POSITION_COLUMNS) {
    const [accountId, marketId, lots, entryValue] = seed.positions.subarray(at, at + 4);
    gateway.position({ accountId, marketId, lots, entryValue } as never);
  }
  for (const account of seed.liquidators) gateway.liquidator(account);
  for (let at = 0; at < seed.leverages.length; at += LEVERAGE_COLUMNS) {
    const [accountId, marketId, leverage] = seed.leverages.subarray(at, at + LEVERAGE_COLUMNS);
    gateway.leverage(accountId as number, marketId as number, leverage as number);
  }
  for (let at = 0; at < seed.isolated.length; at += LEVERAGE_COLUMNS) {
    const [accountId, marketId, collateral] = seed.isolated.subarray(at, at + LEVERAGE_COLUMNS);
    gateway.isolated(accountId as number, marketId as number, collateral as number);
  }
  for (let at = 0; at < seed.liquidating.length; at += LIQUIDATING_COLUMNS) {
    gateway.liquidating(seed.liquidating[at] as number, seed.liquidating[at + 1] as number);
  }
  for (let row = 0; row * ORDER_COLUMNS < seed.orders.length; row++) {
    const at = row * ORDER_COLUMNS;
    const column = (index: number) => seed.orders[at + index] as number;
    const order = {
      marketId: column(0),
      orderId: column(1),
      accountId: column(2),
      flags: column(3),
      priceTicks: column(4),
      remainingLots: column(5),
      qtyLots: column(6),
      clientOrderId: seed.clientIds.get(row) ?? '',
    };
    if (column(TWAP_SLICES) !== 0) {
      gateway.twap({ ...order, slices: column(TWAP_SLICES), endsAtMs: column(7) });
      continue;
    }
    const trigger = triggerTermsOf(seed.orders.subarray(at + BOOK_COLUMNS, at + TWAP_SLICES));
    const bracket = bracketTermsOf(seed.orders.subarray(at + BRACKET, at + ORDER_COLUMNS));
    gateway.order({ ...order, expiresAtMs: column(7), trigger, bracket });
  }
}

export function accountsOf({ accounts }: ShardSeed): number[] {
  return Array.from({ length: accounts.length / ACCOUNT_COLUMNS }, (_, i) => {
    return accounts[i * ACCOUNT_COLUMNS] as number;
  });
}

/** Calls with each account of the seed and the number of its last private event. */
export function forEachAccount(
  { accounts }: ShardSeed,
  visit: (account: number, sequence: number) => void,
): void {
  for (let at = 0; at < accounts.length; at += ACCOUNT_COLUMNS) {
    visit(accounts[at] as number, accounts[at + 2] as number);
  }
}

/** Asks the homes for the client ids of orders in markets elsewhere. Nothing may be under way between the shards. */
export async function nameForeignIds(
  shards: readonly ShardAccess[],
  seeds: readonly ShardSeed[],
): Promise<void> {
  const homes = new Map<number, number>();
  seeds.forEach((seed, shard) => {
    for (const account of accountsOf(seed)) homes.set(account, shard);
  });
  for (const seed of seeds) {
    const byHome = new Map<number, number[]>();
    for (const row of seed.foreignIds.keys()) {
      const home = homes.get(seed.orders[row * ORDER_COLUMNS + ORDER_ACCOUNT] as number) as number;
      const rows = byHome.get(home) ?? [];
      rows.push(row);
      byHome.set(home, rows);
    }
    for (const [home, rows] of byHome) {
      const references = Float64Array.from(rows, (row) => seed.foreignIds.get(row) as number);
      const names = await (shards[home] as ShardAccess).clientIds(references);
      rows.forEach((row, i) => {
        seed.clientIds.set(row, names[i] as string);
      });
    }
  }
}

function collectPositions(core: ShardCore): Float64Array {
  const found: number[] = [];
  for (const { marketId, positions } of core.markets) {
    const { kernel } = positions.rows;
    positions.rows.forEach((account, row) => {
      const lots = kernel.float(row + R_POSITION);
      if (lots !== 0) found.push(account, marketId, lots, kernel.float(row + R_ENTRY_VALUE));
    });
  }
  return Float64Array.from(found);
}

/** They are their accounts' homes' to keep, wherever the market is. */
function collectLeverages(home: MarginActor): Float64Array {
  const found: number[] = [];
  for (const { marketId, rows } of home.state.markets.all) {
    rows.forEach((account, row) => {
      const leverage = home.state.kernel.calls.leverageOf(row);
      if (leverage !== 0) found.push(account, marketId, leverage);
    });
  }
  return Float64Array.from(found);
}

function collectIsolated(home: MarginActor): Float64Array {
  const found: number[] = [];
  for (const market of home.state.markets.all) {
    market.rows.forEach((account) => {
      const collateral = isolatedCollateral(home.state, market, account);
      if (collateral !== null) found.push(account, market.marketId, collateral);
    });
  }
  return Float64Array.from(found);
}

function collectLiquidating(home: MarginActor, accounts: readonly number[]): number[] {
  const { state } = home;
  const own = accounts.filter((account) => state.accounts.isLiquidating(account));
  const found = own.flatMap((account) => [account, 0]);
  for (const market of state.markets.all) {
    market.rows.forEach((account) => {
      if (!state.accounts.exists(account)) return;
      if (isPositionLiquidating(state, market, account)) found.push(account, market.marketId);
    });
  }
  return found;
}

/** A book shows its orders in its canonical form only, which both books have. */
function collectOrders(
  core: ShardCore,
  home: MarginActor,
): Pick<ShardSeed, 'orders' | 'clientIds' | 'foreignIds'> {
  const found: { row: number[]; clientRef: number }[] = [];
  const writer = new CanonicalWriter();
  for (const { marketId, book, triggers, parents } of core.markets) {
    writer.reset();
    book.writeCanonical(writer, true);
    const reader = new CanonicalReader(writer.bytes());
    // Last order id and last trade.
    reader.take();
    reader.take();
    reader.take();
    const own: typeof found = [];
    const brackets = new Map(parents.brackets.live().map((bracket) => [bracket.id, bracket]));
    for (let side = 0; side < 2; side++) {
      const count = reader.take();
      for (let i = 0; i < count; i++) {
        const row = [marketId];
        for (let k = 1; k < BOOK_COLUMNS; k++) row.push(reader.take());
        // The loss reserve is the margin actor's own matter.
        reader.take();
        const bracket = brackets.get(row[1] as number);
        if (bracket !== undefined) row.push(...bracketRow(bracket));
        own.push({ row, clientRef: reader.take() });
      }
    }
    for (const order of triggers.store.all()) {
      const { id, account, flags, priceTicks, qtyLots, expiryMs, clientRef } = order;
      const row = [marketId, id, account, flags, priceTicks, qtyLots, qtyLots, expiryMs];
      own.push({ row: [...row, ...triggerRow(order)], clientRef });
    }
    for (const twap of parents.twaps.running.all()) {
      const { id, account, flags, priceTicks, totalLots, filledLots, clientRef } = twap;
      const row = [marketId, id, account, flags, priceTicks, totalLots - filledLots, totalLots];
      const untriggered = new Array<number>(TWAP_SLICES - BOOK_COLUMNS).fill(0);
      const endsAtMs = twap.startMs + twap.durationMs;
      own.push({ row: [...row, endsAtMs, ...untriggered, twap.slices], clientRef });
    }
    found.push(...own);
  }
  const orders = new Float64Array(found.length * ORDER_COLUMNS);
  const clientIds = new Map<number, string>();
  const foreignIds = new Map<number, number>();
  found.forEach(({ row, clientRef }, i) => {
    orders.set(row, i * ORDER_COLUMNS);
    if (clientRef < 0) return;
    if (!home.state.accounts.exists(row[ORDER_ACCOUNT] as number)) foreignIds.set(i, clientRef);
    else clientIds.set(i, String(home.state.clientIds.keyAt(clientRef)));
  });
  return { orders, clientIds, foreignIds };
}

/** Kind, source, price (of a trailing stop none), trailing ticks and ppm, OCO order, whether it closes a position, what it is attached to. */
function triggerRow(order: TriggerOrder): number[] {
  const { kind, source, triggerTicks, trailTicks, trailPpm, ocoId } = order;
  const priceTicks = kind === TRIGGER_TRAILING_STOP ? 0 : triggerTicks;
  const closes = order.closesPosition ? 1 : 0;
  return [kind, source, priceTicks, trailTicks, trailPpm, ocoId, closes, order.bracketId];
}

function triggerTermsOf(row: Float64Array): TriggerTerms | null {
  const [kind, source, priceTicks, trailTicks, trailPpm, ocoOrderId, closes, parentOrderId] =
    row as unknown as Columns;
  if (kind === 0) return null;
  const closesPosition = closes === 1;
  const prices = { priceTicks, trailTicks, trailPpm };
  return { kind, source, ...prices, ocoOrderId, closesPosition, parentOrderId };
}

/** The columns behind those of a book's order: of both legs trigger price, limit and source. */
function bracketRow({ legs }: Bracket): number[] {
  const before = new Array<number>(BRACKET - BOOK_COLUMNS).fill(0);
  return [...before, ...legs.flatMap((leg) => [leg.triggerTicks, leg.priceTicks, leg.source])];
}

function bracketTermsOf(row: Float64Array): BracketTerms | null {
  const [profitTicks, profitLimit, profitBy, stopTicks, stopLimit, stopBy] =
    row as unknown as LegColumns;
  if (profitTicks === 0 && stopTicks === 0) return null;
  return {
    profit: { triggerTicks: profitTicks, limitTicks: profitLimit, source: profitBy },
    stop: { triggerTicks: stopTicks, limitTicks: stopLimit, source: stopBy },
  };
}
