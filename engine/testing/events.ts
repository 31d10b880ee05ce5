/**
 * Events in words, for assertions: one sentence each. A star marks the answer to the message, so that every
 * expectation also says who is told what.
 *
 *     * accepted #3 buy 10@100
 *     fill #1 maker 4@100 left 6 trade 1
 */
import * as layout from '../messages/layout.js';
import type { MessageBuffer } from '../messages/message-buffer.js';
import { rejectName } from '../messages/reject-codes.js';
import * as type from '../messages/types.js';

/** An event with all of its fields by name; two names for one place are read by type. */
export interface EventView {
  type: number;
  slots: number;
  marketId: number;
  account: number;
  orderId: number;
  lots: number;
  remaining: number;
  price: number;
  flags: number;
  reason: number;
  session: number;
  request: number;
  clientRef: number;
  lossTicks: number;
  oldRemaining: number;
  oldPrice: number;
  oldLossTicks: number;
  grantedRemaining: number;
  grantOldRemaining: number;
  reservedLossTicks: number;
  reservedOldLossTicks: number;
  fee: number;
  realized: number;
  tradeSequence: number;
  position: number;
  entryValue: number;
  expiryMs: number;
  code: number;
  value: number;
  limit: number;
  triggerTerms: number;
  triggerPrice: number;
  triggerReached: number;
  triggerOrderId: number;
  parentOrderId: number;
  children: number;
  lastPrice: number;
}

const REASONS: Record<number, string> = {
  [type.REASON_USER]: 'user',
  [type.REASON_IOC_REMAINDER]: 'ioc_remainder',
  [type.REASON_FOK_UNFILLABLE]: 'fok_unfillable',
  [type.REASON_SELF_TRADE]: 'self_trade',
  [type.REASON_EXPIRED]: 'expired',
  [type.REASON_REDUCE_ONLY]: 'reduce_only',
  [type.REASON_MASS_CANCEL]: 'mass_cancel',
  [type.REASON_REPLACED]: 'replaced',
  [type.REASON_MARKET_STATE]: 'market_state',
  [type.REASON_NO_LIQUIDITY]: 'no_liquidity',
  [type.REASON_OCO]: 'oco',
  [type.REASON_POSITION_CLOSED]: 'position_closed',
  [type.REASON_LIQUIDATION]: 'liquidation',
};

const STAGES: Record<number, string> = {
  [type.LIQUIDATION_BEGUN]: 'begun',
  [type.LIQUIDATION_ENDED]: 'ended',
  [type.LIQUIDATION_RUNG + type.LADDER_SLICE]: 'slices',
  [type.LIQUIDATION_RUNG + type.LADDER_AUCTION]: 'auction',
  [type.LIQUIDATION_RUNG + type.LADDER_FUND]: 'fund',
  [type.LIQUIDATION_RUNG + type.LADDER_DELEVERAGE]: 'deleveraging',
  [type.LIQUIDATION_RUNG + type.LADDER_COVER]: 'debt',
};
const INSURANCE = ['', 'fee', 'shortfall', 'dust', 'debt'];
const TRANSFERS = ['', 'take-over', 'deleveraging', 'settlement'];
const AUCTIONS = ['', 'opened', 'taken', 'ended'];

/** All events of a buffer. */
export function readEvents(buffer: MessageBuffer): EventView[] {
  const views: EventView[] = [];
  for (let slot = 0; slot < buffer.length; ) {
    const view = readEvent(buffer, slot);
    views.push(view);
    slot += view.slots;
  }
  return views;
}

/** All events of a buffer, a sentence each. */
export function tellEvents(buffer: MessageBuffer): string[] {
  return readEvents(buffer).map((event) => {
    const isAnswer = event.session !== 0 || event.request !== 0;
    return `${isAnswer ? '* ' : ''}${tellEvent(event)}`;
  });
}

export function readEvent(buffer: MessageBuffer, slot: number): EventView {
  const word = (at: number) => buffer.words[slot * layout.SLOT_WORDS + at] as number;
  const float = (at: number) => buffer.floats[slot * layout.SLOT_FLOATS + at] as number;
  const head = word(layout.W_HEAD);
  return {
    type: layout.typeOf(head),
    slots: layout.slotsOf(head),
    marketId: layout.marketOf(head),
    account: word(layout.W_ACCOUNT),
    orderId: float(layout.EF_ORDER_ID),
    lots: float(layout.EF_LOTS),
    remaining: float(layout.EF_REMAINING),
    price: word(layout.EW_PRICE),
    flags: word(layout.EW_FLAGS),
    reason: type.reasonOf(word(layout.EW_FLAGS)),
    session: word(layout.EW_SESSION),
    request: word(layout.EW_REQUEST),
    clientRef: word(layout.EW_CLIENT_REF),
    lossTicks: word(layout.EW_LOSS_TICKS),
    oldRemaining: float(layout.EF_OLD_REMAINING),
    oldPrice: word(layout.EW_OLD_PRICE),
    oldLossTicks: word(layout.EW_OLD_LOSS_TICKS),
    grantedRemaining: float(layout.EF_GRANTED_REMAINING),
    grantOldRemaining: float(layout.EF_GRANT_OLD_REMAINING),
    reservedLossTicks: word(layout.EW_RESERVED_LOSS_TICKS),
    reservedOldLossTicks: word(layout.EW_RESERVED_OLD_LOSS_TICKS),
    fee: float(layout.EF_FEE),
    realized: float(layout.EF_REALIZED),
    tradeSequence: float(layout.EF_TRADE_SEQUENCE),
    position: float(layout.EF_POSITION),
    entryValue: float(layout.EF_ENTRY_VALUE),
    expiryMs: float(layout.EF_EXPIRY),
    code: word(layout.EW_CODE),
    value: float(layout.EF_VALUE),
    limit: float(layout.EF_LIMIT),
    triggerTerms: word(layout.EW_TRIGGER_TERMS),
    triggerPrice: word(layout.EW_TRIGGER_PRICE),
    triggerReached: word(layout.EW_TRIGGER_REACHED),
    triggerOrderId: float(layout.EF_TRIGGER_ORDER_ID),
    parentOrderId: float(layout.EF_PARENT_ORDER_ID),
    children: word(layout.EW_CHILDREN),
    lastPrice: word(layout.EW_LAST_PRICE),
  };
}

const TRIGGER_KINDS = ['', 'stop', 'take_profit', 'trailing_stop'];
const TRIGGER_SOURCES = ['mark', 'last', 'index'];

function tellTrigger(e: EventView): string {
  const side = type.sideOf(e.flags) === type.SIDE_BUY ? 'buy' : 'sell';
  const kind = TRIGGER_KINDS[e.triggerTerms & 0xff];
  const source = TRIGGER_SOURCES[(e.triggerTerms >>> 8) & 0xff];
  const price = e.price === 0 ? '' : `@${e.price}`;
  const oco = e.triggerOrderId === 0 ? '' : `, oco #${e.triggerOrderId}`;
  const closes = (e.triggerTerms & type.TRIGGER_TERM_CLOSES_POSITION) !== 0 ? 'position ' : '';
  const isLeg = (e.triggerTerms & type.TRIGGER_TERM_IN_BRACKET) !== 0;
  const leg = isLeg ? ` for #${e.parentOrderId}` : '';
  return `${kind} ${side} ${closes}${e.lots}${price} when ${source} ${e.triggerPrice}${oco}${leg}`;
}

function tellEvent(e: EventView): string {
  const side = type.sideOf(e.flags) === type.SIDE_BUY ? 'buy' : 'sell';
  const reason = REASONS[e.reason] ?? `reason_${e.reason}`;
  const granted = (e.flags & type.FLAG_GRANTED) !== 0 ? ` granted ${e.grantedRemaining}` : '';
  const change = `#${e.orderId} ${e.oldRemaining}@${e.oldPrice} → ${e.remaining}@${e.price}`;
  switch (e.type) {
    case type.EVT_ACCEPTED: {
      const asked = e.value === e.lots ? '' : ` of ${e.value}`;
      const from = e.triggerOrderId === 0 ? '' : ` from #${e.triggerOrderId}`;
      const parent = e.parentOrderId === 0 ? '' : ` of #${e.parentOrderId}`;
      return `accepted #${e.orderId} ${side} ${e.lots}${asked}@${e.price}${from}${parent}`;
    }
    case type.EVT_FILL: {
      const by = (e.flags & type.FLAG_MAKER) !== 0 ? 'maker' : 'taker';
      const what = `${e.lots}@${e.price} left ${e.remaining} trade ${e.tradeSequence}`;
      return `fill #${e.orderId} ${by} ${what}`;
    }
    case type.EVT_CANCELED:
      return `canceled #${e.orderId} ${e.remaining}@${e.price} ${reason}${granted}`;
    case type.EVT_AMENDED:
      return `amended ${change} total ${e.lots} ${reason}${granted}`;
    case type.EVT_RESERVE_AMEND:
      return `reserve ${change} total ${e.lots}${granted}`;
    case type.EVT_REJECTED:
      return `rejected ${rejectName(e.code)} ${e.value} limit ${e.limit}${granted}`;
    case type.EVT_MASS_CANCELED:
      return `mass_canceled ${e.lots}`;
    case type.EVT_TRIGGER_ACCEPTED:
      return `waits #${e.orderId} ${tellTrigger(e)}`;
    case type.EVT_TRIGGER_AMENDED:
      return `waits #${e.orderId} ${tellTrigger(e)} now`;
    case type.EVT_BRACKET:
      return `bracket of #${e.orderId} profit ${e.triggerTerms} stop ${e.oldPrice}`;
    case type.EVT_TRIGGER_CANCELED:
      return `waits no longer #${e.orderId} ${reason}`;
    case type.EVT_TRIGGERED:
      return `triggered #${e.orderId} ${tellTrigger(e)}, reached ${e.triggerReached}`;
    case type.EVT_TRIGGER_REJECTED:
      return `fired in vain #${e.orderId} ${rejectName(e.code)} ${e.value} limit ${e.limit}`;
    case type.EVT_LIQUIDATION:
      return `liquidation of ${e.account}: ${STAGES[e.flags] ?? e.flags}, ${e.value} of ${e.limit}`;
    case type.EVT_INSURANCE:
      return `insurance ${INSURANCE[e.flags]} of ${e.account}: ${e.value}, fund ${e.limit}`;
    case type.EVT_TRANSFER: {
      const what = TRANSFERS[e.reason];
      return `${what} ${e.account} ${side} ${e.lots}@${e.price}, position ${e.position}`;
    }
    case type.EVT_AUCTION:
      return `auction #${e.orderId} ${AUCTIONS[e.code]} ${side} ${e.lots}@${e.price}`;
    case type.EVT_DELEVERAGING:
      return `deleveraging of ${e.orderId}: ${side} ${e.lots}`;
    case type.EVT_SCALED_ACCEPTED:
      return `scaled #${e.orderId} ${side} ${e.lots} in ${e.children} from ${e.price} to ${e.lastPrice}`;
    case type.EVT_TWAP_ACCEPTED: {
      const limit = e.price === 0 ? '' : `@${e.price}`;
      return `twap #${e.orderId} ${side} ${e.lots}${limit} in ${e.children} until ${e.expiryMs}`;
    }
    case type.EVT_PARENT_ENDED: {
      const why = e.reason === 0 ? 'filled' : reason;
      return `ended #${e.orderId} left ${e.remaining} of ${e.lots} worth ${e.value} ${why}`;
    }
    case type.EVT_SLICE:
      return `slice of #${e.orderId} ${side} ${e.lots}`;
    default:
      return `event ${e.type} #${e.orderId}`;
  }
}
