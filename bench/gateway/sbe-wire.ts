import { connect, type Socket } from 'node:net';
import { FrameReader } from '../../gateway/fixp/framing.js';
import * as sbe from '../../gateway/fixp/generated/index.js';
import type { Login } from './load-task.js';
import { OrderMix, type PriceLadder, preparedFrames } from './order-mix.js';
import { establish, frameOf } from './sbe-login.js';
import type { LoadWire } from './wire.js';

const OUT_BYTES = 256 * 1024;
const FRAME_BYTES_MAX = 16 * 1024;
/** In the header of a message. */
const TEMPLATE_AT = 2;
const NEW = sbe.NewOrderSingleEncoder.TEMPLATE_ID;
const CANCEL = sbe.OrderCancelRequestEncoder.TEMPLATE_ID;

/** The binary door. Requests have no number of their own: they count as they are sent. */
export class SbeWire implements LoadWire {
  onAnswer: (request: number) => void = () => {};
  errors = 0;
  private readonly socket: Socket;
  private readonly mix = new OrderMix();
  private readonly resting: Buffer[];
  private readonly takers: Buffer[];
  private readonly cancelFrame: Buffer;
  private readonly cancelOrder = new sbe.OrderCancelRequestEncoder();
  private readonly accepted = new sbe.ExecutionReportNewDecoder();
  private readonly rejected = new sbe.ExecutionReportRejectDecoder();
  private readonly canceled = new sbe.ExecutionReportCancelDecoder();
  private readonly refused = new sbe.BusinessMessageRejectDecoder();
  private readonly takerRequests = new Set<number>();
  private readonly out = Buffer.alloc(OUT_BYTES);
  private outLength = 0;
  private sent = 0;
  private echoed = 0;
  private ended = false;

  /** Without a login it speaks to an echo. */
  static async open(port: number, login: Login | null, ladder: PriceLadder): Promise<SbeWire> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    if (login !== null) await establish(socket, login);
    return new SbeWire(socket, ladder);
  }

  private constructor(socket: Socket, ladder: PriceLadder) {
    this.socket = socket;
    this.resting = orderFrames(ladder, 'rest');
    this.takers = orderFrames(ladder, 'take');
    this.cancelFrame = frameOf(this.cancelOrder, () => {
      this.cancelOrder.marketId(ladder.marketId);
    });
    const reader = new FrameReader(FRAME_BYTES_MAX);
    socket.on('data', (chunk: Buffer) => {
      const fault = reader.take(chunk, (view, at) => {
        this.receive(view, at);
        return true;
      });
      if (fault !== null) throw new Error(`the server sent what is no frame: ${fault}`);
    });
    socket.on('close', () => {
      if (!this.ended) throw new Error('the server closed the connection');
    });
  }

  request(): number {
    const orderId = this.mix.next();
    const number = ++this.sent;
    if (orderId !== 0) {
      this.cancelOrder.orderId(orderId);
      this.add(this.cancelFrame);
      return number;
    }
    const { frame, takes } = this.mix;
    if (takes) this.takerRequests.add(number);
    this.add((takes ? this.takers : this.resting)[frame] as Buffer);
    return number;
  }

  flush(): void {
    if (this.outLength === 0) return;
    // The socket may keep the bytes for later, so it gets its own.
    this.socket.write(Buffer.from(this.out.subarray(0, this.outLength)));
    this.outLength = 0;
  }

  close(): void {
    this.ended = true;
    this.socket.destroy();
  }

  private add(frame: Buffer): void {
    if (this.outLength + frame.length > OUT_BYTES) this.flush();
    frame.copy(this.out, this.outLength);
    this.outLength += frame.length;
  }

  private receive(view: DataView, at: number): void {
    switch (view.getUint16(at + TEMPLATE_AT, true)) {
      case sbe.ExecutionReportNewDecoder.TEMPLATE_ID: {
        const { accepted } = this;
        accepted.wrapAndApplyHeader(view, at);
        if (!accepted.hasRequestSeqNo()) return;
        this.placed(accepted.requestSeqNo(), accepted.orderId());
        return;
      }
      case sbe.ExecutionReportCancelDecoder.TEMPLATE_ID: {
        const { canceled } = this;
        canceled.wrapAndApplyHeader(view, at);
        // The rest of a taker has the taker's number: that one is answered already.
        if (canceled.hasRequestSeqNo()) this.onAnswer(canceled.requestSeqNo());
        return;
      }
      case sbe.ExecutionReportRejectDecoder.TEMPLATE_ID:
        this.errors++;
        this.onAnswer(this.rejected.wrapAndApplyHeader(view, at).requestSeqNo());
        return;
      case sbe.BusinessMessageRejectDecoder.TEMPLATE_ID:
        this.errors++;
        this.onAnswer(this.refused.wrapAndApplyHeader(view, at).requestSeqNo());
        return;
      case NEW:
        this.echoed++;
        this.placed(this.echoed, this.echoed);
        return;
      case CANCEL:
        this.onAnswer(++this.echoed);
        return;
    }
  }

  private placed(request: number, orderId: number): void {
    if (!this.takerRequests.delete(request)) this.mix.rests(orderId);
    this.onAnswer(request);
  }
}

function orderFrames(ladder: PriceLadder, kind: 'rest' | 'take'): Buffer[] {
  const encoder = new sbe.NewOrderSingleEncoder();
  return preparedFrames(ladder, kind, (side, priceTicks) => {
    return frameOf(encoder, () => {
      encoder
        .orderQty(1)
        .price(priceTicks)
        .marketId(ladder.marketId)
        .side(side === 0 ? sbe.Side.Buy : sbe.Side.Sell)
        .ordType(sbe.OrdType.Limit)
        .timeInForce(
          kind === 'rest' ? sbe.TimeInForce.GoodTillCancel : sbe.TimeInForce.ImmediateOrCancel,
        );
    });
  });
}
