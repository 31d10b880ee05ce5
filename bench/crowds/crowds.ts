import { CANDIDATES_MAX, candidatesMessage } from '../../engine/messages/candidates.js';
import * as type from '../../engine/messages/types.js';
import { BRACKETS_PER_ACCOUNT_MAX } from '../../engine/parents/bracket.js';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { WAITING_PER_ACCOUNT_MAX } from '../../engine/triggers/trigger-store.js';
import { MARKET_ID_ALL } from '../../engine/units/units.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import { accountsBelow } from '../../risk/runtime/sweep-here.js';
import { command, type Fields, type Wire } from '../../sim/traffic/wire.js';
import { MARK_TICKS } from '../book/core-setup.js';
import { CrowdShard, MARKET, type Took, tookOf } from './crowd-shard.js';

/** Something of which a market may have very many, and what is done to it then. */
export interface Crowd {
  name: string;
  /** Each operation by name, while there are `count` of them. */
  measure(count: number): Record<string, Took>;
}

const SEED = 20;
/** So many of the crowd are taken away, or moved; and so many prices come. */
const PICKED = 1_000;
const PRICES = 200;
const ORDERS_EACH = 1_000;

export const CROWDS: readonly Crowd[] = [
  { name: 'stops', measure: stops },
  { name: 'trailing stops', measure: trailingStops },
  { name: 'brackets', measure: brackets },
  { name: 'orders far from the touch', measure: farOrders },
  { name: 'orders at one price', measure: ordersAtOnePrice },
  { name: 'orders with an expiry', measure: expiringOrders },
  { name: "dead man's switches", measure: switches },
  { name: 'liquidations', measure: liquidations },
];

function stops(count: number): Record<string, Took> {
  const accounts = Math.ceil(count / (WAITING_PER_ACCOUNT_MAX - 1));
  const shard = new CrowdShard(accounts);
  const random = new Xorshift(SEED);
  const stop = (i: number) => {
    const trigger = { ...ON_MARK, kind: type.TRIGGER_STOP, price: random.between(50_000, 99_000) };
    return waiting(1 + (i % accounts), { trigger });
  };
  return {
    place: shard.measure(times(count, stop)),
    cancel: shard.measure(cancels(count, accounts, random)),
    'a price that fires none': prices(shard, () => MARK_TICKS + random.below(100)),
    'one that fires, of a hundredth': firing(shard, 98_510),
  };
}

function trailingStops(count: number): Record<string, Took> {
  const accounts = Math.ceil(count / (WAITING_PER_ACCOUNT_MAX - 1));
  const shard = new CrowdShard(accounts);
  const random = new Xorshift(SEED);
  const stop = (i: number) => {
    const trailTicks = random.between(20_000, 50_000);
    return waiting(1 + (i % accounts), {
      trigger: { ...ON_MARK, kind: type.TRIGGER_TRAILING_STOP, trailTicks },
    });
  };
  return {
    place: shard.measure(times(count, stop)),
    'a price that all follow': prices(shard, (i) => MARK_TICKS + 1 + i),
    cancel: shard.measure(cancels(count, accounts, random)),
  };
}

function brackets(count: number): Record<string, Took> {
  const accounts = Math.ceil(count / (BRACKETS_PER_ACCOUNT_MAX - 1));
  const shard = new CrowdShard(accounts + 1);
  const random = new Xorshift(SEED);
  const legs = { profit: { at: 150_000 }, stop: { at: 50_000 } };
  const bracket = (i: number) => {
    const price = random.between(90_000, 99_000);
    const fields = { ...order(1 + (i % accounts), type.SIDE_BUY, price, 1), bracket: legs };
    return command(type.CMD_PLACE_BRACKET, fields);
  };
  const place = shard.measure(times(count, bracket));
  const filled = Math.ceil(count / 10);
  const sell = order(accounts + 1, type.SIDE_SELL, 80_000, filled, type.TIF_IOC);
  return { place, 'a fill that arms one': shard.measure([placing(sell)], filled) };
}

function farOrders(count: number): Record<string, Took> {
  const accounts = Math.ceil(count / ORDERS_EACH);
  const shard = new CrowdShard(accounts);
  const random = new Xorshift(SEED);
  shard.send(placing(order(1, type.SIDE_BUY, MARK_TICKS - 1, 1)));
  const far = (i: number) =>
    placing(order(1 + (i % accounts), type.SIDE_BUY, random.between(1, MARK_TICKS / 2), 1));
  return {
    place: shard.measure(times(count, far)),
    cancel: shard.measure(cancels(count, accounts, random, 2)),
  };
}

function ordersAtOnePrice(count: number): Record<string, Took> {
  const accounts = Math.ceil(count / ORDERS_EACH);
  const shard = new CrowdShard(accounts + 1);
  const random = new Xorshift(SEED);
  const same = (i: number) => placing(order(1 + (i % accounts), type.SIDE_BUY, 99_000, 1));
  const place = shard.measure(times(count, same));
  const cancel = shard.measure(cancels(count, accounts, random));
  const filled = Math.ceil(count / 10);
  const sell = order(accounts + 1, type.SIDE_SELL, 98_000, filled, type.TIF_IOC);
  return { place, cancel, 'a fill': shard.measure([placing(sell)], filled) };
}

function expiringOrders(count: number): Record<string, Took> {
  const accounts = Math.ceil(count / ORDERS_EACH);
  const shard = new CrowdShard(accounts);
  const random = new Xorshift(SEED);
  const gtd = (i: number) => {
    const expiryMs = shard.nowMs + random.between(10_000, 100_000);
    const fields = order(1 + (i % accounts), type.SIDE_BUY, 99_000, 1, type.TIF_GTD);
    return placing({ ...fields, expiryMs });
  };
  const place = shard.measure(times(count, gtd));
  const cancel = shard.measure(cancels(count, accounts, random));
  const expiring = count - cancel.count;
  const timers = Array.from({ length: 100 }, () => shard.timers(1_000)).flat();
  return { place, cancel, 'one that expires': tookOf(timers, expiring) };
}

function switches(count: number): Record<string, Took> {
  const shard = new CrowdShard(count);
  const random = new Xorshift(SEED);
  const set = (account: number) => {
    const qty = random.between(10_000, 60_000);
    return command(type.CMD_CANCEL_ALL_AFTER, { marketId: MARKET_ID_ALL, account, qty });
  };
  return {
    set: shard.measure(times(count, (i) => set(1 + i))),
    'set again': shard.measure(times(PICKED * 10, () => set(random.between(1, count)))),
    'one that falls': tookOf(shard.timers(100_000)),
  };
}

/** All at once, with a thin book: each waits in an auction at last. */
function liquidations(count: number): Record<string, Took> {
  const shard = new CrowdShard(count + 1, 15_700_000);
  const maker = count + 1;
  shard.deposit(maker, 1e14);
  const LOTS = 50;
  for (let account = 1; account <= count; account++) {
    shard.send(placing(order(maker, type.SIDE_SELL, MARK_TICKS, LOTS)));
    shard.send(placing(order(account, type.SIDE_BUY, MARK_TICKS, LOTS)));
  }
  shard.price(MARK_TICKS - 2_000);
  const { state } = shard.core.home as MarginActor;
  const below = accountsBelow(state.kernel, 1, state.accounts.lastId + 1);
  if (below.length !== count) throw new Error(`${below.length} of ${count} are below their margin`);
  const waves: Wire[] = [];
  for (let i = 0; i < count; i += CANDIDATES_MAX) {
    waves.push(candidatesMessage(below.slice(i, i + CANDIDATES_MAX)));
  }
  return {
    'the beginning of one': shard.measure(waves, count),
    'a slice of one': tookOf(shard.timers(100), count),
    'an auction of one': tookOf(shard.timers(2_000), count),
  };
}

const ON_MARK = { source: type.PRICE_OF_MARK };

function order(account: number, side: number, price: number, qty: number, tif = type.TIF_GTC) {
  return { marketId: MARKET, account, flags: side | (tif << type.TIF_SHIFT), price, qty };
}

function placing(fields: Fields): Wire {
  return command(type.CMD_PLACE, fields);
}

/** A market order that waits to sell. */
function waiting(account: number, fields: Fields): Wire {
  const flags = type.SIDE_SELL | type.FLAG_MARKET_ORDER | (type.TIF_IOC << type.TIF_SHIFT);
  return command(type.CMD_PLACE_TRIGGER, { marketId: MARKET, account, flags, qty: 1, ...fields });
}

function times(count: number, wire: (i: number) => Wire): Wire[] {
  return Array.from({ length: count }, (_, i) => wire(i));
}

/** Of orders that were placed by the accounts in turns, the first with this id; each at most once. */
function cancels(count: number, accounts: number, random: Xorshift, firstId = 1): Wire[] {
  const picked = new Set<number>();
  while (picked.size < Math.min(PICKED, count / 10)) picked.add(random.below(count));
  return [...picked].map((i) => {
    const account = 1 + (i % accounts);
    return command(type.CMD_CANCEL, { marketId: MARKET, account, orderId: firstId + i });
  });
}

function prices(shard: CrowdShard, ticks: (i: number) => number): Took {
  return tookOf(Array.from({ length: PRICES }, (_, i) => shard.price(ticks(i))));
}

function firing(shard: CrowdShard, ticks: number): Took {
  const before = shard.core.market(MARKET)?.triggers.store.size ?? 0;
  const ms = shard.price(ticks);
  const fired = before - (shard.core.market(MARKET)?.triggers.store.size ?? 0);
  return tookOf([ms], fired);
}
