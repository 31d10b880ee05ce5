/** A request on its way through the exchange; plain data, because it is kept in files. Numbered by its MsgSeqNum. */
export interface PendingRequest {
  readonly sequence: number;
  /** MsgType. */
  readonly type: string;
  readonly clOrdId: string;
  readonly origClOrdId: string;
  readonly marketId: number;
  /** Fields of a NewOrderSingle that go back with a rejection, as text of FIX fields. */
  readonly echo: string;
  /** Name by which the exchange knows the order that the request is about; empty: it has none. */
  readonly root: string;
}
