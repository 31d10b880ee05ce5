import { R_ENTRY_VALUE, R_POSITION } from '../../../engine/kernel/layout.js';
import type { MarketActor } from '../../../engine/market/market-actor.js';
import type { MarketParams } from '../../../engine/market/market-params.js';
import { TOTAL_CLEARING, TOTAL_FEES } from '../../../engine/market/positions.js';
import {
  EF_PAYMENT,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../../engine/messages/layout.js';
import { EVT_FUNDING, EVT_INSURANCE } from '../../../engine/messages/types.js';
import { cashOf } from '../../../engine/shard/channel-cash.js';
import type { ShardCore } from '../../../engine/shard/shard-core.js';
import { PUBLIC_KEY_WORDS } from '../../../risk/margin/accounts.js';
import { isolatedCollateral } from '../../../risk/margin/isolated-margin.js';
import { homeOf, homeShardOf, lastAccountOf } from '../../../sim/spread/union-state.js';
import type { MarketListed } from '../../packs/pack-types.js';
import type { Books } from './books.js';

const LISTED = [
  'symbol',
  'tickMantissa',
  'tickDecimals',
  'lotMantissa',
  'lotDecimals',
  'priceTicksMax',
  'priceBandPpm',
  'initialMarginPpm',
  'maintenanceMarginPpm',
] as const;

/** Every difference between the books and the shards, as sentences. */
export function differences(books: Books, shards: readonly ShardCore[]): string[] {
  const found: string[] = [];
  const expectEqual = (what: string, told: number | undefined, actual: number) => {
    if ((told ?? 0) !== actual) found.push(`${what}: items say ${told}, the shard ${actual}`);
  };
  const flight = inFlight(shards);
  const last = lastAccountOf(shards);
  for (let account = 1; account <= last; account++) {
    const actual = collateralOf(shards, account) + (flight.cash.get(account) ?? 0);
    expectEqual(`collateral of account ${account}`, books.collateral.get(account), actual);
    const key = keyOf(shards, account);
    if (hex(books.accounts.get(account)) !== hex(key)) found.push(`key of account ${account}`);
  }
  for (const market of shards.flatMap(({ markets }) => markets)) {
    const { marketId, positions } = market;
    const told = books.market(marketId);
    const name = `market ${marketId}`;
    if (!isListedAs(told.listing, market.params)) found.push(`parameters of ${name}`);
    const insurance = positions.insuranceMicroUsd - (flight.insurance.get(marketId) ?? 0);
    expectEqual(`clearing of ${name}`, told.clearing, positions.totals[TOTAL_CLEARING] as number);
    expectEqual(`fees of ${name}`, told.fees, positions.totals[TOTAL_FEES] as number);
    expectEqual(`insurance of ${name}`, told.insurance, insurance);
    for (let account = 1; account <= last; account++) {
      const of = `account ${account} in ${name}`;
      expectEqual(`lots of ${of}`, told.lots.get(account), column(market, account, R_POSITION));
      const entry = column(market, account, R_ENTRY_VALUE);
      expectEqual(`entry value of ${of}`, told.entries.get(account), entry);
    }
  }
  if (books.difference() !== 0n) found.push(`money differs by ${books.difference()}`);
  return found;
}

/** Undefined: the account is at home nowhere yet; null: it has no key. */
function keyOf(shards: readonly ShardCore[], account: number): Uint8Array | null | undefined {
  const home = homeShardOf(shards, account);
  if (home === null) return undefined;
  const words = new Int32Array(PUBLIC_KEY_WORDS);
  homeOf(shards[home] as ShardCore).state.accounts.copyKey(account, words, 0);
  return words.some((word) => word !== 0) ? new Uint8Array(words.buffer) : null;
}

function hex(key: Uint8Array | null | undefined): string {
  return key instanceof Uint8Array ? Buffer.from(key).toString('hex') : String(key);
}

function isListedAs(listing: MarketListed | null, params: MarketParams): boolean {
  return (
    listing !== null &&
    listing.microUsdNumerator === params.microUsdPerTickLotNumerator &&
    listing.microUsdDenominator === params.microUsdPerTickLotDenominator &&
    LISTED.every((field) => listing[field] === params[field])
  );
}

function column(market: MarketActor, account: number, offset: number): number {
  return market.positions.rows.get(account, offset);
}

/** With that of its isolated positions; 0 while the account is on its way to its home. */
export function collateralOf(shards: readonly ShardCore[], account: number): number {
  const home = homeShardOf(shards, account);
  if (home === null) return 0;
  const { state } = homeOf(shards[home] as ShardCore);
  const purses = state.markets.all.map((market) => isolatedCollateral(state, market, account) ?? 0);
  return purses.reduce((sum: number, own) => sum + own, state.accounts.collateral(account));
}

/**
 * Between shards: a fill or transfer is told by its market already and has not come to its account, a payment is in the market's fund
 * and will be told by the account's home.
 */
function inFlight(shards: readonly ShardCore[]) {
  const cash = new Map<number, number>();
  const insurance = new Map<number, number>();
  for (const from of shards) {
    for (const to of shards) {
      if (from === to || from.routing === null || to.routing === null) continue;
      const taken = to.routing.channelFrom(from.routing.shardId).last;
      for (const message of from.routing.channelTo(to.routing.shardId).from(taken + 1)) {
        const head = message[SLOT_WORDS + W_HEAD] as number;
        const type = typeOf(head);
        if (type === EVT_FUNDING || type === EVT_INSURANCE) {
          const floats = new Float64Array(message.buffer, message.byteOffset, message.length / 2);
          add(insurance, marketOf(head), floats[SLOT_FLOATS + EF_PAYMENT] as number);
        } else {
          add(cash, message[SLOT_WORDS + W_ACCOUNT] as number, Number(cashOf(message)));
        }
      }
    }
  }
  return { cash, insurance };
}

function add(sums: Map<number, number>, key: number, change: number): void {
  sums.set(key, (sums.get(key) ?? 0) + change);
}
