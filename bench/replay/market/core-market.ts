import { createHash } from 'node:crypto';
import { InvariantError } from '../../../engine/assert.js';
import type { LevelVisitor } from '../../../engine/book/order-book.js';
import { writeMarketParams } from '../../../engine/market/market-params.js';
import { MARKET_STATE } from '../../../engine/market/market-state.js';
import { SLOT_WORDS } from '../../../engine/messages/layout.js';
import { MessageBuffer } from '../../../engine/messages/message-buffer.js';
import {
  CMD_AMEND,
  CMD_CANCEL,
  CMD_CREATE_ACCOUNT,
  CMD_DEPOSIT,
  CMD_LIST_MARKET,
  CMD_ORACLE_PRICE,
  CMD_PLACE,
  CMD_SET_FEE_RATES,
  CMD_SET_MARKET_STATE,
} from '../../../engine/messages/types.js';
import type { ShardCore } from '../../../engine/shard/shard-core.js';
import { type CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';
import { CommandOutcome } from './command-outcome.js';
import { encodeCommand, REPLAY_MARKET, REQUEST } from './encode-command.js';
import { wideMarketParams } from './market-limits.js';
import { LAST_ACCOUNT, type MarketUnits, type ReplayMarket } from './replay-market.js';

/** Half of what an account may have, so that profits and losses of a replay stay within the limits. */
const DEPOSIT_MICRO_USD = 2 ** 51;
/** What the venue of the captures charges its smallest customers. */
const TAKER_FEE_PPM = 500;
const MAKER_FEE_PPM = 200;
const LISTING_SLOTS = 3;
const ACCOUNT_SLOTS = 2;

/**
 * The whole shard core, driven through its public messages alone, as a gateway would: accounts with deposits, a
 * market that is listed and opened, margin checks, positions and fees. Every command is a frame of its own.
 */
export class CoreMarket implements ReplayMarket {
  readonly outcome = new CommandOutcome();
  private readonly inbox = new MessageBuffer(LISTING_SLOTS);
  private readonly frame = { messages: this.inbox, firstSequence: 1, count: 1, timeMs: 0 };
  private readonly core: ShardCore;
  private readonly units: MarketUnits;

  constructor(core: ShardCore, units: MarketUnits) {
    this.core = core;
    this.units = units;
  }

  get openOrders(): number {
    return this.core.market(REPLAY_MARKET)?.book.openOrders ?? 0;
  }

  setTime(timeMs: number): void {
    // A capture's clock may step back by a little, an exchange's never does.
    this.frame.timeMs = Math.max(this.frame.timeMs, timeMs);
  }

  setIndexPrice(priceTicks: number, publishTimeMs: number): void {
    this.setUpOnce();
    encodeCommand(this.inbox, CMD_ORACLE_PRICE, 0, 0, priceTicks, publishTimeMs, 0);
    this.applyOrThrow();
  }

  place(account: number, flags: number, priceTicks: number, lots: number): void {
    this.setUpOnce();
    encodeCommand(this.inbox, CMD_PLACE, account, flags, priceTicks, lots, 0);
    this.apply();
  }

  cancel(account: number, orderId: number): void {
    encodeCommand(this.inbox, CMD_CANCEL, account, 0, 0, 0, orderId);
    this.apply();
  }

  amend(account: number, orderId: number, priceTicks: number, totalLots: number): void {
    encodeCommand(this.inbox, CMD_AMEND, account, 0, priceTicks, totalLots, orderId);
    this.apply();
  }

  forEachLevel(side: number, depth: number, visit: LevelVisitor): void {
    this.core.market(REPLAY_MARKET)?.book.forEachLevel(side, depth, visit);
  }

  write(writer: CanonicalWriter): void {
    this.core.writeSnapshot(writer);
  }

  read(reader: CanonicalReader): void {
    this.core.readSnapshot(reader);
    this.frame.firstSequence = this.core.sequence + 1;
    this.frame.timeMs = this.core.timeMs;
  }

  stateHash(): string {
    const writer = new CanonicalWriter();
    this.core.writeTradingState(writer);
    return createHash('sha256').update(writer.bytes()).digest('hex');
  }

  check(): void {
    this.core.check();
  }

  /** Not in the constructor: a core that a checkpoint restores has it all already. */
  private setUpOnce(): void {
    if (this.core.sequence > 0) return;
    const { inbox } = this;
    encodeCommand(inbox, CMD_SET_FEE_RATES, 0, 0, TAKER_FEE_PPM, MAKER_FEE_PPM, 0);
    this.applyOrThrow();
    encodeCommand(inbox, CMD_LIST_MARKET, 0, 0, 0, 0, 0, LISTING_SLOTS);
    writeMarketParams(inbox.words, inbox.floats, SLOT_WORDS, wideMarketParams(this.units));
    this.applyOrThrow();
    encodeCommand(inbox, CMD_SET_MARKET_STATE, 0, MARKET_STATE.open, 0, 0, 0);
    this.applyOrThrow();
    // Ids are issued in order, so the first accounts are the replay's.
    for (let account = 1; account <= LAST_ACCOUNT; account++) {
      encodeCommand(inbox, CMD_CREATE_ACCOUNT, 0, 0, 0, 0, 0, ACCOUNT_SLOTS);
      this.applyOrThrow();
      encodeCommand(inbox, CMD_DEPOSIT, account, 0, 0, DEPOSIT_MICRO_USD, 0);
      this.applyOrThrow();
    }
  }

  private applyOrThrow(): void {
    this.apply();
    const { rejection } = this.outcome;
    if (rejection !== null) {
      throw new InvariantError(`the shard must take the replay's own commands: ${rejection}`);
    }
  }

  private apply(): void {
    const { core, frame } = this;
    core.applyFrame(frame);
    frame.firstSequence++;
    this.outcome.read(core.events, REQUEST);
    core.events.reset();
  }
}
