import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import {
  F_CLIENT_ID,
  F_DEADLINE,
  F_EXPIRY,
  F_ORDER_ID,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
  W_REQUEST,
  W_SESSION,
} from '../../engine/messages/layout.js';
import {
  CMD_AMEND,
  CMD_CANCEL,
  CMD_PLACE,
  MSG_AMEND,
  MSG_CANCEL,
  MSG_PLACE,
  TIF_GTC,
  TIF_IOC,
  TIF_SHIFT,
} from '../../engine/messages/types.js';
import {
  HEADER_WORDS,
  R_ACCOUNT,
  R_ORDER_ID,
  R_PRICE,
  R_QTY,
  R_SIDE,
  R_TYPE,
  RECORD_WORDS,
  TYPE_CANCEL,
  TYPE_LIMIT_GTC,
  TYPE_LIMIT_IOC,
  TYPE_MOVE,
  type Workload,
} from '../workload/format.js';
import { BENCH_MARKET, BENCH_SESSION } from './encode.js';

/** The account of an order: spread over all of them, the same for its cancel and its moves. */
export function accountOfOrder(orderId: number, accounts: number): number {
  // The upper half of a 64-bit product, as a float: a division would cost more than the rest of the command.
  return 1 + Math.floor((Math.imul(orderId, 0x9e3779b1) >>> 0) * (accounts / 4294967296));
}

/**
 * Records of a workload as messages of one slot each. Which type of record comes next cannot be predicted, so it selects from
 * tables and masks instead of a branch, as any generator that must not cost more than what it drives.
 */
export class WorkloadCommands {
  /** By type of record: word 0; flags; −1 where a new order comes into being, else 0; −1 where there is a price. */
  private readonly heads = new Int32Array(4);
  private readonly flags = new Int32Array(4);
  private readonly isNew = new Int32Array(4);
  private readonly hasPrice = new Int32Array(4);
  private readonly records: Int32Array;
  private readonly accounts: number;
  /** −1 when answers are wanted. */
  private readonly asks: number;
  private readonly clientRef: number;
  /** The engine issues ids by itself; they have to be those of the records. */
  private nextOrderId = 1;

  private constructor(workload: Workload, types: readonly number[], accounts: number) {
    const [place, cancel, amend] = types as [number, number, number];
    this.records = workload.words;
    this.accounts = accounts;
    this.asks = accounts > 0 ? -1 : 0;
    this.clientRef = accounts > 0 ? 0 : NO_CLIENT_REF;
    this.enter(TYPE_LIMIT_GTC, place, TIF_GTC << TIF_SHIFT, -1, -1);
    this.enter(TYPE_LIMIT_IOC, place, TIF_IOC << TIF_SHIFT, -1, -1);
    this.enter(TYPE_CANCEL, cancel, 0, 0, 0);
    this.enter(TYPE_MOVE, amend, 0, 0, -1);
  }

  /** As traders send them, spread over so many accounts; each wants an answer. */
  static forShard(workload: Workload, accounts: number): WorkloadCommands {
    return new WorkloadCommands(workload, [CMD_PLACE, CMD_CANCEL, CMD_AMEND], accounts);
  }

  /** As a margin actor hands them on to a book, by the accounts of the records. */
  static forBook(workload: Workload): WorkloadCommands {
    return new WorkloadCommands(workload, [MSG_PLACE, MSG_CANCEL, MSG_AMEND], 0);
  }

  /** Writes records `from` … `to − 1` from slot 0 on; each record once and in order. Every word, because buffers are reused. */
  write(words: Int32Array, floats: Float64Array, from: number, to: number): void {
    const { records, heads, flags, isNew, hasPrice, asks, accounts, clientRef } = this;
    let nextOrderId = this.nextOrderId;
    for (let i = from, at = HEADER_WORDS + from * RECORD_WORDS; i < to; i++, at += RECORD_WORDS) {
      const type = (records[at + R_TYPE] as number) & 3;
      const id = records[at + R_ORDER_ID] as number;
      const fresh = isNew[type] as number;
      if (((id ^ nextOrderId) & fresh) !== 0) throw new Error(`order id ${id} is out of turn`);
      nextOrderId -= fresh;
      const w = (i - from) * SLOT_WORDS;
      const f = (i - from) * SLOT_FLOATS;
      words[w + W_HEAD] = heads[type] as number;
      words[w + W_ACCOUNT] =
        accounts > 0 ? accountOfOrder(id, accounts) : (records[at + R_ACCOUNT] as number);
      words[w + W_FLAGS] = ((records[at + R_SIDE] as number) & fresh) | (flags[type] as number);
      words[w + W_PRICE] = (records[at + R_PRICE] as number) & (hasPrice[type] as number);
      floats[f + F_QTY] = (records[at + R_QTY] as number) & fresh;
      floats[f + F_CLIENT_ID] = 0;
      floats[f + F_ORDER_ID] = id & ~fresh;
      words[w + W_SESSION] = BENCH_SESSION & asks;
      words[w + W_REQUEST] = (i + 1) & asks;
      floats[f + F_DEADLINE] = 0;
      // Client reference and mark distance of a forwarded message stand where a command has its deadline.
      words[w + W_CLIENT_REF] = clientRef & fresh;
      floats[f + F_EXPIRY] = 0;
    }
    this.nextOrderId = nextOrderId;
  }

  private enter(type: number, message: number, flags: number, isNew: number, price: number): void {
    this.heads[type] = headOf(message, 1, BENCH_MARKET);
    this.flags[type] = flags;
    this.isNew[type] = isNew;
    this.hasPrice[type] = price;
  }
}
