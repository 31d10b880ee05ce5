import { createHash } from 'node:crypto';
import { base58 } from '@scure/base';
import { MARKET_STATE, marketStateName } from '../../engine/market/market-state.js';
import { formatDecimal, MICRO_USD_STEP } from '../../engine/units/decimal.js';
import { MICRO_USD_MAX } from '../../engine/units/units.js';
import { issueApiKey } from '../../gateway/session/api-keys.js';
import type { MarketConfig } from '../config/market-config.js';
import { shown } from '../config/problem.js';
import type { ShardAccess } from '../exchange/shard-access.js';
import { FieldReader, RequestProblem } from './field-reader.js';
import type { Operator, OperatorError } from './operator.js';

export interface AdminContext {
  readonly shards: readonly ShardAccess[];
  readonly operators: readonly Operator[];
  readonly markets: readonly MarketConfig[];
  readonly operatorKey: Uint8Array;
  readonly clock: 'real' | 'manual';
  readonly oracle: 'recorded' | 'manual' | 'pyth';
  exchangeTimeMs(): number;
  /** Resolves when what the shards have put out has reached the clients' feeds. */
  delivered(): Promise<void>;
  /** Prices that follow from the time, for a clock that is moved by hand. */
  onAdvanced(timeMs: number): Promise<void>;
}

type Body = unknown;

const ACCOUNT_ID_MAX = 2 ** 32 - 1;
const KEY_BYTES = 32;
/** A hundred years. */
const ADVANCE_MS_MAX = 100 * 366 * 86_400_000;
const IDEMPOTENCY_KEY_MAX = 256;

/** The requests of the admin API, one method each; what they take and give is fixed by INTERFACES.md. */
export class AdminRequests {
  private readonly context: AdminContext;

  constructor(context: AdminContext) {
    this.context = context;
  }

  async createAccount(body: Body): Promise<object> {
    const fields = new FieldReader(body, ['publicKey']);
    const key = fields.has('publicKey') ? readPublicKey(fields.text('publicKey', 64)) : null;
    const accountId = await this.home(0).createAccount(key);
    return { accountId, ...issueApiKey(this.context.operatorKey, accountId) };
  }

  async deposit(body: Body): Promise<object> {
    const fields = new FieldReader(body, ['accountId', 'amount', 'idempotencyKey']);
    const account = fields.integer('accountId', 1, ACCOUNT_ID_MAX);
    const amount = fields.exact('amount', MICRO_USD_STEP, 1, MICRO_USD_MAX);
    const key = fields.has('idempotencyKey')
      ? keyWords(fields.text('idempotencyKey', IDEMPOTENCY_KEY_MAX))
      : null;
    const collateral = await this.home(account).deposit(account, amount, key);
    return { collateral: formatDecimal(collateral, MICRO_USD_STEP) };
  }

  async setPrice(body: Body): Promise<object> {
    if (this.context.oracle !== 'manual') {
      const sentence = `prices are set by hand only with --oracle manual, but the oracle is ${this.context.oracle}`;
      throw new RequestProblem(409, 'oracle_is_not_manual', sentence);
    }
    const fields = new FieldReader(body, ['market', 'index', 'confidence', 'publishTime']);
    const market = this.market(fields.text('market', 16));
    const step = { mantissa: market.params.tickMantissa, decimals: market.params.tickDecimals };
    const most = market.params.priceTicksMax;
    const index = fields.nearest('index', step, 1, most);
    const confidence = fields.has('confidence') ? fields.nearest('confidence', step, 0, most) : 0;
    const publishTime = fields.has('publishTime')
      ? fields.integer('publishTime', 0, Number.MAX_SAFE_INTEGER)
      : this.context.exchangeTimeMs();
    const operator = this.operatorOf(market);
    const found = await operator.setIndexPrice(market.marketId, index, publishTime, confidence);
    await this.quiescent();
    return {
      indexPrice: formatDecimal(found.indexTicks, step),
      markPrice: formatDecimal(found.markTicks, step),
    };
  }

  async advanceClock(body: Body): Promise<object> {
    if (this.context.clock !== 'manual') {
      const sentence = 'time can be moved only with --clock manual, but the clock is real';
      throw new RequestProblem(409, 'clock_is_not_manual', sentence);
    }
    const byMs = new FieldReader(body, ['advanceMs']).integer('advanceMs', 0, ADVANCE_MS_MAX);
    let time = 0;
    for (const shard of this.context.shards) time = Math.max(time, await shard.advance(byMs));
    await this.context.onAdvanced(time);
    await this.quiescent();
    return { time };
  }

  async setMarketState(symbol: string, body: Body): Promise<object> {
    const market = this.market(symbol);
    const name = new FieldReader(body, ['state']).text('state', 32);
    if (!Object.hasOwn(MARKET_STATE, name)) {
      const states = Object.keys(MARKET_STATE).join(', ');
      const sentence = `state must be one of ${states}, but is ${shown(name)}`;
      throw new RequestProblem(400, 'field_is_invalid', sentence, 'state');
    }
    const state = MARKET_STATE[name as keyof typeof MARKET_STATE];
    const now = await this.operatorOf(market).setMarketState(market.marketId, state);
    await this.quiescent();
    return { state: marketStateName(now) };
  }

  async invariants(): Promise<object> {
    const cuts = await Promise.all(this.context.shards.map((shard) => shard.invariants()));
    const sumOfPositions: Record<string, number> = {};
    let difference = 0n;
    for (const cut of cuts) {
      difference += BigInt(cut.moneyDifferenceMicroUsd);
      for (const [symbol, lots] of Object.entries(cut.sumOfPositions)) {
        sumOfPositions[symbol] = (sumOfPositions[symbol] ?? 0) + lots;
      }
    }
    const money = { sumOfPositions, moneyDifferenceMicroUsd: String(difference) };
    const [first] = cuts;
    if (cuts.length === 1 && first !== undefined) {
      return { sequence: first.sequence, stateHash: first.stateHash, ...money };
    }
    const hash = createHash('sha256');
    for (const cut of cuts) hash.update(cut.stateHash);
    const sequence = cuts.reduce((sum, cut) => sum + cut.sequence, 0);
    const shards = cuts.map(({ shard, sequence: own, stateHash }) => {
      return { shard, sequence: own, stateHash };
    });
    return { sequence, stateHash: hash.digest('hex'), ...money, shards };
  }

  private async quiescent(): Promise<void> {
    await Promise.all(this.context.shards.map((shard) => shard.settle()));
    await this.context.delivered();
  }

  private market(symbol: string): MarketConfig {
    const found = this.context.markets.find(({ params }) => params.symbol === symbol);
    if (found !== undefined) return found;
    const symbols = this.context.markets.map(({ params }) => params.symbol).join(', ');
    const sentence = `market must be one of ${symbols}, but is ${shown(symbol)}`;
    throw new RequestProblem(404, 'unknown_market', sentence, 'market');
  }

  /** Home of an account. All of them live on the first shard until accounts are spread. */
  private home(_account: number): Operator {
    return this.context.operators[0] as Operator;
  }

  private operatorOf(_market: MarketConfig): Operator {
    return this.context.operators[0] as Operator;
  }
}

/** How the shard's own refusals look to the caller. */
export function problemOfRefusal(error: OperatorError): RequestProblem {
  const status = error.code === 'busy' ? 503 : (STATUS_OF_CODE[error.code] ?? 409);
  return new RequestProblem(status, error.code, error.message);
}

const STATUS_OF_CODE: Record<string, number> = { unknown_account: 404, unknown_market: 404 };

function readPublicKey(text: string): Uint8Array {
  let key: Uint8Array | null = null;
  try {
    key = base58.decode(text);
  } catch {
    // The sentence below says it.
  }
  if (key !== null && key.length === KEY_BYTES && key.some((byte) => byte !== 0)) return key;
  const length = key === null ? 'not base58' : `${key.length} bytes`;
  const sentence = `publicKey must be an Ed25519 key of ${KEY_BYTES} bytes in base58, but is ${length}`;
  throw new RequestProblem(400, 'field_is_invalid', sentence, 'publicKey');
}

/** The first 128 bits of a hash: keys of any form become what the journal keeps. */
function keyWords(text: string): Int32Array {
  const digest = createHash('sha256').update(`plimsoll-idempotency:${text}`).digest();
  return Int32Array.from([0, 4, 8, 12], (at) => digest.readInt32LE(at));
}
