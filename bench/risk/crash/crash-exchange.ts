import { performance } from 'node:perf_hooks';
import {
  MARGIN_SLOTS,
  W_MARGIN_TERMS,
  writeMarginTerms,
} from '../../../engine/market/margin-terms.js';
import type { MarketActor } from '../../../engine/market/market-actor.js';
import { PARAM_WORDS, writeMarketParams } from '../../../engine/market/market-params.js';
import { MARKET_STATE } from '../../../engine/market/market-state.js';
import {
  PRICING_WORDS,
  type PricingParams,
  writePricingParams,
} from '../../../engine/market/pricing-params.js';
import { CANDIDATES_MAX, candidatesMessage } from '../../../engine/messages/candidates.js';
import { SLOT_FLOATS, SLOT_WORDS } from '../../../engine/messages/layout.js';
import { MessageBuffer } from '../../../engine/messages/message-buffer.js';
import * as type from '../../../engine/messages/types.js';
import type { ShardCore } from '../../../engine/shard/shard-core.js';
import { createShardCore } from '../../../main/compose.js';
import type { MarketConfig } from '../../../main/config/market-config.js';
import type { MarginActor } from '../../../risk/margin/margin-actor.js';
import { accountsBelow } from '../../../risk/runtime/sweep-here.js';
import { command, type Fields, type Wire, withSlots } from '../../../sim/traffic/wire.js';

const START_MS = Date.UTC(2026, 0, 1);

/** Who looks at the events of every frame. */
export type Listener = (core: ShardCore) => void;

/** The engine alone, in this thread, with the default market and a time of its own: what a shard does, without its journal. */
export class CrashExchange {
  readonly core: ShardCore = createShardCore();
  readonly market: MarketActor;
  nowMs = START_MS;
  frames = 0;
  /** Wall-clock time of the engine, in ms. */
  busyMs = 0;
  private readonly home: MarginActor;
  private readonly messages = new MessageBuffer(256);
  private readonly listeners: Listener[] = [];
  private sweptChanges = -1;

  constructor({ marketId, params, margin }: MarketConfig, pricing: PricingParams) {
    this.home = this.core.home as MarginActor;
    this.send(withParams(type.CMD_LIST_MARKET, marketId, params));
    this.send(withPricing(marketId, pricing));
    this.send(withMargin(marketId, margin));
    this.send(withSlots(type.CMD_SET_MARKET_STATE, 1, { marketId, flags: MARKET_STATE.open }));
    this.send(withSlots(type.CMD_SET_FEE_RATES, 1, { price: 500, qty: 200 }));
    this.market = this.core.market(marketId) as MarketActor;
  }

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  get sinceStartMs(): number {
    return this.nowMs - START_MS;
  }

  account(microUsd: number): number {
    this.send(withSlots(type.CMD_CREATE_ACCOUNT, 2, {}));
    const account = this.home.state.accounts.lastId;
    this.send(withSlots(type.CMD_DEPOSIT, 1, { account, qty: microUsd }));
    return account;
  }

  order(fields: Fields): void {
    this.send(command(type.CMD_PLACE, { marketId: this.market.marketId, ...fields }));
  }

  /** An index price, and everything at once that follows from it: the sweep, and the steps of liquidations that are due. */
  price(ticks: number): void {
    const { marketId } = this.market;
    this.send(withSlots(type.CMD_ORACLE_PRICE, 1, { marketId, price: ticks, qty: this.nowMs }));
    this.settle();
  }

  /** Time goes on; what falls due on the way happens then. */
  passTo(timeMs: number): void {
    for (let next = this.core.nextTimerMs(); next <= timeMs; next = this.core.nextTimerMs()) {
      this.nowMs = Math.max(this.nowMs, next);
      this.send(withSlots(type.CMD_TIMER, 1, {}));
      this.settle();
    }
    this.nowMs = timeMs;
  }

  equityOf(account: number): number {
    const { accounts, kernel } = this.home.state;
    return kernel.calls.equityOf(account, accounts.at(account));
  }

  isLiquidating(account: number): boolean {
    return this.home.state.accounts.isLiquidating(account);
  }

  collateralOf(account: number): number {
    return this.home.state.accounts.collateral(account);
  }

  send(...wires: Wire[]): void {
    const { core, messages } = this;
    messages.rewind();
    for (const wire of wires) {
      const slot = messages.push(wire.length / SLOT_WORDS);
      messages.words.set(wire, slot * SLOT_WORDS);
    }
    core.events.reset();
    const began = performance.now();
    const firstSequence = core.sequence + 1;
    core.applyFrame({ messages, firstSequence, count: wires.length, timeMs: this.nowMs });
    this.busyMs += performance.now() - began;
    this.frames++;
    for (const listener of this.listeners) listener(core);
  }

  /** As the host does between two frames, and then the timers that are due at once. */
  private settle(): void {
    this.sweep();
    while (this.core.nextTimerMs() <= this.nowMs) {
      this.send(withSlots(type.CMD_TIMER, 1, {}));
      this.sweep();
    }
  }

  private sweep(): void {
    const { home } = this;
    if (home.termsChanges === this.sweptChanges) return;
    this.sweptChanges = home.termsChanges;
    const began = performance.now();
    const below = accountsBelow(home.state.kernel, 1, home.lastAccount + 1);
    this.busyMs += performance.now() - began;
    for (let i = 0; i < below.length; i += CANDIDATES_MAX) {
      this.send(candidatesMessage(below.slice(i, i + CANDIDATES_MAX)));
    }
  }
}

function withParams(kind: number, marketId: number, params: MarketConfig['params']): Wire {
  const wire = withSlots(kind, 1 + PARAM_WORDS / SLOT_WORDS, { marketId });
  writeMarketParams(wire, new Float64Array(wire.buffer), SLOT_WORDS, params);
  return wire;
}

function withPricing(marketId: number, pricing: PricingParams): Wire {
  const wire = withSlots(type.CMD_SET_PRICING, 1 + PRICING_WORDS / SLOT_WORDS, { marketId });
  writePricingParams(new Float64Array(wire.buffer), SLOT_FLOATS, pricing);
  return wire;
}

function withMargin(marketId: number, margin: MarketConfig['margin']): Wire {
  const wire = withSlots(type.CMD_SET_MARGIN_TIERS, MARGIN_SLOTS, { marketId });
  writeMarginTerms(wire, new Float64Array(wire.buffer), W_MARGIN_TERMS, margin);
  return wire;
}
