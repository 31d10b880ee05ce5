import { ROW_FLOATS } from '../../engine/book/account-rows.js';
import { FeeSchedule } from '../../engine/market/fee-schedule.js';
import type { MarketActor } from '../../engine/market/market-actor.js';
import type { MarketParams } from '../../engine/market/market-params.js';
import { EW_PRICE, marketOf, SLOT_WORDS, typeOf, W_HEAD } from '../../engine/messages/layout.js';
import type { MessageBuffer } from '../../engine/messages/message-buffer.js';
import { REJECT } from '../../engine/messages/reject-codes.js';
import { pushRejection } from '../../engine/messages/rejection.js';
import {
  CMD_CREATE_ACCOUNT,
  CMD_DEPOSIT,
  CMD_SET_FEE_TIER,
  CMD_WITHDRAW,
  EVT_MARK_PRICE,
} from '../../engine/messages/types.js';
import type { AccountHome } from '../../engine/shard/account-home.js';
import type { CanonicalReader, CanonicalWriter } from '../../engine/state/canonical-writer.js';
import { PlainLane } from '../lane/plain-lane.js';
import { Accounts, PUBLIC_KEY_WORDS } from './accounts.js';
import { CashLedger } from './cash-ledger.js';
import { ClientIds } from './client-ids.js';
import {
  SF_ASK_LOSS,
  SF_ASK_LOTS,
  SF_BID_LOSS,
  SF_BID_LOTS,
  SF_ENTRY_VALUE,
  SF_POSITION,
} from './market-summaries.js';
import { MARKETS_MAX, MarketTable } from './market-table.js';
import { OperatorCommands } from './operator-commands.js';
import { OrderEventHandler } from './order-events.js';
import { isFlat, type MarginState, TradeCommands } from './trade-commands.js';

const SUMMARY_COLUMNS = [
  SF_POSITION,
  SF_ENTRY_VALUE,
  SF_BID_LOTS,
  SF_ASK_LOTS,
  SF_BID_LOSS,
  SF_ASK_LOSS,
];

/** Home of accounts: collateral, cross margin over all markets, reservations, private feeds, client order ids. */
export class MarginActor implements AccountHome {
  readonly state: MarginState;
  readonly cash = new CashLedger();
  private readonly lane: PlainLane;
  private readonly trade: TradeCommands;
  private readonly operator: OperatorCommands;
  private readonly orderEvents: OrderEventHandler;
  private readonly events: MessageBuffer;

  constructor(inbox: MessageBuffer, events: MessageBuffer, fees: FeeSchedule = new FeeSchedule()) {
    this.state = {
      accounts: new Accounts(),
      markets: new MarketTable(),
      clientIds: new ClientIds(),
      fees,
    };
    this.events = events;
    this.lane = new PlainLane(this.state, events);
    this.trade = new TradeCommands(this.state, inbox, events);
    this.operator = new OperatorCommands(this.state, this.cash, events);
    this.orderEvents = new OrderEventHandler(this.state, inbox);
  }

  onTradeCommand(message: MessageBuffer, slot: number, nowMs: number, sequence: number): boolean {
    if (this.lane.apply(message, slot, sequence)) return true;
    this.trade.handle(message, slot, nowMs);
    return false;
  }

  onOperatorCommand(message: MessageBuffer, slot: number): void {
    const type = typeOf(message.words[slot * SLOT_WORDS + W_HEAD] as number);
    if (type === CMD_CREATE_ACCOUNT) this.operator.createAccount(message, slot);
    else if (type === CMD_DEPOSIT) this.operator.moveCash(message, slot, 1);
    else if (type === CMD_WITHDRAW) this.operator.moveCash(message, slot, -1);
    else if (type === CMD_SET_FEE_TIER) this.operator.setFeeTier(message, slot);
    else pushRejection(this.events, message, slot, REJECT.message_type_is_unknown, type, 0);
  }

  openAccount(account: number, parent: number, words: Int32Array, key: number): void {
    const { accounts } = this.state;
    accounts.open(account, parent, words, key);
    accounts.lastId = Math.max(accounts.lastId, account);
  }

  onEvent(events: MessageBuffer, slot: number, nowMs: number): boolean {
    const head = events.words[slot * SLOT_WORDS + W_HEAD] as number;
    if (typeOf(head) === EVT_MARK_PRICE) {
      const market = this.state.markets.find(marketOf(head));
      if (market !== null) market.markTicks = events.words[slot * SLOT_WORDS + EW_PRICE] as number;
      return true;
    }
    return this.orderEvents.handle(events, slot, nowMs);
  }

  get canListMarket(): boolean {
    return this.state.markets.all.length < MARKETS_MAX;
  }

  onMarketListed(marketId: number, params: MarketParams, local?: MarketActor): void {
    const summary = this.state.markets.add(marketId, params, local?.positions.rows);
    if (local !== undefined) this.lane.open(summary, local);
  }

  onMarketParams(marketId: number, params: MarketParams): void {
    const market = this.state.markets.find(marketId);
    if (market !== null) market.params = params;
  }

  /** Σ collateral of all accounts, exact. */
  sumOfCollateral(): bigint {
    const { accounts } = this.state;
    let sum = 0n;
    for (let account = 1; account <= accounts.lastId; account++) {
      const collateral = accounts.collateral(account);
      if (collateral !== 0) sum += BigInt(collateral);
    }
    return sum;
  }

  sumOfDeposits(): bigint {
    return this.cash.deposits - this.cash.withdrawals;
  }

  /** Accounts by id: parent, tier, key, collateral; then each market's summaries by account id; then cash totals. */
  writeTradingState(writer: CanonicalWriter): void {
    const { accounts, markets } = this.state;
    const key = new Int32Array(PUBLIC_KEY_WORDS);
    writer.put(accounts.lastId);
    for (let account = 1; account <= accounts.lastId; account++) {
      writer.put(accounts.exists(account) ? 1 : 0);
      writer.put(accounts.parent(account));
      writer.put(accounts.tier(account));
      accounts.copyKey(account, key, 0);
      for (const word of key) writer.put(word);
      writer.put(accounts.collateral(account));
    }
    for (const market of markets.all) {
      writer.put(market.marketId);
      writer.put(market.markTicks);
      this.writeSummaries(writer, market.rows.floats, market.rows.rows);
    }
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
      for (let i = 0; i < PUBLIC_KEY_WORDS; i++) key[i] = reader.take();
      const collateral = reader.take();
      if (!exists) continue;
      accounts.open(account, parent, key, 0);
      accounts.setTier(account, tier);
      accounts.addCollateral(account, collateral);
    }
    accounts.lastId = lastId;
    for (const market of markets.all) {
      reader.take();
      market.markTicks = reader.take();
      const rows = reader.take();
      for (let i = 0; i < rows; i++) {
        const account = reader.take();
        market.rows.ensure(account);
        for (const column of SUMMARY_COLUMNS) {
          market.rows.floats[account * ROW_FLOATS + column] = reader.take();
        }
        accounts.setActive(account, market.index);
      }
    }
    this.cash.readTotals(reader);
  }

  writeDeliveryState(writer: CanonicalWriter): void {
    const { accounts, clientIds } = this.state;
    for (let account = 1; account <= accounts.lastId; account++) {
      writer.put(accounts.sequence(account));
    }
    clientIds.writeState(writer);
    this.cash.writeKeys(writer);
  }

  readDeliveryState(reader: CanonicalReader): void {
    const { accounts, clientIds } = this.state;
    for (let account = 1; account <= accounts.lastId; account++) {
      accounts.setSequence(account, reader.take());
    }
    clientIds.readState(reader);
    this.cash.readKeys(reader);
  }

  private writeSummaries(writer: CanonicalWriter, floats: Float64Array, rows: number): void {
    const countAt = writer.length;
    writer.put(0);
    let count = 0;
    for (let account = 0; account < rows; account++) {
      const row = account * ROW_FLOATS;
      if (isFlat(floats, row)) continue;
      writer.put(account);
      for (const column of SUMMARY_COLUMNS) writer.put(floats[row + column] as number);
      count++;
    }
    writer.patch(countAt, count);
  }
}
