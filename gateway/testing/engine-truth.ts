import {
  EF_LOTS,
  EF_TRADE_SEQUENCE,
  marketOf,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_FILL, FLAG_SIDE } from '../../engine/messages/types.js';
import { collectSeed } from '../../main/exchange/shard-seed.js';
import type { AllDoors } from './all-doors.js';

const MARKET = 1;
const ORDER_COLUMNS = 23;

/** What one account has in market 1, in the engine's units. */
export interface AccountView {
  /** Lots that are left, by order id. */
  orders: Map<number, number>;
  positionLots: number;
  collateralMicroUsd: number;
  /** Lots, by trade id. */
  fills: Map<number, number>;
}

/** Lots by price in ticks, best first. */
export interface BookView {
  bids: [number, number][];
  asks: [number, number][];
}

/** What is so in the engine itself: nothing here is taken from a door or a fold of one. */
export class EngineTruth {
  private readonly doors: AllDoors;
  private readonly fills = new Map<number, Map<number, number>>();

  /** Fills are those from now on. */
  constructor(doors: AllDoors) {
    this.doors = doors;
    doors.observe = (words, floats, at) => {
      const head = words[at + W_HEAD] as number;
      if (typeOf(head) !== EVT_FILL || marketOf(head) !== MARKET) return;
      const account = words[at + W_ACCOUNT] as number;
      const own = this.fills.get(account) ?? new Map<number, number>();
      this.fills.set(account, own);
      own.set(floats[at / 2 + EF_TRADE_SEQUENCE] as number, floats[at / 2 + EF_LOTS] as number);
    };
  }

  of(account: number): AccountView {
    const { accounts, positions } = collectSeed(this.doors.core, 0);
    const rows = this.orderRows().filter((row) => row.account === account);
    let positionLots = 0;
    for (let at = 0; at < positions.length; at += 4) {
      const isOwn = positions[at] === account && positions[at + 1] === MARKET;
      if (isOwn) positionLots = positions[at + 2] as number;
    }
    return {
      orders: sorted(rows.map(({ orderId, lots }) => [orderId, lots])),
      positionLots,
      collateralMicroUsd: accounts[(account - 1) * 3 + 1] as number,
      fills: sorted([...(this.fills.get(account) ?? [])]),
    };
  }

  book(): BookView {
    const sides = [new Map<number, number>(), new Map<number, number>()] as const;
    for (const { side, ticks, lots } of this.orderRows()) {
      sides[side].set(ticks, (sides[side].get(ticks) ?? 0) + lots);
    }
    const [bids, asks] = [[...sides[0]], [...sides[1]]];
    return { bids: bids.sort(([a], [b]) => b - a), asks: asks.sort(([a], [b]) => a - b) };
  }

  private orderRows() {
    const { orders } = collectSeed(this.doors.core, 0);
    const rows = [];
    for (let at = 0; at < orders.length; at += ORDER_COLUMNS) {
      const [market, orderId, account, flags, ticks, lots] = orders.subarray(
        at,
        at + 6,
      ) as never as [...[number, number, number, number, number, number]];
      const side = (flags & FLAG_SIDE) as 0 | 1;
      if (market === MARKET) rows.push({ orderId, account, side, ticks, lots });
    }
    return rows;
  }
}

export function sorted(entries: [number, number][]): Map<number, number> {
  return new Map(entries.sort(([a], [b]) => a - b));
}
