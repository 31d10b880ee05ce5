import { assert } from '../../engine/assert.js';
import { R_POSITION } from '../../engine/kernel/layout.js';
import { sumOfPositions } from '../../engine/market/positions-canonical.js';
import {
  EF_LOTS,
  EW_FLAGS,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_FILL, EVT_TRANSFER, SIDE_BUY, sideOf } from '../../engine/messages/types.js';
import { cashOf } from '../../engine/shard/channel-cash.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { homeOf, homeShardOf } from './union-state.js';

/** What is on its way between shards: cash of fills, transfers, funding and insurance funds, and lots by market and account. */
interface InFlight {
  cash: bigint;
  lots: Map<string, number>;
}

/** What must hold over all shards at any moment, when messages that have left one and not reached the other are counted. */
export function checkCut(cores: readonly ShardCore[]): void {
  const flight = inFlight(cores);
  const money = cores.reduce((sum, core) => sum + core.moneyDifferenceMicroUsd(), flight.cash);
  assert(money === 0n, `money over all shards must balance, but differs by ${money} micro-USD`);
  for (const core of cores) {
    for (const { marketId, positions } of core.markets) {
      const sum = sumOfPositions(positions);
      assert(sum === 0, `the positions of market ${marketId} must add up to zero, not to ${sum}`);
      positions.rows.forEach((account, row) => {
        const lots = core.kernel.float(row + R_POSITION);
        if (lots !== 0) checkPosition(cores, flight, marketId, account, lots);
      });
    }
  }
}

/** The home's view and the fills under way make the market's position. */
function checkPosition(
  cores: readonly ShardCore[],
  flight: InFlight,
  marketId: number,
  account: number,
  lots: number,
): void {
  const home = homeShardOf(cores, account);
  assert(home !== null, `account ${account} has a position but no home`);
  const summary = homeOf(cores[home] as ShardCore).state.markets.find(marketId);
  const seen = summary?.rows.get(account, R_POSITION) ?? 0;
  const underWay = flight.lots.get(`${marketId}:${account}`) ?? 0;
  const where = `account ${account} in market ${marketId}`;
  const sentence = `${where}: home has ${seen} lots, ${underWay} are under way, the market has ${lots}`;
  assert(seen + underWay === lots, sentence);
}

function inFlight(cores: readonly ShardCore[]): InFlight {
  const flight: InFlight = { cash: 0n, lots: new Map() };
  cores.forEach((from, fromShard) => {
    cores.forEach((to, toShard) => {
      if (fromShard === toShard) return;
      const taken = to.routing?.channelFrom(fromShard).last ?? 0;
      const messages = from.routing?.channelTo(toShard).from(taken + 1) ?? [];
      for (const message of messages) addMessage(flight, message);
    });
  });
  return flight;
}

function addMessage(flight: InFlight, message: Int32Array): void {
  const floats = new Float64Array(message.buffer, message.byteOffset, message.length / 2);
  const head = message[SLOT_WORDS + W_HEAD] as number;
  flight.cash += cashOf(message);
  if (typeOf(head) !== EVT_FILL && typeOf(head) !== EVT_TRANSFER) return;
  const lots = floats[SLOT_FLOATS + EF_LOTS] as number;
  const isBuy = sideOf(message[SLOT_WORDS + EW_FLAGS] as number) === SIDE_BUY;
  const key = `${marketOf(head)}:${message[SLOT_WORDS + W_ACCOUNT]}`;
  flight.lots.set(key, (flight.lots.get(key) ?? 0) + (isBuy ? lots : -lots));
}
