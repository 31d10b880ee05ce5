import { pack, unpack } from 'msgpackr';
import {
  NewOrderSingleDecoder,
  NewOrderSingleEncoder,
  OrdType,
  Side,
  TimeInForce,
} from '../../gateway/fixp/generated/index.js';
import { type Kernel, OPERATIONS } from './kernel.js';

const TIME_MS = 1_767_225_600_000;
/** Header, block, and room. */
const ORDER_BYTES = 64;

/** An order out and in again: as an SBE message, and as what msgpack has nearest, a positional array. */
export function sbeKernels(): Kernel[] {
  return [sbeKernel(), msgpackKernel()];
}

/** Sender and receiver are two programs, so each of both has a loop of its own. */
function sbeKernel(): Kernel {
  const view = new DataView(new ArrayBuffer(ORDER_BYTES * OPERATIONS));
  const run = (): number => {
    encodeOrders(view);
    return decodeOrders(view);
  };
  return { name: 'order: SBE, encode and decode', operations: OPERATIONS, run };
}

const encoder = new NewOrderSingleEncoder();
const decoder = new NewOrderSingleDecoder();

function encodeOrders(view: DataView): void {
  for (let i = 0; i < OPERATIONS; i++) {
    encoder
      .wrapAndApplyHeader(view, i * ORDER_BYTES)
      .clOrdId(1_000_000 + i)
      .orderQty(10)
      .expireTimeNull()
      .deadline(TIME_MS + i)
      .price(131_072 + i)
      .marketId(1)
      .side(Side.Sell)
      .ordType(OrdType.Limit)
      .timeInForce(TimeInForce.GoodTillCancel)
      .execInst(1)
      .selfTradePrevention(1);
  }
}

function decodeOrders(view: DataView): number {
  let sum = 0;
  for (let i = 0; i < OPERATIONS; i++) {
    decoder.wrapAndApplyHeader(view, i * ORDER_BYTES);
    sum +=
      decoder.clOrdId() +
      decoder.orderQty() +
      (decoder.hasExpireTime() ? 1 : 0) +
      decoder.deadline() +
      decoder.price() +
      decoder.marketId() +
      decoder.side() +
      decoder.ordType() +
      decoder.timeInForce() +
      decoder.execInst() +
      decoder.selfTradePrevention();
  }
  return sum;
}

function msgpackKernel(): Kernel {
  const messages: Uint8Array[] = [];
  const run = (): number => {
    for (let i = 0; i < OPERATIONS; i++) {
      const order = [101, 1_000_000 + i, 10, null, TIME_MS + i, 131_072 + i, 1, 50, 50, 49, 1, 1];
      messages[i] = pack(order);
    }
    let sum = 0;
    for (let i = 0; i < OPERATIONS; i++) {
      const row = unpack(messages[i] as Uint8Array) as number[];
      for (let k = 1; k < row.length; k++) sum += row[k] as number;
    }
    return sum;
  };
  return { name: 'order: msgpackr, encode and decode', operations: OPERATIONS, run };
}
