import {
  CMD_AMEND,
  CMD_CANCEL,
  CMD_PLACE,
  TIF_GTC,
  TIF_IOC,
  TIF_SHIFT,
} from '../../engine/messages/types.js';
import {
  HEADER_WORDS,
  R_ORDER_ID,
  R_PRICE,
  R_QTY,
  R_SIDE,
  R_TYPE,
  RECORD_WORDS,
  TYPE_CANCEL,
  TYPE_LIMIT_GTC,
  TYPE_MOVE,
  type Workload,
} from '../workload/format.js';
import { writeCommand } from './encode.js';

/** The account of an order: spread over all of them, the same for its cancel and its moves. */
export function accountOfOrder(orderId: number, accounts: number): number {
  return 1 + ((Math.imul(orderId, 0x9e3779b1) >>> 0) % accounts);
}

/** Records of a workload as commands of traders, each of one slot, that want an answer. */
export class ShardCommands {
  private readonly records: Int32Array;
  private readonly accounts: number;
  /** The shard issues ids by itself; they have to be those of the records. */
  private nextOrderId = 1;

  constructor(workload: Workload, accounts: number) {
    this.records = workload.words;
    this.accounts = accounts;
  }

  /** Writes records `from` … `to − 1` from slot 0 on; each record once and in order. */
  write(words: Int32Array, floats: Float64Array, from: number, to: number): void {
    const { records, accounts } = this;
    for (let i = from, at = HEADER_WORDS + from * RECORD_WORDS; i < to; i++, at += RECORD_WORDS) {
      const type = records[at + R_TYPE] as number;
      const id = records[at + R_ORDER_ID] as number;
      const price = records[at + R_PRICE] as number;
      const account = accountOfOrder(id, accounts);
      const slot = i - from;
      const request = i + 1;
      if (type === TYPE_MOVE) {
        writeCommand(words, floats, slot, CMD_AMEND, account, 0, price, 0, id, request);
      } else if (type === TYPE_CANCEL) {
        writeCommand(words, floats, slot, CMD_CANCEL, account, 0, 0, 0, id, request);
      } else {
        if (id !== this.nextOrderId++) throw new Error(`order id ${id} is out of turn`);
        const tif = type === TYPE_LIMIT_GTC ? TIF_GTC : TIF_IOC;
        const flags = (records[at + R_SIDE] as number) | (tif << TIF_SHIFT);
        const qty = records[at + R_QTY] as number;
        writeCommand(words, floats, slot, CMD_PLACE, account, flags, price, qty, 0, request);
      }
    }
  }
}
