import { base58 } from '@scure/base';
import { FEE_TIERS } from '../../engine/market/fee-schedule.js';
import { MARKET_STATE, marketStateName } from '../../engine/market/market-state.js';
import { formatDecimal, MICRO_USD_STEP } from '../../engine/units/decimal.js';
import { asMicroUsd, asPriceTicks, asTimeMs, MICRO_USD_MAX } from '../../engine/units/units.js';
import { issueApiKey } from '../../gateway/session/api-keys.js';
import type { OracleIndex, OracleStatus } from '../../oracle/oracle.js';
import { coverOf, type StressTotals } from '../../risk/stress/stress.js';
import { cashKey } from '../../settlement/packs/cash-key.js';
import type { MarketConfig } from '../config/market-config.js';
import { shown } from '../config/problem.js';
import type { Drill } from '../gateways/thread-messages.js';
import { FieldReader, RequestProblem } from './field-reader.js';
import { withdrawByForce } from './forced-withdrawal.js';
import type { OperatorError } from './operator.js';
import type { OperatorDesk } from './operator-desk.js';
import { showIndex } from './oracle-answer.js';

export interface AdminContext {
  readonly operator: OperatorDesk;
  readonly markets: readonly MarketConfig[];
  /** Those that have rates. */
  readonly feeTiers: readonly number[];
  readonly operatorKey: Uint8Array;
  readonly clock: 'real' | 'manual';
  readonly oracle: 'recorded' | 'manual' | 'pyth';
  exchangeTimeMs(): number;
  /** Resolves when all consequences of what was done have reached the clients' feeds. */
  quiescent(): Promise<void>;
  /** Lets everything up to this time happen. */
  advanceTo(timeMs: number): Promise<void>;
  invariants(): Promise<object>;
  stress(): Promise<{ totals: StressTotals; insuranceMicroUsd: bigint }>;
  /** What the insurance funds have. */
  insuranceFunds(): readonly { market: string; fundMicroUsd: number }[];
  oracleStatus(): OracleStatus;
  /** Those of gateways; none: clients come to the main thread. */
  gatewayThreads(): readonly object[];
  /** Lets a gateway thread die, or stand still for so long; false: there is none with this number that listens. */
  drillGateway(thread: number, drill: Drill): boolean;
  /** An index price was set by hand. */
  onManualPrice(index: OracleIndex): void;
  /** Prices that follow from the time, for a clock that is moved by hand. */
  onAdvanced(timeMs: number): Promise<void>;
}

type Body = unknown;

const ACCOUNT_ID_MAX = 2 ** 32 - 1;
const KEY_BYTES = 32;
/** A hundred years. */
const ADVANCE_MS_MAX = 100 * 366 * 86_400_000;
const IDEMPOTENCY_KEY_MAX = 256;
const STALL_MS_MAX = 60_000;

/** The requests of the admin API, one method each; what they take and give is in main/README.md. */
export class AdminRequests {
  private readonly context: AdminContext;
  private steps: Promise<unknown> = Promise.resolve();

  constructor(context: AdminContext) {
    this.context = context;
  }

  async createAccount(body: Body): Promise<object> {
    const fields = new FieldReader(body, ['publicKey']);
    const key = fields.has('publicKey') ? readPublicKey(fields.text('publicKey', 64)) : null;
    const accountId = await this.context.operator.createAccount(key);
    return { accountId, ...issueApiKey(this.context.operatorKey, accountId) };
  }

  async deposit(body: Body): Promise<object> {
    const { account, amount, key } = readCash(body);
    const collateral = await this.context.operator.deposit(account, amount, key);
    return { collateral: formatDecimal(collateral, MICRO_USD_STEP) };
  }

  /** Only what no position, no order and no unrealised profit stands for; with `force` orders go first, and isolated margin comes back. */
  async withdraw(body: Body): Promise<object> {
    const { operator, markets } = this.context;
    const { account, amount, key, isForced } = readCash(body, ['force']);
    const ids = markets.map(({ marketId }) => marketId);
    const collateral = isForced
      ? await withdrawByForce(operator, ids, { account, amount, key })
      : await operator.withdraw(account, amount, key);
    return { collateral: formatDecimal(collateral, MICRO_USD_STEP) };
  }

  /** Open orders keep the tier with which they were placed. */
  async setFeeTier(body: Body): Promise<object> {
    const fields = new FieldReader(body, ['accountId', 'tier']);
    const account = fields.integer('accountId', 1, ACCOUNT_ID_MAX);
    const wanted = fields.integer('tier', 0, FEE_TIERS - 1);
    if (!this.context.feeTiers.includes(wanted)) {
      // It would trade for nothing.
      const sentence = `tier must be one of ${this.context.feeTiers.join(', ')}, which the configuration has, but is ${wanted}`;
      throw new RequestProblem(400, 'field_is_invalid', sentence, 'tier');
    }
    const tier = await this.context.operator.setFeeTier(account, wanted);
    return { accountId: account, tier };
  }

  /** Pays into the insurance fund of a market, or, below zero, out of it. Gives what it has then. */
  async fundInsurance(body: Body): Promise<object> {
    const fields = new FieldReader(body, ['market', 'amount', 'idempotencyKey']);
    const market = this.market(fields.text('market', 16));
    const amount = asMicroUsd(
      fields.exact('amount', MICRO_USD_STEP, -MICRO_USD_MAX, MICRO_USD_MAX),
    );
    const fund = await this.context.operator.fundInsurance(market.marketId, amount, keyOf(fields));
    await this.context.quiescent();
    return { insuranceFund: formatDecimal(fund, MICRO_USD_STEP) };
  }

  /** By market. */
  insuranceFunds(): object {
    const funds = this.context.insuranceFunds().map(({ market, fundMicroUsd }) => {
      return [market, formatDecimal(fundMicroUsd, MICRO_USD_STEP)];
    });
    return { insuranceFunds: Object.fromEntries(funds) };
  }

  async setLiquidator(body: Body): Promise<object> {
    const fields = new FieldReader(body, ['accountId', 'enabled']);
    const account = fields.integer('accountId', 1, ACCOUNT_ID_MAX);
    const isLiquidator = fields.flag('enabled');
    const enabled = await this.context.operator.setLiquidator(account, isLiquidator);
    return { accountId: account, enabled };
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
    const index = asPriceTicks(fields.nearest('index', step, 1, most));
    const confidence = asPriceTicks(
      fields.has('confidence') ? fields.nearest('confidence', step, 0, most) : 0,
    );
    const publishTime = asTimeMs(
      fields.has('publishTime')
        ? fields.integer('publishTime', 0, Number.MAX_SAFE_INTEGER)
        : this.context.exchangeTimeMs(),
    );
    const { operator } = this.context;
    const { marketId } = market;
    const found = await operator.setIndexPrice(marketId, index, publishTime, confidence);
    const price = { priceTicks: index, confidenceTicks: confidence, publishTimeMs: publishTime };
    this.context.onManualPrice({ marketId, ...price });
    await this.context.quiescent();
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
    return this.oneByOne(async () => {
      const time = this.context.exchangeTimeMs() + byMs;
      await this.context.advanceTo(time);
      await this.context.onAdvanced(time);
      await this.context.quiescent();
      return { time };
    });
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
    const now = await this.context.operator.setMarketState(market.marketId, state);
    await this.context.quiescent();
    return { state: marketStateName(now) };
  }

  invariants(): Promise<object> {
    return this.context.invariants();
  }

  /** What the oracle's sources do, and what its indices are made of. */
  oracle(): object {
    const { oracle, markets } = this.context;
    const { sources, markets: indices } = this.context.oracleStatus();
    return { oracle, sources, markets: indices.map((index) => showIndex(index, markets)) };
  }

  gatewayThreads(): object {
    return { threads: this.context.gatewayThreads() };
  }

  /** The thread ends by an error that nobody catches, or does nothing for a time. */
  drillGateway(thread: number, body: Body): object {
    if (this.context.drillGateway(thread, drillOf(body))) return { thread };
    const sentence = `there is no gateway thread ${thread} that listens`;
    throw new RequestProblem(404, 'gateway_thread_is_unknown', sentence);
  }

  /** What would become of the accounts, and of the insurance fund, if all marks moved. */
  async stress(): Promise<object> {
    const { totals, insuranceMicroUsd } = await this.context.stress();
    return {
      insuranceFund: formatDecimal(insuranceMicroUsd, MICRO_USD_STEP),
      accounts: totals.accounts,
      scenarios: totals.moves.map(({ percent, belowMargin, belowZero, shortfallMicroUsd }) => {
        const cover = coverOf(insuranceMicroUsd, shortfallMicroUsd);
        return {
          movePercent: percent,
          belowMargin,
          belowZero,
          shortfall: formatDecimal(shortfallMicroUsd, MICRO_USD_STEP),
          fundAfter: formatDecimal(cover.fundAfterMicroUsd, MICRO_USD_STEP),
          notCovered: formatDecimal(cover.notCoveredMicroUsd, MICRO_USD_STEP),
        };
      }),
    };
  }

  /** Each step of the clock begins where the one before has ended. */
  private oneByOne<T>(step: () => Promise<T>): Promise<T> {
    const done = this.steps.then(step);
    this.steps = done.catch(() => {});
    return done;
  }

  private market(symbol: string): MarketConfig {
    const found = this.context.markets.find(({ params }) => params.symbol === symbol);
    if (found !== undefined) return found;
    const symbols = this.context.markets.map(({ params }) => params.symbol).join(', ');
    const sentence = `market must be one of ${symbols}, but is ${shown(symbol)}`;
    throw new RequestProblem(404, 'unknown_market', sentence, 'market');
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

function drillOf(body: Body): Drill {
  const fields = new FieldReader(body, ['stallMs', 'blockMs']);
  const ms = (field: string) => fields.integer(field, 1, STALL_MS_MAX);
  if (!fields.has('stallMs')) {
    return fields.has('blockMs') ? { ask: 'block', ms: ms('blockMs') } : { ask: 'crash' };
  }
  if (!fields.has('blockMs')) return { ask: 'stall', ms: ms('stallMs') };
  const sentence = 'blockMs must not be given with stallMs: a thread stands still in one way';
  throw new RequestProblem(400, 'field_is_invalid', sentence, 'blockMs');
}

function readCash(body: Body, more: readonly string[] = []) {
  const fields = new FieldReader(body, ['accountId', 'amount', 'idempotencyKey', ...more]);
  const account = fields.integer('accountId', 1, ACCOUNT_ID_MAX);
  const amount = asMicroUsd(fields.exact('amount', MICRO_USD_STEP, 1, MICRO_USD_MAX));
  const isForced = fields.has('force') && fields.flag('force');
  return { account, amount, key: keyOf(fields), isForced };
}

function keyOf(fields: FieldReader): Int32Array | null {
  if (!fields.has('idempotencyKey')) return null;
  return cashKey(fields.text('idempotencyKey', IDEMPOTENCY_KEY_MAX));
}
