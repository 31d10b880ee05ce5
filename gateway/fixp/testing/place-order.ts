import * as sbe from '../generated/index.js';
import type { FixpClient } from './fixp-client.js';

interface Order {
  clOrdId?: number;
  side?: sbe.Side;
  price?: number;
  qty?: number;
  tif?: sbe.TimeInForce;
  execInst?: number;
}

/** Sends a limit order in market 1; gives the number of the message. */
export function place(client: FixpClient, order: Order = {}): number {
  const seqNo = client.outgoingSeqNo;
  client.send(new sbe.NewOrderSingleEncoder(), (message) => {
    if (order.clOrdId !== undefined) message.clOrdId(order.clOrdId);
    message
      .orderQty(order.qty ?? 10)
      .marketId(1)
      .side(order.side ?? sbe.Side.Buy);
    message.price(order.price ?? 499_000).ordType(sbe.OrdType.Limit);
    message.timeInForce(order.tif ?? sbe.TimeInForce.GoodTillCancel);
    message.execInst(order.execInst ?? 0);
    message.selfTradePrevention(sbe.SelfTradePrevention.CancelTaker);
  });
  return seqNo;
}
