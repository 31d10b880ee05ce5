import { assert } from '../assert.js';
import { Kernel } from '../kernel/host/kernel.js';
import type { EventBuffer, KernelBuffer } from '../kernel/host/kernel-buffer.js';
import { FeeSchedule } from '../market/fee-schedule.js';
import { type CreateBook, MarketActor } from '../market/market-actor.js';
import {
  type MarketParams,
  marketParamsProblem,
  PARAM_WORDS,
  readMarketParams,
  writeMarketParams,
} from '../market/market-params.js';
import { setMarginTerms, setPricing, setState } from '../market/market-settings.js';
import { TOTAL_CLEARING, TOTAL_FEES } from '../market/positions.js';
import { checkPositions } from '../market/positions-canonical.js';
import {
  EF_LOTS,
  EF_SEQUENCE,
  EVENT_SLOTS,
  EW_FLAGS,
  EW_REQUEST,
  EW_SESSION,
  F_QTY,
  headOf,
  marketOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_REQUEST,
  W_SESSION,
} from '../messages/layout.js';
import { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT } from '../messages/reject-codes.js';
import { pushRejection } from '../messages/rejection.js';
import {
  CMD_BEGIN_EPOCH,
  CMD_CHANNEL,
  CMD_CREATE_ACCOUNT,
  CMD_CREATE_SUB_ACCOUNT,
  CMD_FUND_INSURANCE,
  CMD_LIST_MARKET,
  CMD_ORACLE_PRICE,
  CMD_SET_FEE_RATES,
  CMD_SET_MARGIN_TIERS,
  CMD_SET_MARKET_PARAMS,
  CMD_SET_MARKET_STATE,
  CMD_SET_PRICING,
  CMD_SET_SHARDS,
  CMD_TIMER,
  EVT_DELEVERAGING,
  EVT_EPOCH,
  EVT_MARK_PRICE,
  EVT_MARKET_LISTED,
} from '../messages/types.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';
import type { CreateTriggers } from '../triggers/trigger-store.js';
import { MARKET_ID_ALL } from '../units/units.js';
import type { AccountHome } from './account-home.js';
import { addShards, createAccountSomewhere, receiveFromShard } from './between-shards.js';
import { setFeeRates } from './fee-rates.js';
import { announceFrame, behind, type Frame } from './frame.js';
import { type Placement, Routing } from './routing.js';
import type { Shard } from './shard.js';
import { readShardSnapshot, writeSettings, writeShardSnapshot } from './shard-snapshot.js';
import { createSubAccountSomewhere } from './sub-accounts-somewhere.js';

/** Word of the parameter block in CMD_LIST_MARKET and EVT_MARKET_LISTED. */
const W_COMMAND_PARAMS = SLOT_WORDS;
const W_EVENT_PARAMS = EVENT_SLOTS * SLOT_WORDS;
const PARAM_SLOTS = PARAM_WORDS / SLOT_WORDS;

export type CreateHome = (
  inbox: MessageBuffer,
  events: MessageBuffer,
  fees: FeeSchedule,
  kernel: Kernel,
) => AccountHome;

/**
 * All actors of one shard, run to completion message by message: command → margin actor → (inbox) → market actors → (events) →
 * margin actor → … until nothing is left. A deterministic function of its frames.
 */
export class ShardCore implements Shard {
  readonly kernel: Kernel;
  readonly events: EventBuffer;
  readonly fees: FeeSchedule;
  readonly home: AccountHome;
  readonly markets: MarketActor[] = [];
  sequence = 0;
  timeMs = 0;
  epoch = 0;
  /** Null in a shard that has everything in it. */
  readonly routing: Routing | null;
  private readonly messages: KernelBuffer;
  private readonly inbox = new MessageBuffer(64);
  private readonly byId: (MarketActor | undefined)[] = [];
  private readonly createBook: CreateBook | undefined;
  private readonly createTriggers: CreateTriggers | undefined;

  constructor(
    createHome: CreateHome,
    createBook?: CreateBook,
    placement?: Placement,
    kernel = new Kernel(),
    createTriggers?: CreateTriggers,
  ) {
    this.kernel = kernel;
    this.events = kernel.events;
    this.messages = kernel.openBuffer(256);
    this.fees = new FeeSchedule(kernel);
    this.home = createHome(this.inbox, this.events, this.fees, kernel);
    this.createBook = createBook;
    this.createTriggers = createTriggers;
    this.routing = placement === undefined ? null : new Routing(placement, this.events);
  }

  applyFrame(frame: Frame): void {
    assert(
      frame.firstSequence === this.sequence + 1,
      'frames must follow each other without a gap',
    );
    assert(frame.timeMs >= this.timeMs, 'the time of the exchange must not go back');
    this.timeMs = frame.timeMs;
    announceFrame(this.events, frame, this.epoch);
    const messages = this.copyIn(frame);
    let slot = 0;
    for (let i = 0; i < frame.count; ) {
      const next = this.sequence + 1;
      const done = this.home.onTradeCommands(messages, slot, frame.count - i, this.timeMs, next);
      this.sequence += done;
      slot = behind(messages, slot, done);
      i += done;
      if (i === frame.count) break;
      this.sequence++;
      this.apply(messages, slot);
      slot = behind(messages, slot, 1);
      i++;
    }
    assert(slot === messages.length, 'the messages of a frame must fill its slots');
  }

  /** The kernel reads the messages in its own memory. */
  private copyIn(frame: Frame): KernelBuffer {
    const { messages } = this;
    const { length } = frame.messages;
    messages.rewind();
    messages.push(length);
    messages.words.set(frame.messages.words.subarray(0, length * SLOT_WORDS));
    return messages;
  }

  nextTimerMs(): number {
    let next = this.home.nextTimerMs();
    for (const market of this.markets) next = Math.min(next, market.nextTimerMs());
    return next;
  }

  market(marketId: number): MarketActor | null {
    return this.byId[marketId] ?? null;
  }

  /** Σ collateral + fees + clearing + insurance − (deposits − withdrawals), micro-USD: zero always. */
  moneyDifferenceMicroUsd(): bigint {
    let sum = this.home.sumOfCollateral() - this.home.sumOfDeposits();
    for (const market of this.markets) {
      sum += BigInt(market.positions.totals[TOTAL_CLEARING] as number);
      sum += BigInt(market.positions.totals[TOTAL_FEES] as number);
      sum += BigInt(market.positions.insuranceMicroUsd);
    }
    return sum;
  }

  writeTradingState(writer: CanonicalWriter): void {
    for (const rates of [this.fees.makerPpm, this.fees.takerPpm]) {
      for (const rate of rates) writer.put(rate);
    }
    writer.put(this.markets.length);
    const words = new Int32Array(PARAM_WORDS);
    const floats = new Float64Array(words.buffer);
    for (const market of this.sortedMarkets()) {
      writeMarketParams(words, floats, 0, market.params);
      for (const word of words) writer.put(word);
      writeSettings(market, writer);
      market.writeCanonical(writer, false);
    }
    this.home.writeTradingState(writer);
  }

  writeDeliveryState(writer: CanonicalWriter): void {
    writer.put(this.timeMs);
    writer.put(this.epoch);
    this.home.writeDeliveryState(writer);
    this.routing?.writeNumbers(writer);
  }

  writeSnapshot(writer: CanonicalWriter): void {
    writeShardSnapshot(this, writer);
  }

  readSnapshot(reader: CanonicalReader): void {
    readShardSnapshot(this, reader);
  }

  check(): void {
    for (const market of this.markets) {
      market.book.check();
      market.triggers.check();
      checkPositions(market.positions, market.liquidations.paidIn);
    }
    // With several shards money balances over all of them, with what is on its way between them.
    if (this.routing !== null) return;
    const difference = this.moneyDifferenceMicroUsd();
    assert(difference === 0n, `money must balance, but differs by ${difference} micro-USD`);
  }

  /** Adds a market that exists already (snapshot) or is being listed. */
  openMarket(marketId: number, params: MarketParams): MarketActor {
    const market = new MarketActor(
      marketId,
      params,
      this.kernel,
      this.home.rules,
      this.createBook,
      this.createTriggers,
    );
    market.homes = this.routing?.shards ?? 1;
    this.markets.push(market);
    this.byId[marketId] = market;
    this.home.onMarketListed(marketId, params, market);
    this.routing?.noteMarket(marketId);
    return market;
  }

  private sortedMarkets(): MarketActor[] {
    return [...this.markets].sort((a, b) => a.marketId - b.marketId);
  }

  private apply(messages: MessageBuffer, slot: number): void {
    const firstEvent = this.events.length;
    const type = typeOf(messages.words[slot * SLOT_WORDS + W_HEAD] as number);
    if (type === CMD_CREATE_SUB_ACCOUNT && this.routing !== null) {
      createSubAccountSomewhere(this, this.routing, messages, slot);
    } else if (type < CMD_CREATE_ACCOUNT) {
      this.home.onTradeCommand(messages, slot, this.timeMs);
    } else {
      this.applyOperator(messages, slot, type);
    }
    this.drain(firstEvent);
  }

  /** First in, first out: all forwarded messages, then all new events, until neither makes more. */
  private drain(firstEvent: number): void {
    const inbox = this.inbox;
    const events = this.events;
    let message = 0;
    let event = firstEvent;
    while (message < inbox.length || event < events.length) {
      while (message < inbox.length) {
        const head = inbox.words[message * SLOT_WORDS + W_HEAD] as number;
        // The margin actor forwards only to markets that were listed, here or in another shard.
        const market = this.byId[marketOf(head)];
        if (market !== undefined) market.onMessage(inbox, message, this.timeMs);
        else this.routing?.forward(inbox, message);
        message += slotsOf(head);
      }
      while (event < events.length) {
        const head = events.words[event * SLOT_WORDS + W_HEAD] as number;
        events.floats[event * SLOT_FLOATS + EF_SEQUENCE] = this.sequence;
        const concerns =
          (events.words[event * SLOT_WORDS + W_ACCOUNT] as number) !== 0 ||
          isForHomes(typeOf(head));
        if (concerns && this.routing !== null && this.leaves(event, head)) {
          event += slotsOf(head);
          continue;
        }
        if (concerns && !this.home.onEvent(events, event, this.timeMs)) {
          // Only a question between the actors, and always the last event of its message.
          assert(event + slotsOf(head) === events.length, 'a question must be the last event');
          events.truncate(event);
          break;
        }
        event += slotsOf(head);
      }
    }
    inbox.rewind();
  }

  /** True: the event concerns an account of another shard, and was sent there. What is for all homes goes everywhere. */
  private leaves(event: number, head: number): boolean {
    const routing = this.routing as Routing;
    if (isForHomes(typeOf(head))) routing.broadcast(event);
    const account = this.events.words[event * SLOT_WORDS + W_ACCOUNT] as number;
    if (!routing.isElsewhere(account)) return false;
    routing.sendHome(event);
    return true;
  }

  private applyOperator(messages: MessageBuffer, slot: number, type: number): void {
    if (this.routing !== null && (type === CMD_CHANNEL || type === CMD_CREATE_ACCOUNT)) {
      if (type === CMD_CHANNEL) receiveFromShard(this, this.routing, this.inbox, messages, slot);
      else createAccountSomewhere(this, this.routing, messages, slot);
      return;
    }
    switch (type) {
      case CMD_SET_SHARDS:
        assert(this.routing !== null, 'this journal is that of one shard among several');
        addShards(this, this.routing, messages, slot);
        break;
      case CMD_ORACLE_PRICE:
        this.withMarket(messages, slot)?.setIndexPrice(messages, slot, this.timeMs);
        break;
      case CMD_SET_MARKET_STATE:
        this.setState(messages, slot);
        break;
      case CMD_SET_PRICING:
        this.setPricing(messages, slot);
        break;
      case CMD_SET_MARGIN_TIERS:
        this.setMarginTerms(messages, slot);
        break;
      case CMD_FUND_INSURANCE: {
        const market = this.withMarket(messages, slot);
        if (market !== null) this.home.fundInsurance(messages, slot, market);
        break;
      }
      case CMD_TIMER:
        this.runTimers();
        break;
      case CMD_LIST_MARKET:
        this.listMarket(messages, slot);
        break;
      case CMD_SET_MARKET_PARAMS:
        this.setMarketParams(messages, slot);
        break;
      case CMD_SET_FEE_RATES:
        setFeeRates(this, messages, slot);
        break;
      case CMD_BEGIN_EPOCH:
        this.beginEpoch(messages, slot);
        break;
      default:
        this.home.onOperatorCommand(messages, slot, this.timeMs);
    }
  }

  /** What is due in markets; when nothing is there, one step of the account home: its orders must not come before theirs. */
  private runTimers(): void {
    const { timeMs } = this;
    const due = this.markets.filter((market) => market.nextTimerMs() <= timeMs);
    for (const market of due) market.onTime(timeMs);
    if (due.length === 0) this.home.onTime(timeMs);
  }

  private withMarket(messages: MessageBuffer, slot: number): MarketActor | null {
    const id = marketOf(messages.words[slot * SLOT_WORDS + W_HEAD] as number);
    const market = this.market(id);
    if (market === null) {
      pushRejection(this.events, messages, slot, REJECT.unknown_market, id, 0);
    }
    return market;
  }

  private listMarket(messages: MessageBuffer, slot: number): void {
    const id = marketOf(messages.words[slot * SLOT_WORDS + W_HEAD] as number);
    // 0 in a message means no market, and the highest number all of them.
    if (id === 0 || id === MARKET_ID_ALL) {
      const code = REJECT.market_id_must_be_within_1_and_limit;
      pushRejection(this.events, messages, slot, code, id, MARKET_ID_ALL - 1);
      return;
    }
    if (this.market(id) !== null || this.routing?.isHostedElsewhere(id)) {
      pushRejection(this.events, messages, slot, REJECT.market_id_is_already_used, id, 0);
      return;
    }
    const params = this.paramsOf(messages, slot);
    if (params === null) return;
    if (!this.home.canListMarket) {
      pushRejection(
        this.events,
        messages,
        slot,
        REJECT.market_limit_reached,
        this.markets.length,
        0,
      );
      return;
    }
    this.openMarket(id, params);
    this.announceMarket(messages, slot, id, params);
  }

  /** All parameters but those that are fixed once listed: symbol, tick, lot. */
  private setMarketParams(messages: MessageBuffer, slot: number): void {
    const market = this.withMarket(messages, slot);
    if (market === null) return;
    const params = this.paramsOf(messages, slot);
    if (params === null) return;
    const now = market.params;
    const fixed: (keyof MarketParams)[] = [
      'symbol',
      'tickMantissa',
      'tickDecimals',
      'lotMantissa',
      'lotDecimals',
      'priceTicksMax',
    ];
    if (fixed.some((field) => params[field] !== now[field])) {
      pushRejection(this.events, messages, slot, REJECT.market_parameters_are_invalid, 0, 0);
      return;
    }
    market.setParams(params);
    this.home.onMarketParams(market.marketId, params);
    this.announceMarket(messages, slot, market.marketId, params);
  }

  private setState(messages: MessageBuffer, slot: number): void {
    const market = this.withMarket(messages, slot);
    if (market !== null) setState(market, messages, slot);
  }

  private setPricing(messages: MessageBuffer, slot: number): void {
    const market = this.withMarket(messages, slot);
    if (market !== null) setPricing(market, messages, slot, this.timeMs);
  }

  private setMarginTerms(messages: MessageBuffer, slot: number): void {
    const market = this.withMarket(messages, slot);
    const terms = market === null ? null : setMarginTerms(market, messages, slot);
    if (market === null || terms === null) return;
    this.home.onMarginTerms(market.marketId, terms);
    this.routing?.announceMarginTerms(market.marketId, terms);
  }

  private paramsOf(messages: MessageBuffer, slot: number): MarketParams | null {
    const head = messages.words[slot * SLOT_WORDS + W_HEAD] as number;
    if (slotsOf(head) !== 1 + PARAM_SLOTS) {
      pushRejection(this.events, messages, slot, REJECT.message_is_malformed, slotsOf(head), 0);
      return null;
    }
    const at = slot * SLOT_WORDS + W_COMMAND_PARAMS;
    const params = readMarketParams(messages.words, messages.floats, at);
    if (marketParamsProblem(params) === null) return params;
    pushRejection(this.events, messages, slot, REJECT.market_parameters_are_invalid, 0, 0);
    return null;
  }

  private announceMarket(
    messages: MessageBuffer,
    slot: number,
    id: number,
    params: MarketParams,
  ): void {
    const event = this.answer(messages, slot, EVT_MARKET_LISTED, EVENT_SLOTS + PARAM_SLOTS, id);
    const at = event * SLOT_WORDS + W_EVENT_PARAMS;
    writeMarketParams(this.events.words, this.events.floats, at, params);
    this.routing?.announceMarket(id, params);
  }

  private beginEpoch(messages: MessageBuffer, slot: number): void {
    const epoch = messages.floats[slot * SLOT_FLOATS + F_QTY] as number;
    if (!(epoch > this.epoch)) {
      pushRejection(this.events, messages, slot, REJECT.epoch_must_increase, epoch, this.epoch);
      return;
    }
    this.epoch = epoch;
    const event = this.answer(messages, slot, EVT_EPOCH, EVENT_SLOTS, 0);
    this.events.floats[event * SLOT_FLOATS + EF_LOTS] = epoch;
  }

  /** An event that answers the command at `slot`. */
  answer(
    messages: MessageBuffer,
    slot: number,
    type: number,
    slots: number,
    market: number,
  ): number {
    const event = this.events.push(slots);
    const words = this.events.words;
    const e = event * SLOT_WORDS;
    words[e + W_HEAD] = headOf(type, slots, market);
    words[e + EW_SESSION] = messages.words[slot * SLOT_WORDS + W_SESSION] as number;
    words[e + EW_REQUEST] = messages.words[slot * SLOT_WORDS + W_REQUEST] as number;
    words[e + EW_FLAGS] = messages.words[slot * SLOT_WORDS + W_FLAGS] as number;
    return event;
  }
}

/** An event of a market that every margin actor has to know, though it names no account of its own. */
function isForHomes(type: number): boolean {
  return type === EVT_MARK_PRICE || type === EVT_DELEVERAGING;
}
