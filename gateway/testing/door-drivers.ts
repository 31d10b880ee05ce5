import type { PlimsollClient } from '../../sdk/client.js';
import type { BinanceClient, Json, TestSocket } from '../binance/binance.fixture.js';
import { MSG, TAG } from '../fix/codec/tags.js';
import * as sbe from '../fixp/generated/index.js';
import { type FixpClient, read } from '../fixp/testing/fixp-client.js';
import { place } from '../fixp/testing/place-order.js';
import type { AllDoors } from './all-doors.js';
import type { FixClient } from './fix-client.js';

/** What has become of requests, by what they were answered with. */
export interface Outcomes {
  accepted: number;
  canceled: number;
  busy: number;
}

/** A client of one door that places and cancels as fast as it can, and counts answers. Orders are numbered from 1. */
export interface DoorDriver {
  begin(doors: AllDoors): Promise<void>;
  place(n: number): void;
  /** Of an order that was accepted. */
  cancel(n: number): void;
  outcomes(): Outcomes;
}

/** The same order at every door: 0.010 BTC at 40,000, far below the market. */
const NATIVE = { market: 'BTC-PERP', side: 'buy', price: '40000', qty: '0.010' } as const;
const BINANCE = {
  symbol: 'BTCUSDT',
  side: 'BUY',
  type: 'LIMIT',
  timeInForce: 'GTC',
  price: '40000',
  quantity: '0.010',
};
const FIX = {
  [TAG.Symbol]: 'BTC-PERP',
  [TAG.Side]: 1,
  [TAG.OrdType]: 2,
  [TAG.OrderQty]: '0.010',
  [TAG.Price]: '40000',
  [TAG.TransactTime]: '20260101-00:00:00',
};
const PRICE_TICKS = 400_000;

abstract class CountingDriver implements DoorDriver {
  protected readonly counts: Outcomes = { accepted: 0, canceled: 0, busy: 0 };
  abstract begin(doors: AllDoors): Promise<void>;
  abstract place(n: number): void;
  abstract cancel(n: number): void;

  outcomes(): Outcomes {
    return { ...this.counts };
  }
}

class NativeDriver extends CountingDriver {
  private client!: PlimsollClient;
  private readonly codec: 'json' | 'msgpack';

  constructor(codec: 'json' | 'msgpack') {
    super();
    this.codec = codec;
  }

  async begin(doors: AllDoors): Promise<void> {
    this.client = await doors.native(1, { codec: this.codec });
  }

  place(n: number): void {
    this.count(this.client.place({ ...NATIVE, clientOrderId: n }), 'accepted');
  }

  cancel(n: number): void {
    this.count(this.client.cancel({ market: 'BTC-PERP', clientOrderId: n }), 'canceled');
  }

  private count(answer: Promise<unknown>, kind: 'accepted' | 'canceled'): void {
    answer.then(
      () => this.counts[kind]++,
      (error: { code?: string }) => {
        if (error.code === 'busy') this.counts.busy++;
      },
    );
  }
}

class BinanceRestDriver extends CountingDriver {
  private client!: BinanceClient;

  async begin(doors: AllDoors): Promise<void> {
    this.client = doors.binance(1);
  }

  place(n: number): void {
    this.count('POST', { ...BINANCE, newClientOrderId: `o${n}` }, 'accepted');
  }

  cancel(n: number): void {
    this.count('DELETE', { symbol: 'BTCUSDT', origClientOrderId: `o${n}` }, 'canceled');
  }

  private count(method: string, fields: Json, kind: 'accepted' | 'canceled'): void {
    void this.client.call(method, '/fapi/v1/order', fields).then(({ status, body }) => {
      if (status === 200) this.counts[kind]++;
      else if (status === 503 && body.code === -1008) this.counts.busy++;
    });
  }
}

class BinanceSocketDriver implements DoorDriver {
  private socket!: TestSocket;
  private doors!: AllDoors;

  async begin(doors: AllDoors): Promise<void> {
    this.doors = doors;
    this.socket = await doors.socket('/ws-fapi/v1');
    const client = doors.binance(1);
    const { apiKey } = client;
    const timestamp = ++doors.shard.timeMs;
    const signature = client.sign(`apiKey=${apiKey}&timestamp=${timestamp}`);
    const params = { apiKey, timestamp, signature };
    await this.socket.ask({ id: 'logon', method: 'session.logon', params });
  }

  place(n: number): void {
    this.send('order.place', n, { ...BINANCE, newClientOrderId: `o${n}` });
  }

  cancel(n: number): void {
    this.send('order.cancel', n, { symbol: 'BTCUSDT', origClientOrderId: `o${n}` });
  }

  outcomes(): Outcomes {
    const of = (method: string, fits: (message: Json) => boolean) => {
      return this.socket.messages.filter((message) => {
        return String(message.id).startsWith(method) && fits(message);
      }).length;
    };
    return {
      accepted: of('order.place', ({ status }) => status === 200),
      canceled: of('order.cancel', ({ status }) => status === 200),
      busy: of('order.', ({ error }) => (error as Json | undefined)?.code === -1008),
    };
  }

  private send(method: string, n: number, fields: Json): void {
    const params = { ...fields, timestamp: this.doors.shard.timeMs };
    this.socket.send({ id: `${method}-${n}`, method, params });
  }
}

class FixpDriver implements DoorDriver {
  private client!: FixpClient;

  async begin(doors: AllDoors): Promise<void> {
    this.client = doors.fixpClient(1);
    await this.client.begin();
  }

  place(n: number): void {
    place(this.client, { clOrdId: n, price: PRICE_TICKS });
  }

  cancel(n: number): void {
    this.client.send(new sbe.OrderCancelRequestEncoder(), (message) => {
      message.marketId(1).clOrdId(n);
    });
  }

  outcomes(): Outcomes {
    const { received } = this.client;
    const of = ({ TEMPLATE_ID }: { TEMPLATE_ID: number }) => {
      return received.filter(({ templateId }) => templateId === TEMPLATE_ID);
    };
    const rejects = of(sbe.BusinessMessageRejectDecoder).map((message) => {
      return read(message, sbe.BusinessMessageRejectDecoder).text();
    });
    return {
      accepted: of(sbe.ExecutionReportNewDecoder).length,
      canceled: of(sbe.ExecutionReportCancelDecoder).length,
      busy: rejects.filter((text) => text.startsWith('busy: ')).length,
    };
  }
}

class FixDriver implements DoorDriver {
  private client!: FixClient;

  async begin(doors: AllDoors): Promise<void> {
    this.client = await doors.fixClient(1);
  }

  place(n: number): void {
    this.client.send(MSG.NewOrderSingle, { ...FIX, [TAG.ClOrdID]: `o${n}` });
  }

  cancel(n: number): void {
    const names = { [TAG.OrigClOrdID]: `o${n}`, [TAG.ClOrdID]: `c${n}` };
    const { [TAG.OrdType]: _type, [TAG.OrderQty]: _qty, [TAG.Price]: _price, ...order } = FIX;
    this.client.send(MSG.OrderCancelRequest, { ...order, ...names });
  }

  outcomes(): Outcomes {
    const { received } = this.client;
    const of = (execType: string) => {
      return received.filter((message) => {
        return message.type === MSG.ExecutionReport && message.get(TAG.ExecType) === execType;
      }).length;
    };
    const isBusy = (text: string | undefined) => text?.includes('busy') === true;
    return {
      accepted: of('0'),
      canceled: of('4'),
      busy: received.filter((message) => isBusy(message.get(TAG.Text))).length,
    };
  }
}

/** One for each way of placing an order, by name. */
export function doorDrivers(): [string, DoorDriver][] {
  return [
    ['native, JSON', new NativeDriver('json')],
    ['native, msgpack', new NativeDriver('msgpack')],
    ['Binance, REST', new BinanceRestDriver()],
    ['Binance, WebSocket API', new BinanceSocketDriver()],
    ['SBE in FIXP', new FixpDriver()],
    ['FIX 4.4', new FixDriver()],
  ];
}
