import { OrderDraft } from '../commands/draft.js';
import { OrderFields } from '../commands/order-fields.js';
import { type Problem, problem } from '../commands/problem.js';
import type { Markets } from '../markets.js';
import { REQUESTS } from '../protocol/requests.js';
import type { OrderToFind } from './recent-orders.js';

/** Reads which order is meant, by the rules by which a cancel names one. */
export class OrderNames {
  private readonly fields: OrderFields;
  private readonly draft = new OrderDraft();

  constructor(markets: Markets) {
    this.fields = new OrderFields(markets);
  }

  /** `fields`: market, and one of orderId and clientOrderId. */
  read(accountId: number, fields: Readonly<Record<string, unknown>>): OrderToFind | Problem {
    const request = { shape: REQUESTS.cancel, id: 1, fields, binary: false };
    const found = this.fields.read(request, this.draft);
    if (found !== null) return problem(found.code, found.message);
    const { marketId, orderId, clientId } = this.draft;
    const text = Buffer.from(clientId.bytes.subarray(0, clientId.length)).toString('latin1');
    const clientOrderId = clientId.number === 0 ? text : String(clientId.number);
    return { accountId, marketId, orderId, clientOrderId };
  }
}
