import type { KernelBuffer } from '../kernel/host/kernel-buffer.js';
import type { MarginTerms } from '../market/margin-terms.js';
import type { MarketActor } from '../market/market-actor.js';
import type { MarketParams } from '../market/market-params.js';
import type { MarketRules } from '../market/market-rules.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import type { CanonicalReader, CanonicalWriter } from '../state/canonical-writer.js';

/** A margin actor as the shard sees it (`risk/margin` implements it). */
export interface AccountHome {
  /** Formulas for the markets of the shard. */
  readonly rules: MarketRules;
  /**
   * The short way: messages from slot `slot` of the kernel's memory on, one after another, numbered from `firstSequence`, up to the
   * first that is not an everyday trader's command. Returns how many are done; their events are complete.
   */
  onTradeCommands(
    messages: KernelBuffer,
    slot: number,
    count: number,
    nowMs: number,
    firstSequence: number,
  ): number;
  /** CMD_PLACE … CMD_PLACE_BRACKET, the long way: forwards to the inbox or answers in the events. */
  onTradeCommand(message: MessageBuffer, slot: number, nowMs: number): void;
  /** CMD_CREATE_ACCOUNT, CMD_DEPOSIT, CMD_WITHDRAW, CMD_SET_FEE_TIER, CMD_SET_LIQUIDATOR, CMD_CANDIDATES. */
  onOperatorCommand(message: MessageBuffer, slot: number, nowMs: number): void;
  /** CMD_FUND_INSURANCE for the fund of a market of this shard. */
  fundInsurance(message: MessageBuffer, slot: number, market: MarketActor): void;
  /** An account that another shard has given its id and this one as its home. `key` points at 8 words, zeros for none. */
  openAccount(account: number, parent: number, words: Int32Array, key: number): void;
  /** An event of a market: completes it in place. False: it must not leave the shard. */
  onEvent(events: MessageBuffer, slot: number, nowMs: number): boolean;
  /** Earliest time at which `onTime` has something to do, Infinity for never. */
  nextTimerMs(): number;
  onTime(nowMs: number): void;
  readonly canListMarket: boolean;
  /** `local`: the market's actor when it lives in this shard. */
  onMarketListed(marketId: number, params: MarketParams, local?: MarketActor): void;
  onMarketParams(marketId: number, params: MarketParams): void;
  onMarginTerms(marketId: number, terms: MarginTerms): void;
  sumOfCollateral(): bigint;
  /** Deposits − withdrawals. */
  sumOfDeposits(): bigint;
  writeTradingState(writer: CanonicalWriter): void;
  readTradingState(reader: CanonicalReader): void;
  writeDeliveryState(writer: CanonicalWriter): void;
  readDeliveryState(reader: CanonicalReader): void;
}
