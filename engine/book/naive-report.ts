import type { MessageBuffer } from '../messages/message-buffer.js';
import { REJECT, type RejectCode } from '../messages/reject-codes.js';
import { lossTicksOf, pushMarketRejection } from '../messages/rejection.js';
import * as type from '../messages/types.js';
import { type BookEvent, type BookMessage, writeEvent } from './naive-messages.js';
import type { NaiveOrder } from './naive-order.js';

/** An order's numbers that an amend changes, kept to tell what they were before. */
export interface Before {
  oldRemainingLots: number;
  oldPriceTicks: number;
  oldLossTicks: number;
}

/** An order's numbers after an amend. */
export interface After {
  lots: number;
  remainingLots: number;
  priceTicks: number;
  lossTicks: number;
}

export function before(order: NaiveOrder): Before {
  return {
    oldRemainingLots: order.remainingLots,
    oldPriceTicks: order.priceTicks,
    oldLossTicks: order.lossTicks,
  };
}

export function after(order: NaiveOrder): After {
  return {
    lots: order.totalLots,
    remainingLots: order.remainingLots,
    priceTicks: order.priceTicks,
    lossTicks: order.lossTicks,
  };
}

/** Says what the naive book does: one method for each event of the specification. */
export class NaiveReport {
  private readonly events: MessageBuffer;
  private readonly marketId: number;

  constructor(events: MessageBuffer, marketId: number) {
    this.events = events;
    this.marketId = marketId;
  }

  accepted(order: NaiveOrder, message: BookMessage): void {
    this.write(type.EVT_ACCEPTED, order, {
      ...after(order),
      askedLots: message.qtyLots,
      oldLossTicks: lossTicksOf(order.flags & type.FLAG_SIDE, message.markDistanceTicks),
      expiryMs: order.expiryMs,
      answerTo: message,
    });
  }

  /** Returns the event's slot, for the ledger to complete. */
  fill(order: NaiveOrder, lots: number, priceTicks: number, sequence: number, by: number): number {
    return this.write(type.EVT_FILL, order, {
      lots,
      remainingLots: order.remainingLots,
      priceTicks,
      lossTicks: order.lossTicks,
      tradeSequence: sequence,
      flags: order.flags | by,
    });
  }

  canceled(order: NaiveOrder, reason: number, answerTo?: BookMessage): void {
    this.write(type.EVT_CANCELED, order, {
      remainingLots: order.remainingLots,
      priceTicks: order.priceTicks,
      lossTicks: order.lossTicks,
      flags: order.flags | (reason << type.REASON_SHIFT),
      answerTo,
    });
  }

  amended(order: NaiveOrder, old: Before, reason: number, answerTo?: BookMessage): void {
    const flags = order.flags | (reason << type.REASON_SHIFT);
    this.write(type.EVT_AMENDED, order, { ...after(order), ...old, flags, answerTo });
  }

  reserveAmend(order: NaiveOrder, wanted: After, answerTo: BookMessage): void {
    this.write(type.EVT_RESERVE_AMEND, order, { ...wanted, ...before(order), answerTo });
  }

  massCanceled(message: BookMessage, orders: number): void {
    writeEvent(this.events, this.marketId, {
      type: type.EVT_MASS_CANCELED,
      account: message.account,
      orderId: 0,
      flags: message.flags,
      clientRef: message.clientRef,
      lots: orders,
      answerTo: message,
    });
  }

  notOpen(message: BookMessage, orderId: number): void {
    this.rejected(message, REJECT.order_is_not_open, orderId, 0);
  }

  rejected(message: BookMessage, code: RejectCode, value: number, limit: number): void {
    pushMarketRejection(this.events, message.inbox, message.slot, code, value, limit);
  }

  private write(eventType: number, order: NaiveOrder, fields: Partial<BookEvent>): number {
    return writeEvent(this.events, this.marketId, {
      type: eventType,
      account: order.account,
      orderId: order.id,
      flags: order.flags,
      clientRef: order.clientRef,
      ...fields,
    });
  }
}
