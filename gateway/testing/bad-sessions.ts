import { FixBody, sealed, timestampOf } from '../fix/codec/frame-writer.js';
import { MSG, TAG } from '../fix/codec/tags.js';
import { FRAMING_BYTES, HEAD_BYTES, writeFraming } from '../fixp/framing.js';
import * as sbe from '../fixp/generated/index.js';
import { FixpClient } from '../fixp/testing/fixp-client.js';
import { signingKey } from '../fixp/testing/fixp-exchange.js';
import type { AllDoors } from './all-doors.js';
import type { BadChannel } from './bad-channel.js';
import { until } from './exchange.js';
import { FixClient } from './fix-client.js';
import type { Mutations } from './mutations.js';

/** Where a bad message may end the session, what follows it goes nowhere: so few at a time. */
const SHORT_BURST = 8;

/** Frames of the binary door: each is answered, or ends its connection. */
export class FixpChannel implements BadChannel {
  readonly name = 'SBE in FIXP';
  readonly good: readonly Buffer[] = fixpFrames();
  private doors!: AllDoors;
  private account = 0;
  private client: FixpClient | null = null;

  async open(doors: AllDoors, account: number): Promise<void> {
    this.doors = doors;
    this.account = account;
  }

  async send(mutations: Mutations, count: number): Promise<void> {
    for (let left = count; left > 0; left -= SHORT_BURST) {
      for (let i = Math.min(left, SHORT_BURST); i > 0; i--) {
        const client = await this.connected();
        const bytes = mutations.of(this.good);
        // Most keep their frame and kind, so that one connection takes many.
        if (mutations.below(50) > 0) reframe(bytes, mutations);
        client.raw(bytes);
      }
      await this.settled();
    }
  }

  close(): void {
    void this.client?.cut().catch(() => {});
  }

  private async connected(): Promise<FixpClient> {
    if (this.client !== null && !this.client.ended) return this.client;
    const { secretKey, publicKey } = this.doors.trader(this.account);
    this.client = new FixpClient(this.doors.fixpPort, signingKey(secretKey), publicKey);
    await this.client.begin();
    return this.client;
  }

  /** Whatever was taken before a question is answered before it. */
  private async settled(): Promise<void> {
    const client = await this.connected();
    client.received.length = 0;
    // What was left open of a frame swallows some of these.
    const end = Date.now() + 30_000;
    while (!client.ended && client.received.length === 0) {
      client.send(new sbe.PositionRequestEncoder(), (message) => message.requestId(1));
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (Date.now() > end) throw new Error('the binary door answers nothing any more');
    }
  }
}

function fixpFrames(): Buffer[] {
  const frames: Buffer[] = [];
  const add = <E extends { wrapAndApplyHeader(view: DataView, at: number): E }>(
    encoder: E & { clear(): unknown; sbeEncodedLength(): number },
    fill: (encoder: E) => void,
  ) => {
    const bytes = Buffer.alloc(1_024);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    encoder.wrapAndApplyHeader(view, FRAMING_BYTES);
    encoder.clear();
    fill(encoder);
    const length = HEAD_BYTES - FRAMING_BYTES + encoder.sbeEncodedLength();
    frames.push(bytes.subarray(0, writeFraming(view, 0, length)));
  };
  add(new sbe.NewOrderSingleEncoder(), (message) => {
    message.clOrdId(7).orderQty(10).marketId(1).side(sbe.Side.Buy).price(499_000);
    message.ordType(sbe.OrdType.Limit).timeInForce(sbe.TimeInForce.GoodTillCancel);
  });
  add(new sbe.OrderCancelRequestEncoder(), (message) => message.marketId(1).orderId(5));
  add(new sbe.OrderCancelReplaceRequestEncoder(), (message) => {
    message.marketId(1).orderId(5).price(499_001).orderQty(3);
  });
  add(new sbe.OrderMassActionRequestEncoder(), (message) => message.marketId(1));
  add(new sbe.OrderStatusRequestEncoder(), (message) => message.marketId(1).clOrdId(7));
  add(new sbe.PositionRequestEncoder(), (message) => message.requestId(3));
  add(new sbe.SecurityDefinitionRequestEncoder(), (message) => message.marketId(1));
  add(new sbe.MassQuoteEncoder(), (message) => {
    message.quoteId(1).marketId(1);
    const entries = message.quoteEntriesCount(2);
    for (const id of [1, 2]) {
      entries.next();
      entries.quoteEntryId(id).bidPrice(400_000).bidSize(1).offerPrice(600_000).offerSize(1);
    }
  });
  return frames;
}

const KINDS = [101, 102, 103, 104, 105, 107, 108, 109, 150];

/** Puts a right frame and a header around whatever the mutation is. */
function reframe(bytes: Buffer, mutations: Mutations): void {
  if (bytes.length < HEAD_BYTES + 2) return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  writeFraming(view, 0, bytes.length - FRAMING_BYTES);
  const kind = KINDS[mutations.below(KINDS.length)] as number;
  const blockLength = Math.min(bytes.length - HEAD_BYTES, 60 + mutations.below(60));
  [blockLength, kind, sbe.SBE_SCHEMA_ID, mutations.below(2)].forEach((value, i) => {
    view.setUint16(FRAMING_BYTES + 2 * i, value, true);
  });
}

const FIX_HEAD = { [TAG.Symbol]: 'BTC-PERP', [TAG.Side]: 1 };
const FIX_ORDER = { ...FIX_HEAD, [TAG.OrdType]: 2, [TAG.OrderQty]: '0.010', [TAG.Price]: '50000' };
const FIX_GOOD: readonly [string, Record<number, string | number>][] = [
  [MSG.NewOrderSingle, { ...FIX_ORDER, [TAG.ClOrdID]: 'a-1', [TAG.TimeInForce]: 1 }],
  [MSG.OrderCancelRequest, { ...FIX_HEAD, [TAG.ClOrdID]: 'b-1', [TAG.OrigClOrdID]: 'a-1' }],
  [MSG.OrderCancelReplaceRequest, { ...FIX_ORDER, [TAG.ClOrdID]: 'c', [TAG.OrigClOrdID]: 'a-1' }],
  [MSG.OrderStatusRequest, { ...FIX_HEAD, [TAG.ClOrdID]: 'a-1' }],
  [MSG.OrderMassStatusRequest, { [TAG.MassStatusReqID]: 'm', [TAG.MassStatusReqType]: 7 }],
  [MSG.OrderMassCancelRequest, { [TAG.ClOrdID]: 'd', [TAG.MassCancelRequestType]: 7 }],
  [MSG.MarketDataRequest, { [TAG.MDReqID]: 'q', 263: 0, 264: 1, 267: 1, 269: 0, 146: 1, 55: 'X' }],
];

/** FIX 4.4: garbled frames are passed over, whole ones are answered or end their session. */
export class FixChannel implements BadChannel {
  readonly name = 'FIX 4.4';
  readonly good: readonly Buffer[] = FIX_GOOD.map(([type, fields]) => {
    const body = new FixBody().field(TAG.MsgType, type);
    for (const [tag, value] of Object.entries(fields)) body.field(Number(tag), value);
    return Buffer.from(body.text, 'latin1');
  });
  private doors!: AllDoors;
  private account = 0;
  private client: FixClient | null = null;

  async open(doors: AllDoors, account: number): Promise<void> {
    this.doors = doors;
    this.account = account;
  }

  async send(mutations: Mutations, count: number): Promise<void> {
    for (let left = count; left > 0; left -= SHORT_BURST) {
      for (let i = Math.min(left, SHORT_BURST); i > 0; i--) await this.one(mutations);
      await this.settled();
    }
  }

  close(): void {
    this.client?.cut();
  }

  private async one(mutations: Mutations): Promise<void> {
    const client = await this.connected();
    const fields = mutations.of(this.good);
    const { apiKey } = this.doors.key(this.account);
    const sequence = client.numbers.nextOut;
    const head = `49=${apiKey}\x0156=PLIMSOLL\x0134=${sequence}\x0152=${timestampOf(Date.now())}\x01`;
    // The type comes first, whatever else was changed.
    const [type, ...rest] = fields.toString('latin1').split('\x01');
    const frame = sealed('FIX.4.4', `${type}\x01${head}${rest.join('\x01')}`);
    if (mutations.below(3) === 0) frame[mutations.below(frame.length)] = mutations.below(256);
    else client.numbers.nextOut++;
    client.raw(frame);
  }

  private async connected(): Promise<FixClient> {
    if (this.client !== null && !this.client.isClosed) return this.client;
    const { apiKey, apiSecret } = this.doors.key(this.account);
    for (;;) {
      this.client = await FixClient.connect(this.doors.fixPort, apiKey);
      const answer = await this.client
        .logon(apiSecret, { [TAG.ResetSeqNumFlag]: 'Y' })
        .catch(() => null);
      if (answer?.type === MSG.Logon) return this.client;
      this.client.cut();
    }
  }

  /** An end that the client has brought upon itself is as good as an answer. */
  private async settled(): Promise<void> {
    const client = await this.connected();
    client.received.length = 0;
    client.send(MSG.TestRequest, { [TAG.TestReqID]: 'settled' });
    await until(
      () =>
        client.isClosed ||
        client.received.some(
          (message) =>
            message.type === MSG.ResendRequest || message.get(TAG.TestReqID) === 'settled',
        ),
      'the FIX door has answered',
    );
    // What was garbled has left a gap; a new session has none.
    client.cut();
    await client.closed();
  }
}
