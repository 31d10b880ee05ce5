import type { FeeSchedule } from '../../engine/market/fee-schedule.js';
import { INDEX_GUARDS } from '../../engine/market/index-price.js';
import { type MarginTerms, NO_MARGIN_TERMS } from '../../engine/market/margin-terms.js';
import type { MarketActor } from '../../engine/market/market-actor.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { MARKET_STATE } from '../../engine/market/market-state.js';
import * as layout from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import * as type from '../../engine/messages/types.js';
import type { AccountHome } from '../../engine/shard/account-home.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { NaiveClientIds } from './naive-client-ids.js';
import { naiveCountdownStep, naiveNextCountdown, writeCountdowns } from './naive-countdowns.js';
import { naiveAnswerDeleveraging, naiveDeleveraging } from './naive-deleveraging.js';
import { naiveOnEvent } from './naive-events.js';
import {
  type NaiveLiquidation,
  naiveCandidates,
  naiveLetsLiquidate,
  naiveLiquidationStep,
  naiveOnOpened,
  naiveOnPaid,
  writeLiquidations,
} from './naive-liquidations.js';
import { isFlat, type NaiveHolding, type NaiveMarket, openOf } from './naive-money.js';
import { naiveFundInsurance, naiveOperatorCommand } from './naive-operator.js';
import { naivePricing } from './naive-pricing.js';
import { naiveTradeCommand } from './naive-trade.js';
import { View } from './naive-views.js';

export interface NaiveAccount {
  id: number;
  parent: number;
  tier: number;
  /** It may take over positions from auctions. */
  isLiquidator: boolean;
  key: number[];
  collateral: bigint;
  /** Number of its last private event. */
  sequence: number;
}

/** Everything that the naive margin actor knows; its rules are functions over it. */
export interface NaiveState {
  accounts: Map<number, NaiveAccount>;
  /** In the order of their listing. */
  markets: NaiveMarket[];
  clientIds: NaiveClientIds;
  deposits: bigint;
  withdrawals: bigint;
  /** Idempotency keys, and whose each is, in order of arrival. */
  cashKeys: string[];
  /** Keys of transfers by family, oldest first. */
  transferKeys: Map<number, string[]>;
  /** Orders that are reserved and on their way to their market: several when trigger orders have fired. */
  pending: number;
  /** By account, and by market where margin is isolated (naiveKeyOf). */
  liquidations: Map<number, NaiveLiquidation>;
  /** When whose dead man's switch falls. */
  countdowns: Map<number, number>;
  fees: FeeSchedule;
  inbox: MessageBuffer;
  events: MessageBuffer;
}

/**
 * The twin of the margin actor: Maps, lists and bigint, and every sum taken anew from single orders and fills. It shares with the
 * product the layout of messages and the words of the rules, and nothing else; whole shards run on it and must emit the same bytes.
 */
export class NaiveHome implements AccountHome {
  readonly rules = { pricing: naivePricing, deleveraging: naiveDeleveraging };
  readonly state: NaiveState;

  constructor(inbox: MessageBuffer, events: MessageBuffer, fees: FeeSchedule) {
    this.state = {
      accounts: new Map(),
      markets: [],
      clientIds: new NaiveClientIds(),
      deposits: 0n,
      withdrawals: 0n,
      cashKeys: [],
      transferKeys: new Map(),
      pending: 0,
      liquidations: new Map(),
      countdowns: new Map(),
      fees,
      inbox,
      events,
    };
  }

  /** There is no short way here. */
  onTradeCommands(): number {
    return 0;
  }

  onTradeCommand(message: MessageBuffer, slot: number, nowMs: number): void {
    naiveTradeCommand(this.state, new View(message, slot), nowMs);
  }

  onOperatorCommand(message: MessageBuffer, slot: number, nowMs: number): void {
    const view = new View(message, slot);
    if (view.type === type.CMD_CANDIDATES) naiveCandidates(this.state, view, nowMs);
    else naiveOperatorCommand(this.state, view);
  }

  fundInsurance(message: MessageBuffer, slot: number, market: MarketActor): void {
    naiveFundInsurance(this.state, new View(message, slot), market);
  }

  openAccount(): void {
    throw new Error('the naive twin lives in one shard');
  }

  onEvent(events: MessageBuffer, slot: number, nowMs: number): boolean {
    const event = new View(events, slot);
    const { state } = this;
    if (event.type === type.EVT_DELEVERAGING) {
      naiveAnswerDeleveraging(state, event);
      return true;
    }
    if (event.type !== type.EVT_MARK_PRICE) {
      const isWhole = naiveOnEvent(state, event, nowMs);
      const pays = event.type === type.EVT_FUNDING || event.type === type.EVT_TRANSFER;
      if (pays) naiveOnPaid(state, event.account, event.marketId, nowMs);
      return isWhole;
    }
    const market = marketWith(state, event.marketId);
    if (market === null) return true;
    const couldClose = naiveLetsLiquidate(market);
    market.mark = BigInt(event.word(layout.EW_PRICE));
    market.guards = event.word(layout.EW_FLAGS) & INDEX_GUARDS;
    market.state = event.word(layout.EW_STATE);
    if (!couldClose && naiveLetsLiquidate(market)) naiveOnOpened(state, market, nowMs);
    market.openInterest = BigInt(event.float(layout.EF_OPEN_INTEREST));
    return true;
  }

  nextTimerMs(): number {
    const steps = [...this.state.liquidations.values()].map(({ nextMs }) => nextMs);
    return Math.min(naiveNextCountdown(this.state), ...steps);
  }

  onTime(nowMs: number): void {
    if (naiveNextCountdown(this.state) <= nowMs) naiveCountdownStep(this.state);
    else naiveLiquidationStep(this.state, nowMs);
  }

  get canListMarket(): boolean {
    return this.state.markets.length < 64;
  }

  onMarketListed(marketId: number, params: MarketParams): void {
    this.state.markets.push({
      marketId,
      params,
      terms: NO_MARGIN_TERMS,
      mark: 0n,
      guards: 0,
      state: MARKET_STATE.initializing,
      openInterest: 0n,
      holdings: new Map(),
    });
  }

  onMarketParams(marketId: number, params: MarketParams): void {
    const market = marketWith(this.state, marketId);
    if (market !== null) market.params = params;
  }

  onMarginTerms(marketId: number, terms: MarginTerms): void {
    const market = marketWith(this.state, marketId);
    if (market !== null) market.terms = terms;
  }

  sumOfCollateral(): bigint {
    const { accounts, markets } = this.state;
    const purses = markets.flatMap(({ holdings }) =>
      [...holdings.values()].map(({ purse }) => purse),
    );
    const all = [...accounts.values(), ...purses.filter((purse) => purse !== null)];
    return all.reduce((sum, { collateral }) => sum + collateral, 0n);
  }

  sumOfDeposits(): bigint {
    return this.state.deposits - this.state.withdrawals;
  }

  writeTradingState(writer: CanonicalWriter): void {
    const { accounts, markets, deposits, withdrawals } = this.state;
    writer.put(accounts.size);
    for (const account of accounts.values()) {
      const { parent, tier, isLiquidator, key } = account;
      for (const value of [1, parent, tier, isLiquidator ? 1 : 0, ...key]) writer.put(value);
      writer.put(Number(account.collateral));
    }
    for (const market of markets) {
      writer.put(market.marketId);
      writer.put(Number(market.mark));
      writer.put(market.guards);
      writer.put(market.state);
      writer.put(Number(market.openInterest));
      writeHoldings(writer, market);
      writeLeverages(writer, market);
      writeIsolated(writer, market);
    }
    writeLiquidations(this.state, writer);
    writeCountdowns(this.state, writer);
    for (const total of [deposits, withdrawals]) {
      writer.put(Number(total >> 32n));
      writer.put(Number(total & 0xffffffffn));
    }
  }

  writeDeliveryState(writer: CanonicalWriter): void {
    const { accounts, clientIds, cashKeys, transferKeys } = this.state;
    for (const account of accounts.values()) writer.put(account.sequence);
    clientIds.writeState(writer);
    writer.put(cashKeys.length);
    for (const key of cashKeys) for (const part of JSON.parse(key)) writer.put(part);
    writer.put(transferKeys.size);
    for (const [family, keys] of transferKeys) {
      writer.put(family);
      writer.put(keys.length);
      for (const key of keys) for (const word of JSON.parse(key)) writer.put(word);
    }
  }

  readTradingState(_reader: CanonicalReader): void {
    throw new Error('the naive twin is never interrupted');
  }
  readDeliveryState(_reader: CanonicalReader): void {
    throw new Error('the naive twin is never interrupted');
  }
}

export function marketWith(state: NaiveState, marketId: number): NaiveMarket | null {
  return state.markets.find((market) => market.marketId === marketId) ?? null;
}

export function holdingOf(market: NaiveMarket, account: number): NaiveHolding {
  let holding = market.holdings.get(account);
  if (holding === undefined) {
    holding = { position: 0n, entryValue: 0n, leverage: 0n, orders: [], purse: null };
    market.holdings.set(account, holding);
  }
  return holding;
}

export function naiveReject(
  state: NaiveState,
  message: View,
  name: keyof typeof REJECT,
  value: number | bigint,
  limit: number | bigint,
): void {
  const { buffer, slot } = message;
  pushRejection(state.events, buffer, slot, REJECT[name], Number(value), Number(limit));
}

function writeHoldings(writer: CanonicalWriter, market: NaiveMarket): void {
  const held = [...market.holdings].filter(([, holding]) => !isFlat(holding));
  writer.put(held.length);
  for (const [account, holding] of held.sort(([a], [b]) => a - b)) {
    const bids = openOf(holding, true);
    const asks = openOf(holding, false);
    const row = [holding.position, holding.entryValue, bids.lots, asks.lots, bids.loss, asks.loss];
    writer.put(account);
    for (const value of row) writer.put(Number(value));
  }
}

function writeIsolated(writer: CanonicalWriter, market: NaiveMarket): void {
  const isolated = [...market.holdings].filter(([, { purse }]) => purse !== null);
  writer.put(isolated.length);
  for (const [account, { purse }] of isolated.sort(([a], [b]) => a - b)) {
    writer.put(account);
    writer.put(Number(purse?.collateral));
  }
}

function writeLeverages(writer: CanonicalWriter, market: NaiveMarket): void {
  const chosen = [...market.holdings].filter(([, { leverage }]) => leverage !== 0n);
  writer.put(chosen.length);
  for (const [account, { leverage }] of chosen.sort(([a], [b]) => a - b)) {
    writer.put(account);
    writer.put(Number(leverage));
  }
}
