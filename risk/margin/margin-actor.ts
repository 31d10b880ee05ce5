import type { Kernel } from '../../engine/kernel/host/kernel.js';
import type { KernelBuffer } from '../../engine/kernel/host/kernel-buffer.js';
import { R_ENTRY_VALUE, R_OPEN_LOSS, R_OPEN_LOTS, R_POSITION } from '../../engine/kernel/layout.js';
import type { FeeSchedule } from '../../engine/market/fee-schedule.js';
import { INDEX_GUARDS } from '../../engine/market/index-price.js';
import type { MarginTerms } from '../../engine/market/margin-terms.js';
import type { MarketActor } from '../../engine/market/market-actor.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { W_CANDIDATES } from '../../engine/messages/candidates.js';
import {
  EF_LOTS,
  EF_OPEN_INTEREST,
  EVENT_SLOTS,
  EW_FLAGS,
  EW_PRICE,
  EW_STATE,
  F_QTY,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import {
  CMD_CANDIDATES,
  CMD_CREATE_ACCOUNT,
  CMD_DEPOSIT,
  CMD_SET_FEE_TIER,
  CMD_SET_LIQUIDATOR,
  CMD_WITHDRAW,
  EVT_DELEVERAGING,
  EVT_DONE,
  EVT_FUNDING,
  EVT_LIQUIDATION,
  EVT_MARK_PRICE,
  EVT_TRANSFER,
} from '../../engine/messages/types.js';
import type { AccountHome } from '../../engine/shard/account-home.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { asMicroUsd, asPriceTicks, asQtyLots } from '../../engine/units/units.js';
import { deleveragingRules } from '../deleveraging/deleveraging-rules.js';
import { G_HOMES_ELSEWHERE, MARKETS_MAX } from '../kernel/layout.js';
import { answerDeleveraging } from '../liquidation/deleveraging-candidates.js';
import { Liquidations } from '../liquidation/liquidations.js';
import { pricingRules } from '../pricing/pricing-rules.js';
import { Accounts, PUBLIC_KEY_WORDS } from './accounts.js';
import { CashLedger } from './cash-ledger.js';
import { ClientIds } from './client-ids.js';
import { Countdowns } from './countdowns.js';
import { IsolatedMargin } from './isolated-margin.js';
import { Lane } from './lane.js';
import type { MarketSummary } from './market-summaries.js';
import { MarketTable } from './market-table.js';
import { OperatorCommands, pushAnswer } from './operator-commands.js';
import { OrderEventHandler } from './order-events.js';
import { riskKernelOf } from './risk-kernel.js';
import { SubAccounts } from './sub-accounts.js';
import { type MarginState, TradeCommands } from './trade-commands.js';

/** Columns of an account's row in a market, as snapshots have them: buy side before sell side. */
const SUMMARY_COLUMNS = [
  R_POSITION,
  R_ENTRY_VALUE,
  R_OPEN_LOTS,
  R_OPEN_LOTS + 8,
  R_OPEN_LOSS,
  R_OPEN_LOSS + 8,
];

/** Home of accounts: collateral, cross margin over all markets, reservations, private feeds, client order ids. */
export class MarginActor implements AccountHome {
  readonly rules = { pricing: pricingRules, deleveraging: deleveragingRules };
  readonly state: MarginState;
  readonly cash = new CashLedger();
  readonly liquidations: Liquidations;
  readonly countdowns: Countdowns;
  /**
   * How often something has changed on which the margin of many accounts rests: marks, guards, rates. Whoever sweeps the accounts has to
   * do it again then. No part of the state.
   */
  termsChanges = 0;
  private readonly isolated: IsolatedMargin;
  private readonly subAccounts: SubAccounts;
  private readonly lane: Lane;
  private readonly trade: TradeCommands;
  private readonly operator: OperatorCommands;
  private readonly orderEvents: OrderEventHandler;
  private readonly inbox: MessageBuffer;
  private readonly events: MessageBuffer;

  /** `hasStrangers`: traders whose home is another shard come to markets here. */
  constructor(
    inbox: MessageBuffer,
    events: MessageBuffer,
    fees: FeeSchedule,
    engineKernel: Kernel,
    hasStrangers = true,
  ) {
    const kernel = riskKernelOf(engineKernel);
    this.state = {
      kernel,
      accounts: new Accounts(kernel),
      markets: new MarketTable(kernel),
      clientIds: new ClientIds(kernel),
      fees,
    };
    kernel.words[G_HOMES_ELSEWHERE >> 2] = hasStrangers ? 1 : 0;
    this.inbox = inbox;
    this.events = events;
    this.countdowns = new Countdowns(this.state, inbox, events);
    this.subAccounts = new SubAccounts(this.state, events);
    this.trade = new TradeCommands(this.state, inbox, events, this.countdowns, this.subAccounts);
    this.operator = new OperatorCommands(this.state, this.cash, events);
    this.orderEvents = new OrderEventHandler(this.state, inbox);
    this.isolated = new IsolatedMargin(this.state, events);
    this.lane = new Lane(this.state);
    this.liquidations = new Liquidations(this.state, inbox, events);
  }

  onTradeCommand(message: MessageBuffer, slot: number, nowMs: number): void {
    this.trade.handle(message, slot, nowMs);
  }

  onTradeCommands(
    messages: KernelBuffer,
    slot: number,
    count: number,
    nowMs: number,
    firstSequence: number,
  ): number {
    return this.lane.applyAll(messages, slot, count, nowMs, firstSequence);
  }

  onOperatorCommand(message: MessageBuffer, slot: number, nowMs: number): void {
    const type = typeOf(message.words[slot * SLOT_WORDS + W_HEAD] as number);
    if (type === CMD_CREATE_ACCOUNT) this.operator.createAccount(message, slot);
    else if (type === CMD_DEPOSIT) this.operator.moveCash(message, slot, 1);
    else if (type === CMD_WITHDRAW) this.operator.moveCash(message, slot, -1);
    else if (type === CMD_SET_FEE_TIER) this.operator.setFeeTier(message, slot);
    else if (type === CMD_SET_LIQUIDATOR) this.operator.setLiquidator(message, slot);
    else if (type === CMD_CANDIDATES) this.onCandidates(message, slot, nowMs);
    else pushRejection(this.events, message, slot, REJECT.message_type_is_unknown, type, 0);
  }

  /** Highest id of all accounts here. */
  get lastAccount(): number {
    return this.state.accounts.lastId;
  }

  /** Whether the account is below its margin and not being liquidated yet. */
  isCandidate(account: number): boolean {
    return this.state.kernel.calls.nextBelowMargin(account, account + 1) !== 0;
  }

  openAccount(account: number, parent: number, words: Int32Array, key: number): void {
    const { accounts } = this.state;
    accounts.open(account, parent, words, key);
    accounts.lastId = Math.max(accounts.lastId, account);
  }

  onEvent(events: MessageBuffer, slot: number, nowMs: number): boolean {
    const head = events.words[slot * SLOT_WORDS + W_HEAD] as number;
    if (typeOf(head) === EVT_MARK_PRICE) {
      this.onMark(events, slot, nowMs);
      return true;
    }
    if (typeOf(head) === EVT_DELEVERAGING) {
      answerDeleveraging(this.state, this.inbox, events, slot);
      return true;
    }
    if (typeOf(head) === EVT_LIQUIDATION) {
      this.liquidations.number(events, slot);
      return true;
    }
    const isWhole = this.orderEvents.handle(events, slot, nowMs);
    if (typeOf(head) === EVT_FUNDING || typeOf(head) === EVT_TRANSFER) {
      const account = events.words[slot * SLOT_WORDS + W_ACCOUNT] as number;
      this.liquidations.onPaid(account, marketOf(head), nowMs);
    }
    return isWhole;
  }

  nextTimerMs(): number {
    return Math.min(this.countdowns.nextTimerMs(), this.liquidations.nextTimerMs());
  }

  /** One step. Switches first: a crash liquidates for long, and they only cancel. */
  onTime(nowMs: number): void {
    if (this.countdowns.nextTimerMs() <= nowMs) this.countdowns.onTime(nowMs);
    else this.liquidations.onTime(nowMs);
  }

  fundInsurance(message: MessageBuffer, slot: number, market: MarketActor): void {
    this.operator.fundInsurance(message, slot, market);
  }

  /** Each account is asked anew: what the sweep saw may be over, or may never have been. Answered with how many are liquidated. */
  private onCandidates(message: MessageBuffer, slot: number, nowMs: number): void {
    const first = slot * SLOT_WORDS + W_CANDIDATES;
    const count = message.floats[slot * SLOT_FLOATS + F_QTY] as number;
    let begun = 0;
    for (let at = first; at < first + count; at++) {
      if (this.liquidations.onCandidate(message.words[at] as number, nowMs)) begun++;
    }
    const event = pushAnswer(this.events, message, slot, EVT_DONE, EVENT_SLOTS);
    this.events.floats[event * SLOT_FLOATS + EF_LOTS] = begun;
  }

  private onMark(events: MessageBuffer, slot: number, nowMs: number): void {
    const w = slot * SLOT_WORDS;
    const market = this.state.markets.find(marketOf(events.words[w + W_HEAD] as number));
    this.termsChanges++;
    if (market === null) return;
    const couldLiquidate = market.letsLiquidate;
    const guards = (events.words[w + EW_FLAGS] as number) & INDEX_GUARDS;
    const openInterest = events.floats[slot * SLOT_FLOATS + EF_OPEN_INTEREST] as number;
    market.state = events.words[w + EW_STATE] as number;
    market.setMark(
      asPriceTicks(events.words[w + EW_PRICE] as number),
      guards,
      asQtyLots(openInterest),
    );
    if (market.letsLiquidate && !couldLiquidate) this.liquidations.onOpened(market, nowMs);
  }

  get canListMarket(): boolean {
    return this.state.markets.all.length < MARKETS_MAX;
  }

  onMarketListed(marketId: number, params: MarketParams, local?: MarketActor): void {
    this.state.markets.add(marketId, params, local);
  }

  onMarketParams(marketId: number, params: MarketParams): void {
    this.termsChanges++;
    this.state.markets.find(marketId)?.setParams(params);
  }

  onMarginTerms(marketId: number, terms: MarginTerms): void {
    this.termsChanges++;
    this.state.markets.find(marketId)?.setMarginTerms(terms);
  }

  /** Σ collateral of all accounts and their isolated positions, exact. */
  sumOfCollateral(): bigint {
    const { accounts } = this.state;
    let sum = this.isolated.sumOfCollateral();
    for (let account = 1; account <= accounts.lastId; account++) {
      const collateral = accounts.collateral(account);
      if (collateral !== 0) sum += BigInt(collateral);
    }
    return sum;
  }

  sumOfDeposits(): bigint {
    return this.cash.deposits - this.cash.withdrawals;
  }

  /**
   * Accounts by id: parent, tier, whether it is a liquidator, key, collateral; each market's summaries, leverages and isolated
   * collateral by account id; liquidations; dead man's switches; cash totals.
   */
  writeTradingState(writer: CanonicalWriter): void {
    const { accounts, markets } = this.state;
    const key = new Int32Array(PUBLIC_KEY_WORDS);
    writer.put(accounts.lastId);
    for (let account = 1; account <= accounts.lastId; account++) {
      writer.put(accounts.exists(account) ? 1 : 0);
      writer.put(accounts.parent(account));
      writer.put(accounts.tier(account));
      writer.put(accounts.isLiquidator(account) ? 1 : 0);
      accounts.copyKey(account, key, 0);
      for (const word of key) writer.put(word);
      writer.put(accounts.collateral(account));
    }
    for (const market of markets.all) {
      writer.put(market.marketId);
      writer.put(market.markTicks);
      writer.put(market.guards);
      writer.put(market.state);
      writer.put(market.openInterestLots);
      this.writeSummaries(writer, market);
      this.writeLeverages(writer, market);
      this.isolated.writeState(writer, market);
    }
    this.liquidations.writeState(writer);
    this.countdowns.writeState(writer);
    this.cash.writeTotals(writer);
  }

  readTradingState(reader: CanonicalReader): void {
    const { accounts, markets } = this.state;
    const key = new Int32Array(PUBLIC_KEY_WORDS);
    const lastId = reader.take();
    for (let account = 1; account <= lastId; account++) {
      const exists = reader.take() === 1;
      const parent = reader.take();
      const tier = reader.take();
      const isLiquidator = reader.take() === 1;
      for (let i = 0; i < PUBLIC_KEY_WORDS; i++) key[i] = reader.take();
      const collateral = asMicroUsd(reader.take());
      if (!exists) continue;
      accounts.open(account, parent, key, 0);
      accounts.setTier(account, tier);
      accounts.setLiquidator(account, isLiquidator);
      accounts.addCollateral(account, collateral);
    }
    accounts.lastId = lastId;
    for (const market of markets.all) {
      reader.take();
      const markTicks = asPriceTicks(reader.take());
      const guards = reader.take();
      market.state = reader.take();
      market.setMark(markTicks, guards, asQtyLots(reader.take()));
      const rows = reader.take();
      for (let i = 0; i < rows; i++) {
        const account = reader.take();
        for (const column of SUMMARY_COLUMNS) market.rows.set(account, column, reader.take());
        accounts.setActive(account, market.block);
      }
      for (let left = reader.take(); left > 0; left--) {
        const row = market.rows.open(reader.take());
        this.state.kernel.calls.setLeverage(row, reader.take());
      }
      this.isolated.readState(reader, market);
    }
    this.liquidations.readState(reader);
    this.countdowns.readState(reader);
    this.cash.readTotals(reader);
  }

  writeDeliveryState(writer: CanonicalWriter): void {
    const { accounts, clientIds } = this.state;
    for (let account = 1; account <= accounts.lastId; account++) {
      writer.put(accounts.sequence(account));
    }
    clientIds.writeState(writer);
    this.cash.writeKeys(writer);
    this.subAccounts.writeState(writer);
  }

  readDeliveryState(reader: CanonicalReader): void {
    const { accounts, clientIds } = this.state;
    for (let account = 1; account <= accounts.lastId; account++) {
      accounts.setSequence(account, reader.take());
    }
    clientIds.readState(reader);
    this.cash.readKeys(reader);
    this.subAccounts.readState(reader);
  }

  /** By account id; who has chosen none is left out. */
  private writeLeverages(writer: CanonicalWriter, market: MarketSummary): void {
    const countAt = writer.length;
    writer.put(0);
    let count = 0;
    market.rows.forEach((account, row) => {
      const leverage = this.state.kernel.calls.leverageOf(row);
      if (leverage === 0) return;
      writer.put(account);
      writer.put(leverage);
      count++;
    });
    writer.patch(countAt, count);
  }

  private writeSummaries(writer: CanonicalWriter, market: MarketSummary): void {
    const { kernel } = this.state;
    const countAt = writer.length;
    writer.put(0);
    let count = 0;
    market.rows.forEach((account, row) => {
      if (kernel.calls.isFlat(row)) return;
      writer.put(account);
      for (const column of SUMMARY_COLUMNS) writer.put(kernel.float(row + column));
      count++;
    });
    writer.patch(countAt, count);
  }
}
