import {
  MARGIN_SLOTS,
  type MarginTerms,
  W_MARGIN_TERMS,
  writeMarginTerms,
} from '../../engine/market/margin-terms.js';
import {
  type MarketParams,
  PARAM_WORDS,
  writeMarketParams,
} from '../../engine/market/market-params.js';
import {
  PRICING_WORDS,
  type PricingParams,
  writePricingParams,
} from '../../engine/market/pricing-params.js';
import {
  EF_COLLATERAL,
  EF_LIMIT,
  EF_LOTS,
  EF_VALUE,
  EW_CODE,
  EW_FLAGS,
  EW_PRICE,
  EW_REQUEST,
  F_CLIENT_ID,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  typeOf,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import * as type from '../../engine/messages/types.js';
import type { ShardPort } from '../../engine/shard/shard-port.js';
import {
  asMicroUsd,
  asPriceTicks,
  MARKET_ID_ALL,
  type MicroUsd,
  type Ppm,
  type PriceTicks,
  type TimeMs,
} from '../../engine/units/units.js';
import { operatorRejectionOf } from '../../gateway/protocol/rejections.js';

/** The shard refused an operator's command. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  readonly code: string;
  readonly value: number;
  /** What would have been allowed, where the refusal is about a number. */
  readonly limit: number;

  constructor(code: string, message: string, value: number, limit = 0) {
    super(message);
    this.code = code;
    this.value = value;
    this.limit = limit;
  }
}

/** What answers carry; which fields mean something depends on the command. */
interface Answer {
  account: number;
  code: number;
  flags: number;
  price: number;
  lots: number;
  limit: number;
  collateral: MicroUsd;
}

interface Pending {
  resolve(answer: Answer): void;
  reject(error: OperatorError): void;
}

const KEY_WORDS = 8;
/** Four words, 128 bits. */
const IDEMPOTENCY_WORD = 6;
/** Of what nobody waits for: it may be answered by another shard, where a number would be somebody else's. */
const NO_REQUEST = 0;
const BUSY_RETRIES = 500;
const BUSY_WAIT_MS = 10;

/** Sends operator's commands to one shard and waits for their answers. */
export class Operator {
  private readonly port: ShardPort;
  private readonly pending = new Map<number, Pending>();
  private lastRequest = 0;

  constructor(port: ShardPort) {
    this.port = port;
    port.onEvents(this.onEvent);
  }

  /** Gives the new account's id, and the shard that is home to it. */
  async createAccount(publicKey: Uint8Array | null): Promise<{ account: number; home: number }> {
    const { words } = command(type.CMD_CREATE_ACCOUNT, 2, 0);
    if (publicKey !== null) {
      const key = new Uint8Array(words.buffer, SLOT_WORDS * 4, KEY_WORDS * 4);
      key.set(publicKey);
    }
    const { account, code } = await this.send(words);
    return { account, home: code };
  }

  /** Gives the collateral afterwards. The same key again changes nothing. */
  deposit(account: number, microUsd: MicroUsd, idempotencyKey: Int32Array | null) {
    return this.moveCash(type.CMD_DEPOSIT, account, microUsd, idempotencyKey);
  }

  /** Gives the collateral afterwards. The same key again, of a deposit too, changes nothing. */
  withdraw(account: number, microUsd: MicroUsd, idempotencyKey: Int32Array | null) {
    return this.moveCash(type.CMD_WITHDRAW, account, microUsd, idempotencyKey);
  }

  /** Cancels all orders of an account, those that wait as well. The books answer, of whatever shards: nobody waits for it here. */
  async cancelOrders(account: number): Promise<void> {
    const { words } = command(type.CMD_MASS_CANCEL, 1, MARKET_ID_ALL);
    words[W_ACCOUNT] = account;
    words[W_FLAGS] = type.FLAG_MASS_BIDS | type.FLAG_MASS_ASKS;
    await this.post(words, NO_REQUEST);
    this.port.flush();
  }

  /** Moves collateral of an isolated position back to the account. */
  async takeMargin(account: number, marketId: number, microUsd: MicroUsd): Promise<void> {
    const { words, floats } = command(type.CMD_MOVE_MARGIN, 1, marketId);
    words[W_ACCOUNT] = account;
    floats[F_QTY] = -microUsd;
    await this.send(words);
  }

  /** Gives the tier afterwards. */
  async setFeeTier(account: number, tier: number): Promise<number> {
    const { words } = command(type.CMD_SET_FEE_TIER, 1, 0);
    words[W_ACCOUNT] = account;
    words[W_FLAGS] = tier;
    return (await this.send(words)).flags;
  }

  /** Gives whether the account is a registered liquidator afterwards. */
  async setLiquidator(account: number, isLiquidator: boolean): Promise<boolean> {
    const { words } = command(type.CMD_SET_LIQUIDATOR, 1, 0);
    words[W_ACCOUNT] = account;
    words[W_FLAGS] = isLiquidator ? 1 : 0;
    return (await this.send(words)).flags === 1;
  }

  /** Gives what the fund has afterwards. The same key again changes nothing. */
  async fundInsurance(marketId: number, microUsd: MicroUsd, idempotencyKey: Int32Array | null) {
    const { words, floats } = command(type.CMD_FUND_INSURANCE, 1, marketId);
    floats[F_QTY] = microUsd;
    if (idempotencyKey !== null) words.set(idempotencyKey, IDEMPOTENCY_WORD);
    return asMicroUsd((await this.send(words)).limit);
  }

  async listMarket(marketId: number, params: MarketParams): Promise<void> {
    await this.send(paramsCommand(type.CMD_LIST_MARKET, marketId, params));
  }

  async setMarketParams(marketId: number, params: MarketParams): Promise<void> {
    await this.send(paramsCommand(type.CMD_SET_MARKET_PARAMS, marketId, params));
  }

  async setPricing(marketId: number, pricing: PricingParams): Promise<void> {
    const slots = 1 + PRICING_WORDS / SLOT_WORDS;
    const { words, floats } = command(type.CMD_SET_PRICING, slots, marketId);
    writePricingParams(floats, SLOT_FLOATS, pricing);
    await this.send(words);
  }

  async setMarginTerms(marketId: number, terms: MarginTerms): Promise<void> {
    const { words, floats } = command(type.CMD_SET_MARGIN_TIERS, MARGIN_SLOTS, marketId);
    writeMarginTerms(words, floats, W_MARGIN_TERMS, terms);
    await this.send(words);
  }

  /** Gives the state as it is afterwards. */
  async setMarketState(marketId: number, state: number): Promise<number> {
    const { words } = command(type.CMD_SET_MARKET_STATE, 1, marketId);
    words[W_FLAGS] = state;
    return (await this.send(words)).flags;
  }

  async setFeeRates(tier: number, makerPpm: Ppm, takerPpm: Ppm): Promise<void> {
    const { words, floats } = command(type.CMD_SET_FEE_RATES, 1, 0);
    words[W_FLAGS] = tier;
    words[W_PRICE] = takerPpm;
    floats[F_QTY] = makerPpm;
    await this.send(words);
  }

  async setIndexPrice(
    marketId: number,
    ticks: PriceTicks,
    publishTimeMs: TimeMs,
    confidenceTicks: PriceTicks,
  ): Promise<{ indexTicks: PriceTicks; markTicks: PriceTicks }> {
    const { words, floats } = command(type.CMD_ORACLE_PRICE, 1, marketId);
    words[W_PRICE] = ticks;
    floats[F_QTY] = publishTimeMs;
    floats[F_CLIENT_ID] = confidenceTicks;
    const { lots, price } = await this.send(words);
    return { indexTicks: asPriceTicks(lots), markTicks: asPriceTicks(price) };
  }

  private async moveCash(
    kind: number,
    account: number,
    microUsd: MicroUsd,
    idempotencyKey: Int32Array | null,
  ): Promise<MicroUsd> {
    const { words, floats } = command(kind, 1, 0);
    words[W_ACCOUNT] = account;
    floats[F_QTY] = microUsd;
    if (idempotencyKey !== null) words.set(idempotencyKey, IDEMPOTENCY_WORD);
    return (await this.send(words)).collateral;
  }

  private async send(words: Int32Array): Promise<Answer> {
    this.lastRequest = (this.lastRequest + 1) & 0x7fffffff;
    const request = this.lastRequest;
    // Waited for before it is posted: a flush for another command lets an inline shard answer this one as well.
    const answer = new Promise<Answer>((resolve, reject) => {
      this.pending.set(request, { resolve, reject });
    });
    try {
      await this.post(words, request);
    } catch (error) {
      this.pending.delete(request);
      throw error;
    }
    this.port.flush();
    return answer;
  }

  /** Puts a command into the ring, which whoever calls flushes. */
  private async post(words: Int32Array, request: number): Promise<void> {
    words[W_REQUEST] = request;
    words[W_SESSION] = this.port.portId << 24;
    const slots = words.length / SLOT_WORDS;
    for (let i = 0; !this.port.trySend(words, 0, slots); i++) {
      if (i === BUSY_RETRIES) throw new OperatorError('busy', 'the ring to the shard is full', 0);
      this.port.flush();
      await new Promise((resolve) => setTimeout(resolve, BUSY_WAIT_MS));
    }
  }

  private readonly onEvent = (words: Int32Array, floats: Float64Array, at: number): void => {
    const request = words[at + EW_REQUEST] as number;
    const waiting = this.pending.get(request);
    if (waiting === undefined) return;
    this.pending.delete(request);
    const f = at / 2;
    if (typeOf(words[at + W_HEAD] as number) === type.EVT_REJECTED) {
      const value = floats[f + EF_VALUE] as number;
      const limit = floats[f + EF_LIMIT] as number;
      const { code, message } = operatorRejectionOf(words[at + EW_CODE] as number, value, limit);
      waiting.reject(new OperatorError(code, message, value, limit));
      return;
    }
    waiting.resolve({
      account: words[at + W_ACCOUNT] as number,
      code: words[at + EW_CODE] as number,
      flags: words[at + EW_FLAGS] as number,
      price: words[at + EW_PRICE] as number,
      lots: floats[f + EF_LOTS] as number,
      limit: floats[f + EF_LIMIT] as number,
      collateral: asMicroUsd(floats[f + EF_COLLATERAL] as number),
    });
  };
}

function command(kind: number, slots: number, marketId: number) {
  const words = new Int32Array(slots * SLOT_WORDS);
  words[W_HEAD] = headOf(kind, slots, marketId);
  return { words, floats: new Float64Array(words.buffer) };
}

function paramsCommand(kind: number, marketId: number, params: MarketParams): Int32Array {
  const slots = 1 + PARAM_WORDS / SLOT_WORDS;
  const { words, floats } = command(kind, slots, marketId);
  writeMarketParams(words, floats, SLOT_WORDS, params);
  return words;
}
