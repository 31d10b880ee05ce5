import { AskedOrders } from './asked-orders.js';
import type {
  ChangeRow,
  FillRow,
  FundingRateRow,
  FundingRow,
  LiquidationRow,
  OrderRow,
  RejectionRow,
  TradeRow,
  TransferRow,
} from './rows.js';

/** The row of an order that is in the database already; undefined: there is none. */
export type FindOrder = (marketId: number, orderId: number) => OrderRow | undefined;

/** Rows of one transaction: new ones in the order of events, and each order that has changed once, with its last state. */
export class HistoryBatch {
  readonly changes: ChangeRow[] = [];
  readonly fills: FillRow[] = [];
  readonly funding: FundingRow[] = [];
  readonly transfers: TransferRow[] = [];
  readonly liquidations: LiquidationRow[] = [];
  readonly rejections: RejectionRow[] = [];
  readonly trades: TradeRow[] = [];
  readonly fundingRates: FundingRateRow[] = [];
  /** Orders on their way, which outlive the batch. */
  readonly asked = new AskedOrders();
  private readonly byId = new Map<string, OrderRow>();
  private readonly findOrder: FindOrder;

  constructor(findOrder: FindOrder) {
    this.findOrder = findOrder;
  }

  get orders(): Iterable<OrderRow> {
    return this.byId.values();
  }

  /** About how much there is to write. */
  get size(): number {
    return (
      this.byId.size +
      this.changes.length +
      this.fills.length +
      this.funding.length +
      this.transfers.length +
      this.liquidations.length +
      this.rejections.length +
      this.trades.length +
      this.fundingRates.length
    );
  }

  addOrder(order: OrderRow): void {
    this.byId.set(`${order.marketId}:${order.orderId}`, order);
  }

  /** To be changed: its state at the end of the batch is what counts. Undefined: it was accepted before the history begins. */
  order(marketId: number, orderId: number): OrderRow | undefined {
    const known = this.byId.get(`${marketId}:${orderId}`);
    if (known !== undefined) return known;
    const found = this.findOrder(marketId, orderId);
    if (found !== undefined) this.addOrder(found);
    return found;
  }

  clear(): void {
    this.byId.clear();
    const ofAccounts = [this.changes, this.fills, this.funding, this.transfers, this.liquidations];
    for (const list of [...ofAccounts, this.rejections, this.trades, this.fundingRates]) {
      list.length = 0;
    }
  }
}
