import type { ServerMessage } from './codec.js';

/** After these events of an order it is not open any more. */
const ENDS = ['canceled', 'triggered', 'rejected'];

/** An open order as its owner sees it. */
export interface OrderState {
  market: string;
  orderId: number;
  clientOrderId?: string;
  side: 'buy' | 'sell';
  orderType: string;
  timeInForce: string;
  price?: string;
  /** It waits for this price, outside of the book. */
  triggerPrice?: string;
  triggerBy?: string;
  /** Absent in an order that closes the position, whatever its size. */
  qty?: string;
  remaining?: string;
  /** The scaled order, TWAP, or order with a bracket that it belongs to. */
  parentOrderId?: number;
  /** Attached to it. */
  takeProfitPrice?: string;
  takeProfitLimit?: string;
  takeProfitBy?: string;
  stopLossPrice?: string;
  stopLossLimit?: string;
  stopLossBy?: string;
}

export interface PositionState {
  market: string;
  /** Signed: positive is long. */
  position: string;
  entryValue: string;
}

interface IsolatedState {
  market: string;
  collateral: string;
}

/** A TWAP that runs. */
export interface TwapState {
  market: string;
  orderId: number;
  clientOrderId?: string;
  side: 'buy' | 'sell';
  reduceOnly: boolean;
  price?: string;
  qty: string;
  /** As of its beginning, or of the snapshot: fills of its slices are those of orders with its `parentOrderId`. */
  remaining: string;
  count: number;
  endsAt: number;
}

interface LeverageState {
  market: string;
  leverage: number;
}

/** What is attached, of a message or of what is known. */
function bracketOf(order: object): object {
  const fields = Object.entries(order);
  return Object.fromEntries(fields.filter(([name]) => /^(takeProfit|stopLoss)/.test(name)));
}

/**
 * Open orders, positions and collateral of the account, folded from the private feed. `apply` returns false when an
 * event is missing before this one: then the feed has to be subscribed anew.
 */
export class AccountState {
  epoch = 0;
  /** Number of the last event; with the epoch it is what a resume names. */
  accountSequence = 0;
  /** A snapshot or a resume has brought the state up to date. */
  valid = false;
  collateral = '0';
  readonly orders = new Map<string, OrderState>();
  readonly positions = new Map<string, PositionState>();
  /** By market and order id. */
  readonly twaps = new Map<string, TwapState>();
  /** By market, where the account has chosen one. */
  readonly leverages = new Map<string, number>();
  /** By market, where margin is isolated: collateral of the position. */
  readonly isolated = new Map<string, string>();

  order(market: string, orderId: number): OrderState | undefined {
    return this.orders.get(`${market}:${orderId}`);
  }

  apply(message: ServerMessage): boolean {
    if (message.type === 'privateSnapshot') {
      this.applySnapshot(message);
      return true;
    }
    const sequence = message.accountSequence as number;
    if (!this.valid || sequence !== this.accountSequence + 1) {
      this.valid = false;
      return false;
    }
    this.accountSequence = sequence;
    this.epoch = message.epoch as number;
    if (message.type === 'order') this.applyOrder(message);
    else if (message.type === 'parent') this.applyParent(message);
    else if (message.type === 'bracket') this.applyBracket(message);
    else if (message.type === 'fill') this.applyFill(message);
    else if (message.type === 'transfer') this.applyPosition(message);
    else if (message.type === 'leverage') {
      this.leverages.set(message.market as string, message.leverage as number);
    } else if (message.type === 'marginMode') this.applyMode(message);
    else if (message.type === 'positionMargin') {
      this.isolated.set(message.market as string, message.positionCollateral as string);
    }
    if (typeof message.collateral === 'string') this.collateral = message.collateral;
    return true;
  }

  private applyMode({ market, marginMode }: ServerMessage): void {
    if (marginMode === 'cross') this.isolated.delete(market as string);
    else if (!this.isolated.has(market as string)) this.isolated.set(market as string, '0');
  }

  private applySnapshot(message: ServerMessage): void {
    if (message.part === 1) {
      this.orders.clear();
      this.positions.clear();
      this.leverages.clear();
      this.twaps.clear();
      this.collateral = message.collateral as string;
      for (const position of message.positions as PositionState[]) {
        this.positions.set(position.market, position);
      }
      for (const { market, leverage } of message.leverages as LeverageState[]) {
        this.leverages.set(market, leverage);
      }
      this.isolated.clear();
      for (const { market, collateral } of message.isolated as IsolatedState[]) {
        this.isolated.set(market, collateral);
      }
    }
    for (const twap of message.twaps as TwapState[]) {
      this.twaps.set(`${twap.market}:${twap.orderId}`, twap);
    }
    for (const order of message.orders as OrderState[]) {
      this.orders.set(`${order.market}:${order.orderId}`, order);
    }
    if (message.part !== message.parts) return;
    this.epoch = message.epoch as number;
    this.accountSequence = message.accountSequence as number;
    this.valid = true;
  }

  private applyOrder(message: ServerMessage): void {
    const key = `${message.market}:${message.orderId}`;
    if (ENDS.includes(message.event as string)) this.orders.delete(key);
    else {
      const before = this.orders.get(key) ?? {};
      this.orders.set(key, { ...bracketOf(before), ...(message as unknown as OrderState) });
    }
  }

  private applyBracket(message: ServerMessage): void {
    const key = `${message.market}:${message.orderId}`;
    const order = this.orders.get(key);
    // Filled at once, it is not open any more.
    if (order !== undefined) this.orders.set(key, { ...order, ...bracketOf(message) });
  }

  private applyParent(message: ServerMessage): void {
    const key = `${message.market}:${message.orderId}`;
    if (message.event === 'ended') this.twaps.delete(key);
    else if (message.kind === 'twap') this.twaps.set(key, message as unknown as TwapState);
  }

  private applyFill(message: ServerMessage): void {
    const key = `${message.market}:${message.orderId}`;
    const order = this.orders.get(key);
    if (Number(message.remaining) === 0) this.orders.delete(key);
    else if (order !== undefined) {
      this.orders.set(key, { ...order, remaining: message.remaining as string });
    }
    this.applyPosition(message);
  }

  /** A fill, or a transfer outside of the book. */
  private applyPosition(message: ServerMessage): void {
    const market = message.market as string;
    const position = message.position as string;
    if (Number(position) === 0) this.positions.delete(market);
    else {
      this.positions.set(market, { market, position, entryValue: message.entryValue as string });
    }
  }
}
