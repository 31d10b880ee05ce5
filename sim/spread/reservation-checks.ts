import { assert } from '../../engine/assert.js';
import { R_OPEN_LOSS, R_OPEN_LOTS } from '../../engine/kernel/layout.js';
import { sideOf } from '../../engine/messages/types.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { homeOf, homeShardOf } from './union-state.js';

/** Lots and loss value of the open orders of one account on one side. */
interface Open {
  lots: number;
  loss: number;
}

/** No margin actor is more optimistic than the books: what it has reserved covers every order that is open. */
export function checkReservations(cores: readonly ShardCore[]): void {
  for (const core of cores) {
    for (const { marketId, book } of core.markets) {
      const writer = new CanonicalWriter();
      book.writeCanonical(writer, false);
      for (const [key, open] of openByAccount(new CanonicalReader(writer.bytes()))) {
        const [account, side] = key.split(':').map(Number) as [number, number];
        checkOne(cores, marketId, account, side, open);
      }
    }
  }
}

function checkOne(
  cores: readonly ShardCore[],
  marketId: number,
  account: number,
  side: number,
  open: Open,
): void {
  const home = homeShardOf(cores, account);
  assert(home !== null, `account ${account} has orders but no home`);
  const market = homeOf(cores[home] as ShardCore).state.markets.find(marketId);
  assert(market !== null, `account ${account} has orders in a market that its home does not know`);
  const lots = market.rows.get(account, R_OPEN_LOTS + side * 8);
  const loss = market.rows.get(account, R_OPEN_LOSS + side * 8);
  const where = `account ${account} in market ${marketId}, side ${side}`;
  const has = `${open.lots} lots with a loss of ${open.loss}`;
  const sentence = `${where}: open are ${has}, reserved ${lots} with ${loss}`;
  assert(lots >= open.lots && loss >= open.loss, sentence);
}

/** Last ids, then count and orders of each side: id, account, flags, price, remaining, total, expiry, loss ticks. */
function openByAccount(reader: CanonicalReader): Map<string, Open> {
  const found = new Map<string, Open>();
  reader.take();
  reader.take();
  reader.take();
  for (let side = 0; side < 2; side++) {
    for (let left = reader.take(); left > 0; left--) {
      const order = Array.from({ length: 8 }, () => reader.take());
      const [, account, flags, , remaining, , , lossTicks] = order as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      const key = `${account}:${sideOf(flags)}`;
      const open = found.get(key) ?? { lots: 0, loss: 0 };
      found.set(key, { lots: open.lots + remaining, loss: open.loss + remaining * lossTicks });
    }
  }
  return found;
}
