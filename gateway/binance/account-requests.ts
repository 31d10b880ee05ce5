import { PPM_ONE } from '../../engine/units/units.js';
import { formatScaled } from '../codec/decimal-text.js';
import { type Market, priceText, qtyText } from '../markets.js';
import {
  accountFigures,
  type FigureSources,
  leverageMaxOf,
  leverageOf,
} from './account-figures.js';
import type { FillRecord } from './account-history.js';
import {
  accountObject,
  balanceObjects,
  hasSomething,
  NOTIONAL_USD_MAX,
  positionRiskV2,
  positionRiskV3,
} from './account-objects.js';
import type { Commands } from './commands.js';
import { BinanceError, missing, unsupported } from './errors.js';
import { moneyText, valueText } from './numbers.js';
import { refusePositionSide } from './order-parameters.js';
import { orderObject } from './order-record.js';
import type { AccountCall } from './order-requests.js';
import { MARGIN_ASSET, type Symbols, symbolOf } from './symbols.js';

/** Fees of a tier in parts per million. */
export interface FeeRates {
  makerPpm: number;
  takerPpm: number;
}

export interface AccountRequestContext {
  readonly symbols: Symbols;
  readonly commands: Commands;
  readonly sources: FigureSources;
  readonly feesOf: (tier: number) => FeeRates;
  readonly exchangeTimeMs: () => number;
}

/** Requests about money, positions and their terms. */
export class AccountRequests {
  private readonly context: AccountRequestContext;

  constructor(context: AccountRequestContext) {
    this.context = context;
  }

  accountV2 = (call: AccountCall) => this.account(call, 2);
  accountV3 = (call: AccountCall) => this.account(call, 3);

  balance = (call: AccountCall) => {
    const alias = `account-${call.identity.account}`;
    return balanceObjects(this.figures(call), alias, updateTimeOf(call));
  };

  positionRiskV2 = (call: AccountCall) => {
    return this.marketFigures(call).map((figures) => positionRiskV2(figures, updateTimeOf(call)));
  };

  positionRiskV3 = (call: AccountCall) => {
    const found = this.marketFigures(call).filter(hasSomething);
    return found.map((figures) => positionRiskV3(figures, updateTimeOf(call)));
  };

  adlQuantile = (call: AccountCall) => {
    return this.marketFigures(call).map(({ adlQuantile, market }) => {
      return { symbol: symbolOf(market), adlQuantile: { BOTH: adlQuantile } };
    });
  };

  setLeverage = async ({ identity, parameters }: AccountCall) => {
    const market = this.context.symbols.must(parameters);
    const leverage = parameters.mustInteger('leverage', 1, 1_000);
    const { account, deadlineMs } = identity;
    const fields = { market: market.params.symbol, leverage, deadline: deadlineMs };
    await this.context.commands.send(account, 'setLeverage', fields);
    return { leverage, maxNotionalValue: String(NOTIONAL_USD_MAX), symbol: symbolOf(market) };
  };

  setMarginType = async ({ identity, parameters }: AccountCall) => {
    const market = this.context.symbols.must(parameters);
    const type = parameters.choice('marginType', ['ISOLATED', 'CROSSED'], null);
    const { account, deadlineMs } = identity;
    const isIsolated = this.context.sources.views.isolatedOf(account, market.id) !== null;
    if (isIsolated === (type === 'ISOLATED')) {
      throw new BinanceError(-4046, 'No need to change margin type.');
    }
    const marginMode = type === 'ISOLATED' ? 'isolated' : 'cross';
    const fields = { market: market.params.symbol, marginMode, deadline: deadlineMs };
    await this.context.commands.send(account, 'setMarginMode', fields);
    return { code: 200, msg: 'success' };
  };

  /** `type` 1 adds, 2 takes away. */
  moveMargin = async ({ identity, parameters }: AccountCall) => {
    const market = this.context.symbols.must(parameters);
    refusePositionSide(parameters);
    const type = parameters.mustInteger('type', 1, 2);
    const text = parameters.must('amount');
    if (!/^[0-9]{1,16}(\.[0-9]{1,6}0*)?$/.test(text) || Number(text) === 0) {
      throw new BinanceError(-4055, 'Amount must be positive.');
    }
    const fields = {
      market: market.params.symbol,
      amount: type === 1 ? text : `-${text}`,
      deadline: identity.deadlineMs,
    };
    await this.context.commands.send(identity.account, 'moveMargin', fields);
    const msg = 'Successfully modify position margin.';
    return { amount: Number(text), code: 200, msg, type };
  };

  leverageBrackets = ({ parameters }: AccountCall) => {
    return this.context.symbols.oneOrAll(parameters).map(bracketsObject);
  };

  commissionRate = ({ history, parameters }: AccountCall) => {
    const market = this.context.symbols.must(parameters);
    const { makerPpm, takerPpm } = this.context.feesOf(history.feeTier);
    return {
      symbol: symbolOf(market),
      makerCommissionRate: formatScaled(makerPpm, 1, 6),
      takerCommissionRate: formatScaled(takerPpm, 1, 6),
    };
  };

  isDual = () => ({ dualSidePosition: false });

  setDual = ({ parameters }: AccountCall): never => {
    if (!parameters.has('dualSidePosition')) throw missing('dualSidePosition');
    if (parameters.flag('dualSidePosition')) throw unsupported('hedge mode; positions are one-way');
    throw new BinanceError(-4059, 'No need to change position side.');
  };

  isMultiAssets = () => ({ multiAssetsMargin: false });

  setMultiAssets = ({ parameters }: AccountCall): never => {
    if (parameters.flag('multiAssetsMargin')) throw unsupported('multi-assets margin');
    throw new BinanceError(-4171, 'No need to change multi-assets mode.');
  };

  accountConfig = ({ history }: AccountCall) => ({
    feeTier: history.feeTier,
    canTrade: true,
    canDeposit: true,
    canWithdraw: false,
    dualSidePosition: false,
    updateTime: 0,
    multiAssetsMargin: false,
    tradeGroupId: -1,
  });

  symbolConfig = ({ identity, parameters }: AccountCall) => {
    const { views } = this.context.sources;
    return this.context.symbols.oneOrAll(parameters).map((market) => ({
      symbol: symbolOf(market),
      marginType: views.isolatedOf(identity.account, market.id) === null ? 'CROSSED' : 'ISOLATED',
      isAutoAddMargin: false,
      leverage: leverageOf(views, identity.account, market),
      maxNotionalValue: String(NOTIONAL_USD_MAX),
    }));
  };

  userTrades = ({ history, parameters }: AccountCall) => {
    const market = this.context.symbols.must(parameters);
    const { endTime, startTime } = parameters.period();
    const orderId = parameters.integer('orderId', 0);
    const fromId = parameters.integer('fromId', 0);
    const limit = parameters.limit(500, 1_000);
    const found = history.fills.toArray().filter((fill) => {
      if (fill.marketId !== market.id) return false;
      if (orderId !== undefined && fill.orderId !== orderId) return false;
      if (fromId !== undefined && fill.tradeId < fromId) return false;
      return isWithin(fill.timeMs, startTime, endTime);
    });
    const fromStart = fromId !== undefined || startTime !== undefined;
    const some = fromStart ? found.slice(0, limit) : found.slice(-limit);
    return some.map((fill) => fillObject(fill, market));
  };

  income = ({ history, parameters }: AccountCall) => {
    const { endTime, startTime } = parameters.period();
    const type = parameters.text('incomeType');
    const limit = parameters.limit(100, 1_000);
    const { symbols } = this.context;
    const markets = parameters.has('symbol') ? [symbols.must(parameters).id] : null;
    const byId = new Map(symbols.all().map((market) => [market.id, symbolOf(market)]));
    const found = history.income.toArray().filter((income) => {
      if (type !== undefined && income.type !== type) return false;
      if (markets !== null && !markets.includes(income.marketId)) return false;
      return isWithin(income.timeMs, startTime, endTime);
    });
    const some = startTime === undefined ? found.slice(-limit) : found.slice(0, limit);
    return some.map((income) => ({
      symbol: byId.get(income.marketId) ?? '',
      incomeType: income.type,
      income: moneyText(income.microUsd),
      asset: MARGIN_ASSET,
      info: income.type,
      time: income.timeMs,
      tranId: income.transactionId,
      tradeId: income.tradeId === 0 ? '' : String(income.tradeId),
    }));
  };

  /** Orders by which the account's positions were liquidated. */
  forceOrders = ({ history, parameters }: AccountCall) => {
    const { endTime, startTime } = parameters.period();
    const limit = parameters.limit(50, 100);
    return this.context.symbols.oneOrAll(parameters).flatMap((market) => {
      const found = history.orders(market.id).filter(({ isForced, timeMs }) => {
        return isForced && isWithin(timeMs, startTime, endTime);
      });
      return found.slice(-limit).map((order) => orderObject(order, market));
    });
  };

  private account(call: AccountCall, version: 2 | 3) {
    const { feeTier } = call.history;
    return accountObject(this.figures(call), version, updateTimeOf(call), feeTier);
  }

  private figures({ history, identity }: AccountCall) {
    return accountFigures(this.context.sources, identity.account, history.feeTier);
  }

  private marketFigures(call: AccountCall) {
    const wanted = this.context.symbols.oneOrAll(call.parameters);
    return this.figures(call).markets.filter(({ market }) => wanted.includes(market));
  }
}

function updateTimeOf({ history }: AccountCall): number {
  return history.updateMs;
}

function isWithin(timeMs: number, from: number | undefined, to: number | undefined): boolean {
  return timeMs >= (from ?? 0) && timeMs <= (to ?? Number.MAX_SAFE_INTEGER);
}

function fillObject(fill: FillRecord, market: Market) {
  const isBuy = fill.side === 0;
  return {
    symbol: symbolOf(market),
    id: fill.tradeId,
    orderId: fill.orderId,
    side: isBuy ? 'BUY' : 'SELL',
    price: priceText(market, fill.priceTicks),
    qty: qtyText(market, fill.lots),
    realizedPnl: moneyText(fill.realizedMicroUsd),
    quoteQty: valueText(market, fill.lots * fill.priceTicks),
    commission: moneyText(fill.feeMicroUsd),
    commissionAsset: MARGIN_ASSET,
    time: fill.timeMs,
    positionSide: 'BOTH',
    buyer: isBuy,
    maker: fill.isMaker,
  };
}

function bracketsObject(market: Market) {
  const { initialMarginPpm, maintenanceMarginPpm } = market.params;
  const flat = { floorUsd: 0, initialPpm: initialMarginPpm, maintenancePpm: maintenanceMarginPpm };
  const tiers = market.margin.tiers.length === 0 ? [flat] : market.margin.tiers;
  let cum = 0;
  let ratePpm = 0;
  const brackets = tiers.map(({ floorUsd, initialPpm, maintenancePpm }, i) => {
    // Floors are whole USD and rates whole ppm, so deductions are whole micro-USD.
    cum += i === 0 ? 0 : floorUsd * (maintenancePpm - ratePpm);
    ratePpm = maintenancePpm;
    return {
      bracket: i + 1,
      initialLeverage:
        i === 0 ? leverageMaxOf(market) : Math.max(1, Math.floor(PPM_ONE / initialPpm)),
      notionalCap: tiers[i + 1]?.floorUsd ?? NOTIONAL_USD_MAX,
      notionalFloor: floorUsd,
      maintMarginRatio: maintenancePpm / PPM_ONE,
      cum: cum / 1_000_000,
    };
  });
  return { symbol: symbolOf(market), notionalCoef: 1, brackets };
}
