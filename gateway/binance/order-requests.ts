import { type Market, priceText, qtyText } from '../markets.js';
import type { AccountHistory } from './account-history.js';
import type { Identity } from './authentication.js';
import type { Commands } from './commands.js';
import { BinanceError, ERRORS, invalidValue, missing } from './errors.js';
import type { AccountChange } from './histories.js';
import { nativeOrderOf, priceParameter, quantityParameter } from './order-parameters.js';
import { endsAtOnce, isOpen, type OrderRecord, orderObject } from './order-record.js';
import { Parameters } from './parameters.js';
import type { OrderName, PastOrders } from './past-orders.js';
import type { Symbols } from './symbols.js';

/** Orders in one batch. */
export const BATCH_MAX = 5;
const BATCH_CANCEL_MAX = 10;
const RESPONSE_TYPES = ['ACK', 'RESULT'] as const;
const END_WITHIN_MS = 10_000;
const AUTO_ID = /^auto-([0-9]{1,15})$/;

/** A request of an account that is known. */
export interface AccountCall {
  readonly parameters: Parameters;
  readonly identity: Identity;
  readonly history: AccountHistory;
  /** Takes what the request has to pay beyond the one that is paid: a batch costs as much as its items. Throws what is over the limit. */
  readonly spend: (items: number) => void;
}

/** Requests that place, change, cancel and show orders. */
export class OrderRequests {
  private readonly symbols: Symbols;
  private readonly commands: Commands;
  private readonly past: PastOrders;
  /** Who waits for an order that ends at once to have ended. */
  private readonly waiting = new Map<OrderRecord, { go: () => void; sinceMs: number }>();

  constructor(symbols: Symbols, commands: Commands, past: PastOrders) {
    this.symbols = symbols;
    this.commands = commands;
    this.past = past;
  }

  /** To be told of every change. */
  changed(change: AccountChange): void {
    if (change.kind !== 'order' || this.waiting.size === 0 || isOpen(change.order)) return;
    this.waiting.get(change.order)?.go();
    this.waiting.delete(change.order);
  }

  /** To be called now and then: who waits for a shard that has stopped is told what is known. */
  giveUp(): void {
    const latest = performance.now() - END_WITHIN_MS;
    for (const [order, { go, sinceMs }] of this.waiting) {
      if (sinceMs > latest) break;
      this.waiting.delete(order);
      go();
    }
  }

  place = async (call: AccountCall): Promise<object> => {
    const { order, market, responseType } = await this.placed(call, 'newClientOrderId');
    // What is open already is told at once; what cannot rest is told with what became of it.
    const shown = orderObject(order, market);
    return responseType === 'ACK' ? Object.assign(shown, AS_NEW) : shown;
  };

  /** Checks an order and sends nothing. */
  test = (call: AccountCall): object => {
    const market = this.symbols.must(call.parameters);
    const fields = nativeOrderOf(call.parameters, market);
    this.responseType(call.parameters);
    this.commands.check('place', { ...fields, deadline: call.identity.deadlineMs });
    return {};
  };

  amend = async (call: AccountCall): Promise<object> => {
    const { identity, parameters } = call;
    const market = this.symbols.must(parameters);
    const name = this.nameOf(call, market);
    parameters.choice('side', ['BUY', 'SELL'], null, ERRORS.badSide);
    const fields = {
      market: market.params.symbol,
      ...name,
      price: priceParameter(parameters, market),
      qty: quantityParameter(parameters, market),
      deadline: identity.deadlineMs,
    };
    const known = this.find(call, market);
    if (known !== undefined && SIDE_NAMES[known.flags & 1] !== parameters.text('side')) {
      throw invalidValue('side');
    }
    if (known !== undefined && isSame(known, market, fields)) throw ERRORS.sameOrder();
    const { order } = await this.commands.send(identity.account, 'amend', fields);
    return orderObject(taken(order), market);
  };

  cancel = async (call: AccountCall): Promise<object> => {
    const { identity, parameters } = call;
    const market = this.symbols.must(parameters);
    const name = this.nameOf(call, market);
    const fields = { market: market.params.symbol, ...name, deadline: identity.deadlineMs };
    const { order } = await this.commands.send(identity.account, 'cancel', fields);
    return orderObject(taken(order), market);
  };

  cancelAll = async (call: AccountCall): Promise<object> => {
    const market = this.symbols.must(call.parameters);
    await this.cancelMarket(call.identity.account, market, call.identity.deadlineMs);
    return { code: 200, msg: 'The operation of cancel all open order is done.' };
  };

  /** `deadlineMs` 0: whenever it arrives. */
  async cancelMarket(account: number, market: Market, deadlineMs: number): Promise<number> {
    const deadline = deadlineMs === 0 ? {} : { deadline: deadlineMs };
    const fields = { market: market.params.symbol, ...deadline };
    const { lots } = await this.commands.send(account, 'cancelAll', fields);
    return lots;
  }

  placeBatch = (call: AccountCall): Promise<object[]> => {
    return this.batch(call, (item) => this.place(item));
  };

  amendBatch = (call: AccountCall): Promise<object[]> => {
    return this.batch(call, (item) => this.amend(item));
  };

  cancelBatch = (call: AccountCall): Promise<object[]> => {
    const { parameters } = call;
    const symbol = parameters.must('symbol');
    const byId = listOf(parameters, 'orderIdList');
    const names = byId ?? listOf(parameters, 'origClientOrderIdList');
    if (names === undefined) throw missing('orderIdList');
    if (names.length < 1 || names.length > BATCH_CANCEL_MAX) throw badBatchSize();
    call.spend(names.length - 1);
    const field = byId === undefined ? 'origClientOrderId' : 'orderId';
    return Promise.all(
      names.map((name) => {
        const own = Parameters.ofObject({ symbol, [field]: name });
        return this.orError(() => this.cancel({ ...call, parameters: own }));
      }),
    );
  };

  /** What is not remembered here is looked for in the past: "does not exist" means to a client that he may send it again. */
  status = (call: AccountCall): object | Promise<object> => {
    const market = this.symbols.must(call.parameters);
    const order = this.find(call, market);
    if (order !== undefined) return orderObject(order, market);
    const name = this.nameOf(call, market);
    return this.past.find(call.identity.account, market, name).then((found) => {
      if (found === null) throw ERRORS.noSuchOrder();
      return orderObject(found, market);
    });
  };

  openOrder = (call: AccountCall): object => {
    const market = this.symbols.must(call.parameters);
    const order = this.find(call, market);
    if (order === undefined || !isOpen(order)) throw ERRORS.noSuchOrder();
    return orderObject(order, market);
  };

  openOrders = ({ history, parameters }: AccountCall): object[] => {
    return this.symbols.oneOrAll(parameters).flatMap((market) => {
      const open = history.open(market.id).filter(({ isAlgo }) => !isAlgo);
      return open.map((order) => orderObject(order, market));
    });
  };

  /** The newest ones that are remembered, oldest first. */
  allOrders = ({ history, parameters }: AccountCall): object[] => {
    const market = this.symbols.must(parameters);
    const { endTime, startTime } = parameters.period();
    const fromId = parameters.integer('orderId', 0);
    const limit = parameters.limit(500, 1_000);
    const found = history.orders(market.id).filter(({ orderId, timeMs }) => {
      if (fromId !== undefined && orderId < fromId) return false;
      return timeMs >= (startTime ?? 0) && timeMs <= (endTime ?? Number.MAX_SAFE_INTEGER);
    });
    const some = fromId === undefined && startTime === undefined ? found.slice(-limit) : found;
    return some.slice(0, limit).map((order) => orderObject(order, market));
  };

  /** Sends an order and waits for its answer; of one that cannot rest also for its end, when its result is asked for. */
  async placed(call: AccountCall, clientIdName: string) {
    const { identity, parameters } = call;
    const market = this.symbols.must(parameters);
    const fields = nativeOrderOf(parameters, market, clientIdName);
    const responseType = this.responseType(parameters);
    // Not a spread with a field behind it, which is what V8 is slowest at here.
    const command = Object.assign(fields, { deadline: identity.deadlineMs });
    const answer = await this.commands.send(identity.account, 'place', command);
    const order = taken(answer.order);
    if (responseType === 'RESULT' && endsAtOnce(order) && isOpen(order)) {
      await new Promise<void>((go) => {
        this.waiting.set(order, { go, sinceMs: performance.now() });
      });
    }
    return { order, market, responseType };
  }

  private responseType(parameters: Parameters): (typeof RESPONSE_TYPES)[number] {
    return parameters.choice('newOrderRespType', RESPONSE_TYPES, 'ACK', ERRORS.badRespType);
  }

  /**
   * How the exchange is told which order is meant: ids that this door has made up stand for numbers, unless an order has really been given
   * such an id, through another door.
   */
  private nameOf({ history, parameters }: AccountCall, market: Market): OrderName {
    const orderId = parameters.integer('orderId', 1);
    if (orderId !== undefined) return { orderId };
    const clientOrderId = parameters.text('origClientOrderId');
    if (clientOrderId === undefined) throw missing('orderId');
    const automatic = AUTO_ID.exec(clientOrderId);
    if (automatic === null) return { clientOrderId };
    const number = Number(automatic[1]);
    const own = history.findClient(market.id, clientOrderId);
    return own === undefined || own.orderId === number ? { orderId: number } : { clientOrderId };
  }

  private find(call: AccountCall, market: Market): OrderRecord | undefined {
    const { history } = call;
    const name = this.nameOf(call, market);
    return 'orderId' in name
      ? history.find(market.id, name.orderId)
      : history.findClient(market.id, name.clientOrderId);
  }

  private batch(
    call: AccountCall,
    handle: (item: AccountCall) => Promise<object>,
  ): Promise<object[]> {
    const items = listOf(call.parameters, 'batchOrders');
    if (items === undefined) throw missing('batchOrders');
    if (items.length < 1 || items.length > BATCH_MAX) throw badBatchSize();
    call.spend(items.length - 1);
    return Promise.all(
      items.map((item) => {
        return this.orError(() => handle({ ...call, parameters: Parameters.ofObject(item) }));
      }),
    );
  }

  /** In a batch each item has its own answer, and a wrong one stops no other. */
  private async orError(handle: () => Promise<object>): Promise<object> {
    try {
      return await handle();
    } catch (error) {
      if (error instanceof BinanceError) return error.body;
      throw error;
    }
  }
}

const SIDE_NAMES = ['BUY', 'SELL'] as const;
/** The exchange has taken the order, and nothing more is said. */
const AS_NEW = {
  status: 'NEW',
  executedQty: '0',
  cumQty: '0',
  cumQuote: '0',
  avgPrice: '0.00',
} as const;

/** The exchange would take such an amend, and change nothing. */
function isSame(
  { priceTicks, qtyLots }: OrderRecord,
  market: Market,
  { price, qty }: { price: string; qty: string },
): boolean {
  const isSamePrice = Number(priceText(market, priceTicks)) === Number(price);
  return isSamePrice && Number(qtyText(market, qtyLots)) === Number(qty);
}

/** The exchange has done it. Without a record of the order there is nothing to show, and nobody may be told that it was not done. */
function taken(order: OrderRecord | undefined): OrderRecord {
  if (order === undefined) throw ERRORS.timeout();
  return order;
}

function badBatchSize(): BinanceError {
  return new BinanceError(-4082, 'Invalid number of batch place orders.');
}

/** A JSON list in a parameter. */
function listOf(parameters: Parameters, name: string): unknown[] | undefined {
  const text = parameters.text(name);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw missing(name);
  }
  if (!Array.isArray(value)) throw missing(name);
  return value;
}
