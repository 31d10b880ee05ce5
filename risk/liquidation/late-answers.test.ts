import { describe, expect, it } from 'vitest';
import { writeMarketParams } from '../../engine/market/market-params.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import { candidatesMessage } from '../../engine/messages/candidates.js';
import { SLOT_WORDS, W_PRICE } from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { tellEvents } from '../../engine/testing/events.js';
import { applyWire, channelMessages } from '../../sim/spread/apply-wire.js';
import { command, type Wire, withSlots } from '../../sim/traffic/wire.js';
import { PARAMS } from '../margin/trigger-shard.fixture.js';
import { createSpreadCore } from '../testing/spread-core.js';

const USD = 1_000_000;
const MARKET = 1;
const HOST = 0;
const OTHER = 1;

/**
 * Two shards. At home with the market are account 1, who is long 800 lots with 1,000 USD and bankrupt below 875, and account 3, a
 * liquidator; in the other shard is account 2, who is short. What the other shard sends can be held back.
 */
class TwoShards {
  private readonly cores = [createSpreadCore(HOST, 2), createSpreadCore(OTHER, 2)];
  private nowMs = 1_000;
  private held: Wire[] | null = null;

  constructor() {
    const list = withSlots(type.CMD_LIST_MARKET, 3, { marketId: MARKET });
    writeMarketParams(list, new Float64Array(list.buffer), SLOT_WORDS, PARAMS);
    this.send(HOST, list);
    const open = { marketId: MARKET, flags: MARKET_STATE.open };
    this.send(HOST, withSlots(type.CMD_SET_MARKET_STATE, 1, open));
    this.mark(1000);
    for (const [account, usd] of [1_000, 10_000, 10_000].entries()) {
      this.send(HOST, withSlots(type.CMD_CREATE_ACCOUNT, 2, {}));
      this.deposit(account + 1, usd);
    }
    this.send(HOST, withSlots(type.CMD_SET_LIQUIDATOR, 1, { account: 3, flags: 1 }));
    const order = { marketId: MARKET, qty: 800, price: 1000 };
    this.send(OTHER, command(type.CMD_PLACE, { ...order, account: 2, flags: type.SIDE_SELL }));
    this.send(HOST, command(type.CMD_PLACE, { ...order, account: 1, flags: type.SIDE_BUY }));
    expect(this.position(1)).toBe(800);
  }

  deposit(account: number, usd: number): void {
    const shard = account === 2 ? OTHER : HOST;
    this.send(shard, withSlots(type.CMD_DEPOSIT, 1, { account, qty: usd * USD }));
  }

  mark(price: number): void {
    const fields = { marketId: MARKET, price, qty: this.nowMs };
    this.send(HOST, withSlots(type.CMD_ORACLE_PRICE, 1, fields));
  }

  takeOver(lots: number, price: number): string[] {
    const fields = { account: 3, marketId: MARKET, orderId: 1, qty: lots, price };
    return this.send(HOST, command(type.CMD_TAKE_OVER, fields));
  }

  /** Runs the market's shard until the liquidation of account 1 comes to this. */
  passUntil(stage: string): void {
    for (let steps = 0; steps < 100; steps++) {
      this.nowMs = Math.max(this.nowMs, this.host.nextTimerMs());
      const told = this.send(HOST, withSlots(type.CMD_TIMER, 1, {}));
      if (told.some((line) => line.startsWith(`liquidation of 1: ${stage}`))) return;
    }
    throw new Error(`the liquidation never came to ${stage}`);
  }

  /** Below 875 account 1 is bankrupt, and nobody bids: the other shard is asked who may be deleveraged, and its answer stays away. */
  askWhoIsDeleveraged(): void {
    this.mark(870);
    this.send(HOST, candidatesMessage([1]));
    this.held = [];
    this.passUntil('deleveraging');
    expect(this.held.length).toBeGreaterThan(0);
  }

  /** Each of so many more accounts at home in the other shard sells a lot to account 3, with so little money that it comes first. */
  addShorts(count: number): void {
    const order = { marketId: MARKET, qty: 1, price: 1000 };
    for (let account = 4, left = count; left > 0; account++) {
      this.send(HOST, withSlots(type.CMD_CREATE_ACCOUNT, 2, {}));
      if (account % 2 !== 0) continue;
      this.send(OTHER, withSlots(type.CMD_DEPOSIT, 1, { account, qty: 5 * USD }));
      this.send(OTHER, command(type.CMD_PLACE, { ...order, account, flags: type.SIDE_SELL }));
      this.send(HOST, command(type.CMD_PLACE, { ...order, account: 3, flags: type.SIDE_BUY }));
      left--;
    }
    expect(this.position(3)).toBe(count);
  }

  /** The other shard's messages arrive, all of them late. */
  deliverLate(): string[] {
    const late = this.held ?? [];
    this.held = null;
    return late.flatMap((wire) => this.send(HOST, wire));
  }

  restartHost(): void {
    const writer = new CanonicalWriter();
    this.host.writeSnapshot(writer);
    this.cores[HOST] = createSpreadCore(HOST, 2);
    this.host.readSnapshot(new CanonicalReader(writer.bytes()));
  }

  position(account: number): number {
    return this.host.market(MARKET)?.positions.positionOf(account) ?? 0;
  }

  private get host(): ShardCore {
    return this.cores[HOST] as ShardCore;
  }

  /** Runs the message and what it sets off in the other shard; returns what this shard tells at once. */
  private send(shard: number, wire: Wire): string[] {
    const core = this.cores[shard] as ShardCore;
    applyWire(core, wire, this.nowMs);
    core.check();
    const told = tellEvents(core.events);
    for (const message of channelMessages(core.events)) {
      const to = message[W_PRICE] as number;
      if (to === HOST && this.held !== null) this.held.push(message);
      else this.send(to, message);
    }
    return told;
  }
}

function transfers(told: readonly string[]): string[] {
  return told.filter((line) => /take-over|deleveraging/.test(line));
}

describe('who may be deleveraged, answered late by another shard', () => {
  it('is nobody any more when the account has equity again and is being sold in an auction', () => {
    const shards = new TwoShards();
    shards.askWhoIsDeleveraged();
    // 40 USD of equity.
    shards.mark(880);
    shards.passUntil('auction');
    expect(transfers(shards.deliverLate())).toEqual([]);
    expect(shards.position(1)).toBe(800);
    // The auction sells what is there.
    expect(transfers(shards.takeOver(800, 880))).toHaveLength(2);
    expect([1, 2, 3].map((account) => shards.position(account))).toEqual([0, -800, 800]);
  });

  it('is nobody any more when a deposit has set the account free', () => {
    const shards = new TwoShards();
    shards.askWhoIsDeleveraged();
    shards.deposit(1, 5_000);
    shards.passUntil('ended');
    expect(transfers(shards.deliverLate())).toEqual([]);
    expect(shards.position(1)).toBe(800);
  });

  it('counts once, by what is behind the position now, when the account has become bankrupt again', () => {
    const shards = new TwoShards();
    shards.askWhoIsDeleveraged();
    shards.mark(880);
    shards.passUntil('slices');
    shards.restartHost();
    // 40 USD more are 5 ticks of 800 lots: bankrupt below 870 now.
    shards.deposit(1, 40);
    shards.mark(865);
    shards.passUntil('deleveraging');
    expect(transfers(shards.deliverLate())).toEqual([
      'deleveraging 1 sell 800@870, position 0',
      'deleveraging 2 buy 800@870, position 0',
    ]);
    expect([1, 2].map((account) => shards.position(account))).toEqual([0, 0]);
  });

  it.each([6, 7, 8, 20])('are as many as fit into a message between shards, of 1 + %i', (more) => {
    const shards = new TwoShards();
    shards.addShorts(more);
    shards.askWhoIsDeleveraged();
    const told = transfers(shards.deliverLate());
    // Of the bankrupt one and of the other side.
    expect(told).toHaveLength(2 * Math.min(1 + more, 8));
  });
});
