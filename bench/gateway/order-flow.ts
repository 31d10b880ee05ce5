import { pack } from 'msgpackr';
import { MESSAGES } from '../../gateway/protocol/messages.js';
import { ORDER_TYPES, SIDES, TIMES_IN_FORCE } from '../../gateway/protocol/names.js';
import { REQUESTS } from '../../gateway/protocol/requests.js';
import { OrderMix, type PriceLadder, preparedFrames } from './order-mix.js';
import { clientFrame, headBytes, MASK_BYTE } from './ws-frames.js';

/** Requests of a connection count up from here, so that their ids always take five bytes. */
const FIRST_REQUEST = 0x01000000;
/** Bytes before the id in a request: array head, code, and the head of a 32-bit number. */
const ID_AT = 3;
const UINT32_HEAD = 0xce;
/** Of arrays with more than 15 items. */
const ARRAY_16_HEAD = 0xdc;
const ARRAY_16_HEAD_BYTES = 3;

/** More requests than ever wait for an answer on one connection; a power of two. */
const REMEMBERED = 65536;

/**
 * The orders of one connection: a new order near the middle, then its cancel, and so on; a part of the new
 * orders trades. Frames are prepared, only ids are written into them. An echo server gets the same bytes and
 * its answers are taken for acknowledgements.
 */
export class OrderFlow {
  readonly answered = { acks: 0, errors: 0 };
  private readonly mix = new OrderMix();
  private readonly resting: Buffer[];
  private readonly takers: Buffer[];
  private readonly cancelFrame: Buffer;
  private readonly cancelOrderAt: number;
  /** By request id: whether its order will not stay in the book. */
  private readonly isTaker = new Uint8Array(REMEMBERED);
  private nextRequest = FIRST_REQUEST;

  constructor(ladder: PriceLadder) {
    this.resting = placeFrames(ladder, 'rest');
    this.takers = placeFrames(ladder, 'take');
    const head = requestBytes(REQUESTS.cancel.code, [ladder.market, 0xffffffff]);
    this.cancelFrame = clientFrame(head);
    this.cancelOrderAt = head.length - 4;
  }

  /** The frame of the next request, valid until the next call; `request` is then its id. */
  next(): Buffer {
    const orderId = this.mix.next();
    const frame = orderId === 0 ? this.place() : this.cancel(orderId);
    writeUint32(frame, ID_AT, this.nextRequest++);
    return frame;
  }

  get request(): number {
    return this.nextRequest - 1;
  }

  /** Reads an answer; the id of its request, or 0 when it answers none. */
  answer(bytes: Buffer, from: number): number {
    const codeAt = from + (bytes[from] === ARRAY_16_HEAD ? ARRAY_16_HEAD_BYTES : 1);
    const code = bytes[codeAt] as number;
    const id = readUint(bytes, codeAt + 1);
    if (code === MESSAGES.error.code) {
      this.answered.errors++;
      return id;
    }
    const isEcho = code === REQUESTS.place.code || code === REQUESTS.cancel.code;
    if (!isEcho && code !== MESSAGES.ack.code) return 0;
    this.answered.acks++;
    if (this.isTaker[id & (REMEMBERED - 1)] === 1) return id;
    if (!isEcho) this.readAck(bytes, codeAt);
    else if (code === REQUESTS.place.code) this.mix.rests(id);
    return id;
  }

  /** Ack: code, id, result, market, order id. Result 0: accepted. */
  private readAck(bytes: Buffer, codeAt: number): void {
    const resultAt = codeAt + 1 + sizeOfUint(bytes, codeAt + 1);
    if (bytes[resultAt] !== 0) return;
    const orderAt = resultAt + 1 + sizeOfUint(bytes, resultAt + 1);
    this.mix.rests(readUint(bytes, orderAt));
  }

  private place(): Buffer {
    const { frame, takes } = this.mix;
    this.isTaker[this.nextRequest & (REMEMBERED - 1)] = takes ? 1 : 0;
    return (takes ? this.takers : this.resting)[frame] as Buffer;
  }

  private cancel(orderId: number): Buffer {
    this.isTaker[this.nextRequest & (REMEMBERED - 1)] = 0;
    writeUint32(this.cancelFrame, this.cancelOrderAt, orderId);
    return this.cancelFrame;
  }
}

function placeFrames(ladder: PriceLadder, kind: 'rest' | 'take'): Buffer[] {
  const { market, qty } = ladder;
  const type = ORDER_TYPES.indexOf('limit');
  const timeInForce = TIMES_IN_FORCE.indexOf(kind === 'rest' ? 'gtc' : 'ioc');
  return preparedFrames(ladder, kind, (side, _ticks, price) => {
    if (SIDES[side] === undefined || timeInForce < 0) throw new RangeError('no such order');
    const fields = [market, side, price, qty, type, timeInForce];
    return clientFrame(requestBytes(REQUESTS.place.code, fields));
  });
}

/** [code, id, …fields] with an id of 32 bits. */
function requestBytes(code: number, fields: readonly unknown[]): Buffer {
  const bytes = Buffer.from(pack([code, FIRST_REQUEST, ...fields]));
  if (bytes[2] !== UINT32_HEAD) throw new Error('the id is not where it is patched');
  return bytes;
}

/** Patches four bytes of a masked payload. */
function writeUint32(frame: Buffer, payloadAt: number, value: number): void {
  const at = headBytes(frame.length - headBytes(0) > 125 ? 126 : 0) + payloadAt;
  frame[at] = (value >>> 24) ^ MASK_BYTE;
  frame[at + 1] = ((value >>> 16) & 0xff) ^ MASK_BYTE;
  frame[at + 2] = ((value >>> 8) & 0xff) ^ MASK_BYTE;
  frame[at + 3] = (value & 0xff) ^ MASK_BYTE;
}

/** A msgpack number that is an id; 0 for anything else, such as nil. */
function readUint(bytes: Buffer, at: number): number {
  const head = bytes[at] as number;
  if (head < 0x80) return head;
  switch (head) {
    case 0xcc:
      return bytes[at + 1] as number;
    case 0xcd:
      return bytes.readUInt16BE(at + 1);
    case UINT32_HEAD:
      return bytes.readUInt32BE(at + 1);
    case 0xcb:
      return bytes.readDoubleBE(at + 1);
    default:
      return 0;
  }
}

function sizeOfUint(bytes: Buffer, at: number): number {
  const head = bytes[at] as number;
  if (head === 0xcc) return 2;
  if (head === 0xcd) return 3;
  if (head === UINT32_HEAD) return 5;
  return head === 0xcb ? 9 : 1;
}
