/** What a client may ask for, with the names of PROTOCOL.md. */
export interface NewOrder {
  market: string;
  side: 'buy' | 'sell';
  /** Decimal text; absent in a market order. */
  price?: string;
  /** Absent only with `closePosition`. */
  qty?: string;
  orderType?:
    | 'limit'
    | 'market'
    | 'stop_market'
    | 'stop_limit'
    | 'take_profit_market'
    | 'take_profit_limit'
    | 'trailing_stop_market';
  /** Of stops and take-profits: the price they wait for, and whose price it is (default: mark). */
  triggerPrice?: string;
  triggerBy?: 'mark' | 'last' | 'index';
  /** Trailing stop: one of them. */
  trailingAmount?: string;
  trailingRate?: string;
  /** A waiting order of which only one may fire. */
  ocoOrderId?: number;
  ocoClientOrderId?: string | number;
  /** It closes the position, whatever its size then, and ends with it; `qty` is absent. */
  closePosition?: boolean;
  /** Attached to a limit or market order: armed by its fills, with the size that it has filled; without a limit they become market orders. */
  takeProfitPrice?: string;
  takeProfitLimit?: string;
  takeProfitBy?: 'mark' | 'last' | 'index';
  stopLossPrice?: string;
  stopLossLimit?: string;
  stopLossBy?: 'mark' | 'last' | 'index';
  timeInForce?: 'gtc' | 'ioc' | 'fok' | 'gtd';
  postOnly?: 'none' | 'reject' | 'slide';
  reduceOnly?: boolean;
  selfTradePrevention?: 'none' | 'cancel_taker' | 'cancel_maker' | 'cancel_both' | 'decrement';
  clientOrderId?: string | number;
  expiresAt?: number;
  deadline?: number;
  timestamp?: number;
  recvWindow?: number;
}

/** Names one open order: by the exchange's id or by the client's own. */
export interface OrderName {
  market: string;
  orderId?: number;
  clientOrderId?: string | number;
  deadline?: number;
}

export interface Amendment extends OrderName {
  price?: string;
  /** The new total, fills included. */
  qty?: string;
}

type TriggerField =
  | 'orderType'
  | 'triggerPrice'
  | 'triggerBy'
  | 'trailingAmount'
  | 'trailingRate'
  | 'ocoOrderId'
  | 'ocoClientOrderId'
  | 'takeProfitPrice'
  | 'takeProfitLimit'
  | 'takeProfitBy'
  | 'stopLossPrice'
  | 'stopLossLimit'
  | 'stopLossBy';

export interface Replacement extends Omit<NewOrder, TriggerField> {
  orderType?: 'limit' | 'market';
  targetOrderId?: number;
  targetClientOrderId?: string | number;
}

export interface MassCancel {
  market?: string;
  side?: 'buy' | 'sell';
  deadline?: number;
}

/** From 1 to what the lowest margin tier of the market allows, in whole numbers. */
export interface LeverageChoice {
  market: string;
  leverage: number;
  deadline?: number;
}

/** Takes a position over from an auction; only registered liquidators may. */
export interface TakeOver {
  market: string;
  auctionId: number;
  /** The auction's, when absent. */
  side?: 'buy' | 'sell';
  /** At most; what the auction does not have any more is not waited for. */
  qty: string;
  /** The worst price; the price got is that of the auction at that moment. */
  price: string;
  deadline?: number;
}

export interface MarginModeChoice {
  market: string;
  marginMode: 'cross' | 'isolated';
  deadline?: number;
}

/** USD as decimal text, such as "12.5"; "-12.5" takes it from the position. */
export interface MarginMove {
  market: string;
  amount: string;
  deadline?: number;
}

/** A position as it is now. */
export interface PositionDetail {
  market: string;
  position: string;
  entryValue: string;
  marginMode: 'cross' | 'isolated';
  /** Of an isolated position. */
  collateral?: string;
  liquidationPrice?: string;
}

export interface Positions {
  accountSequence: number;
  collateral: string;
  positions: PositionDetail[];
  /** Markets with isolated margin, also those without a position. */
  isolated: { market: string; collateral: string }[];
}

/** `count` limit orders from `price` to `lastPrice`, all or none; `cancel` takes its order id or client id. */
export interface NewScaledOrder {
  market: string;
  side: 'buy' | 'sell';
  price: string;
  lastPrice: string;
  /** Of all orders together. */
  qty: string;
  count: number;
  /** Default: equal. */
  distribution?: 'equal' | 'rising' | 'falling';
  timeInForce?: 'gtc' | 'gtd';
  postOnly?: 'none' | 'reject' | 'slide';
  reduceOnly?: boolean;
  selfTradePrevention?: NewOrder['selfTradePrevention'];
  clientOrderId?: string | number;
  expiresAt?: number;
  deadline?: number;
  timestamp?: number;
  recvWindow?: number;
}

/** Market orders in slices over time. One of `slices` and `interval` (ms). */
export interface NewTwap {
  market: string;
  side: 'buy' | 'sell';
  qty: string;
  /** Milliseconds. */
  duration: number;
  slices?: number;
  interval?: number;
  /** The worst that a slice accepts. */
  price?: string;
  reduceOnly?: boolean;
  selfTradePrevention?: NewOrder['selfTradePrevention'];
  clientOrderId?: string | number;
  deadline?: number;
  timestamp?: number;
  recvWindow?: number;
}

/** Collateral to another account of the same owner. */
export interface Transfer {
  to: number;
  amount: string;
  /** Default: the account of this connection. */
  from?: number;
  /** The same key again moves nothing: the answer is `duplicate`. */
  idempotencyKey?: string;
  deadline?: number;
  timestamp?: number;
  recvWindow?: number;
}

export interface SubAccount {
  accountId: number;
  /** 0: the account itself. */
  number: number;
  collateral: string;
}

export type BatchRequest =
  | ({ op: 'place' } & NewOrder)
  | ({ op: 'cancel' } & OrderName)
  | ({ op: 'amend' } & Amendment)
  | ({ op: 'replace' } & Replacement)
  | ({ op: 'cancelAll' } & MassCancel)
  | ({ op: 'setLeverage' } & LeverageChoice)
  | ({ op: 'takeOver' } & TakeOver)
  | ({ op: 'setMarginMode' } & MarginModeChoice)
  | ({ op: 'moveMargin' } & MarginMove)
  | ({ op: 'placeScaled' } & NewScaledOrder)
  | ({ op: 'placeTwap' } & NewTwap);

/** The exchange's answer to an order request. */
export interface Ack {
  type: 'ack';
  id: number;
  result: 'accepted' | 'amended' | 'canceled' | 'massCanceled' | 'duplicate' | 'done' | 'takenOver';
  market?: string;
  orderId?: number;
  clientOrderId?: string;
  side?: 'buy' | 'sell';
  price?: string;
  qty?: string;
  remaining?: string;
  count?: number;
  sequence: number;
  accountSequence?: number;
  time: number;
  canceledQty?: string;
  /** Of cancelAllAfter: when the switch falls. */
  expiresAt?: number;
  /** Of createSubAccount: the sub-account. */
  accountId?: number;
  /** When the gateway got the request (µs since 1970), and how long it took until the answer went out. */
  receivedAtUs?: number;
  handledInUs?: number;
}

export type Permission = 'read' | 'trade' | 'withdraw' | 'manage';

export interface NewKey {
  permissions: Permission[];
  /** At most 32 printable ASCII characters. */
  label?: string;
  /** IP addresses or networks such as 10.0.0.0/8 that it may be used from; absent: all. */
  addresses?: string[];
  /** Of the exchange's time; absent: never. */
  expiresAt?: number;
  /** Ed25519, base58: the key signs, and has no secret. */
  publicKey?: string;
}

export interface KeyDescription {
  apiKey: string;
  label: string;
  permissions: Permission[];
  addresses: string[];
  expiresAt: number | null;
  publicKey: string | null;
  createdAt: number;
}

export interface Instrument {
  market: string;
  marketId: number;
  tickSize: string;
  lotSize: string;
  priceMax: string;
  qtyMax: string;
  minNotional: string;
  initialMarginRate: string;
  maintenanceMarginRate: string;
  marginTiers: {
    notionalFloor: string;
    initialMarginRate: string;
    maintenanceMarginRate: string;
  }[];
  openInterestMax: string | null;
  positionMax: string | null;
  state: string;
}

/** What has become of an order: one of its own states, or that it is on its way, or that it never came. */
export interface OrderStatus {
  status:
    | 'open'
    | 'waiting'
    | 'filled'
    | 'canceled'
    | 'triggered'
    | 'rejected'
    | 'done'
    | 'in_flight'
    | 'not_received';
  market: string;
  orderId: number | null;
  clientOrderId: string | null;
  /** A row of `/v1/history/orders`; null when none was ever accepted. */
  order: {
    status: string;
    qty: string;
    remaining: string;
    filledQty: string;
    averagePrice: string | null;
    reason: string | null;
    readonly [field: string]: unknown;
  } | null;
  /** Of what was refused, and of what never came. */
  code: string | null;
  message: string | null;
  /** The answer holds for all that reached the account's home in these sequences. */
  since: number;
  sequence: number;
  time: number;
}

/** The exchange refused a request, or the connection ended before its answer came. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  /** Stable; `connection_lost` means that the outcome is unknown until the private feed has resumed. */
  readonly code: string;
  /** The whole message of the server; null: it said nothing. */
  readonly details: Readonly<Record<string, unknown>> | null;

  constructor(
    code: string,
    message: string,
    details: Readonly<Record<string, unknown>> | null = null,
  ) {
    super(message);
    this.code = code;
    this.details = details;
  }
}
