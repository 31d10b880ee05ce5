import { randomBytes } from 'node:crypto';
import { FLAG_REDUCE_ONLY, FLAG_SIDE, TIF_GTD, tifOf } from '../../engine/messages/types.js';
import { type Market, qtyText } from '../markets.js';
import type { AccountHistory } from './account-history.js';
import type { Commands } from './commands.js';
import { BinanceError, ERRORS, missing } from './errors.js';
import { clientIdOf } from './order-parameters.js';
import {
  callbackRateText,
  isOpen,
  type OrderRecord,
  orderPriceText,
  originalTypeOf,
  SIDES,
  selfTradeOf,
  stopPriceText,
  timeInForceOf,
  workingTypeOf,
} from './order-record.js';
import type { AccountCall, OrderRequests } from './order-requests.js';
import type { Parameters } from './parameters.js';
import { type Symbols, symbolOf } from './symbols.js';

/** Ids of algo orders name no market, so the market is a part of them. */
const MARKETS = 2 ** 16;
const CLIENT_ID_BYTES = 15;
const UNKNOWN_ORDER = -2011;
const TIMEOUT = -1007;

export interface AlgoRequestContext {
  readonly symbols: Symbols;
  readonly commands: Commands;
  readonly orders: OrderRequests;
  /** An order with this client id is an algo order (or is not, after all); answered when all threads know. */
  readonly note: (account: number, clientOrderId: string, isAlgo: boolean) => Promise<void>;
  readonly isNoted: (account: number, clientOrderId: string) => boolean;
}

/**
 * Orders that wait for a price, as Binance's newer clients place them. They are the same orders as those of these types at
 * `order`; only their names are others.
 */
export class AlgoRequests {
  private readonly context: AlgoRequestContext;

  constructor(context: AlgoRequestContext) {
    this.context = context;
  }

  place = async (call: AccountCall): Promise<object> => {
    const { identity, parameters } = call;
    parameters.choice('algoType', ['CONDITIONAL'], null);
    const type = parameters.must('type');
    if (type === 'LIMIT' || type === 'MARKET') throw ERRORS.badOrderType();
    // With a name of its own its events can be told as those of an algo order from the first one on.
    const given = clientIdOf(parameters, 'clientAlgoId');
    const clientAlgoId = given ?? randomBytes(CLIENT_ID_BYTES).toString('base64url');
    const named = parameters.with('clientAlgoId', clientAlgoId);
    const isNew = !this.context.isNoted(identity.account, clientAlgoId);
    await this.context.note(identity.account, clientAlgoId, true);
    try {
      const own = { ...call, parameters: named };
      const { market, order } = await this.context.orders.placed(own, 'clientAlgoId');
      return algoObject(order, market);
    } catch (error) {
      // The name may be that of an order which lives, or of one that is still on its way.
      const isSure = error instanceof BinanceError && error.code !== TIMEOUT;
      if (isNew && isSure) await this.context.note(identity.account, clientAlgoId, false);
      throw error;
    }
  };

  status = ({ history, parameters }: AccountCall): object => {
    const { market, order } = this.find(history, parameters);
    return algoObject(order, market);
  };

  cancel = async (call: AccountCall): Promise<object> => {
    const { history, identity, parameters } = call;
    const { market, order } = this.find(history, parameters, ERRORS.unknownOrder);
    const { orderId } = order;
    const fields = { market: market.params.symbol, orderId, deadline: identity.deadlineMs };
    await this.context.commands.send(identity.account, 'cancel', fields);
    const { clientOrderId: clientAlgoId } = order;
    return { algoId: algoIdOf(order), clientAlgoId, code: '200', msg: 'success' };
  };

  /** All that wait in one market, and nothing that is in the book. */
  cancelAll = async (call: AccountCall): Promise<object> => {
    const { history, identity, parameters, spend } = call;
    const market = this.context.symbols.must(parameters);
    const waiting = history.open(market.id).filter(({ waits }) => waits);
    spend(waiting.length - 1);
    const done = await Promise.allSettled(
      waiting.map(async ({ orderId }) => {
        const fields = { market: market.params.symbol, orderId, deadline: identity.deadlineMs };
        await this.context.commands.send(identity.account, 'cancel', fields);
      }),
    );
    // One that has ended meanwhile is gone as well; whoever is told that all is done must not have a stop left.
    for (const each of done) {
      if (each.status === 'rejected' && !isUnknownOrder(each.reason)) throw each.reason;
    }
    return { code: 200, msg: 'The operation of cancel all open order is done.' };
  };

  open = ({ history, parameters }: AccountCall): object[] => {
    return this.context.symbols.oneOrAll(parameters).flatMap((market) => {
      const waiting = history.open(market.id).filter(({ waits }) => waits);
      return waiting.map((order) => algoObject(order, market));
    });
  };

  all = ({ history, parameters }: AccountCall): object[] => {
    const market = this.context.symbols.must(parameters);
    const { endTime, startTime } = parameters.period();
    const found = history.orders(market.id).filter(({ timeMs, waits }) => {
      return waits && timeMs >= (startTime ?? 0) && timeMs <= (endTime ?? Number.MAX_SAFE_INTEGER);
    });
    return found.slice(-parameters.limit(500, 1_000)).map((order) => algoObject(order, market));
  };

  private find(history: AccountHistory, parameters: Parameters, absent = ERRORS.noSuchOrder) {
    const algoId = parameters.integer('algoId', 1);
    const clientAlgoId = parameters.text('clientAlgoId');
    if (algoId === undefined && clientAlgoId === undefined) throw missing('algoId');
    for (const market of this.context.symbols.all()) {
      const order =
        algoId === undefined
          ? history.findWaiting(market.id, clientAlgoId as string)
          : algoId % MARKETS === market.id
            ? history.find(market.id, Math.floor(algoId / MARKETS))
            : undefined;
      if (order?.waits === true) return { market, order };
    }
    throw absent();
  }
}

function isUnknownOrder(error: unknown): boolean {
  return error instanceof BinanceError && error.code === UNKNOWN_ORDER;
}

export function algoIdOf({ marketId, orderId }: OrderRecord): number {
  return orderId * MARKETS + marketId;
}

/** It waits, was canceled, has become an order, or ended otherwise. */
export function algoStatusOf(order: OrderRecord): string {
  if (isOpen(order)) return 'NEW';
  return order.firedOrderId !== 0 ? 'TRIGGERED' : order.status;
}

export function algoObject(order: OrderRecord, market: Market): object {
  const { flags, trigger } = order;
  const rate = callbackRateText(order);
  return {
    algoId: algoIdOf(order),
    clientAlgoId: order.clientOrderId,
    algoType: 'CONDITIONAL',
    orderType: originalTypeOf(order),
    symbol: symbolOf(market),
    side: SIDES[flags & FLAG_SIDE],
    positionSide: 'BOTH',
    timeInForce: timeInForceOf(order),
    quantity: qtyText(market, order.qtyLots),
    algoStatus: algoStatusOf(order),
    actualOrderId: order.firedOrderId === 0 ? '' : String(order.firedOrderId),
    triggerPrice: stopPriceText(order, market),
    price: orderPriceText(order, market),
    icebergQuantity: null,
    selfTradePreventionMode: selfTradeOf(order),
    workingType: workingTypeOf(order),
    priceMatch: 'NONE',
    closePosition: trigger?.closesPosition === true,
    priceProtect: false,
    reduceOnly: (flags & FLAG_REDUCE_ONLY) !== 0,
    ...(rate === undefined ? {} : { callbackRate: rate, activatePrice: '0' }),
    createTime: order.timeMs,
    updateTime: order.updateMs,
    triggerTime: order.firedOrderId === 0 ? 0 : order.updateMs,
    goodTillDate: tifOf(flags) === TIF_GTD ? order.expiresAtMs : 0,
  };
}

/** ALGO_UPDATE of the user-data stream. */
export function algoUpdate(order: OrderRecord, market: Market, timeMs: number): object {
  const { flags, trigger } = order;
  return {
    e: 'ALGO_UPDATE',
    T: timeMs,
    E: timeMs,
    o: {
      caid: order.clientOrderId,
      aid: algoIdOf(order),
      at: 'CONDITIONAL',
      o: originalTypeOf(order),
      s: symbolOf(market),
      S: SIDES[flags & FLAG_SIDE],
      ps: 'BOTH',
      f: timeInForceOf(order),
      q: qtyText(market, order.qtyLots),
      X: algoStatusOf(order),
      ai: order.firedOrderId === 0 ? '' : String(order.firedOrderId),
      ap: '0',
      aq: '0',
      act: '0',
      tp: stopPriceText(order, market),
      p: orderPriceText(order, market),
      V: selfTradeOf(order),
      wt: workingTypeOf(order),
      pm: 'NONE',
      cp: trigger?.closesPosition === true,
      pP: false,
      R: (flags & FLAG_REDUCE_ONLY) !== 0,
      tt: order.firedOrderId === 0 ? 0 : timeMs,
      gtd: tifOf(flags) === TIF_GTD ? order.expiresAtMs : 0,
      rm: '',
    },
  };
}
