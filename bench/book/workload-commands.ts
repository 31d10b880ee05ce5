import { NO_CLIENT_REF } from '../../engine/kernel/orders.js';
import {
  F_ORDER_ID,
  F_QTY,
  headOf,
  SLOT_FLOATS,
  SLOT_WORDS,
  W_ACCOUNT,
  W_CLIENT_REF,
  W_FLAGS,
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

/** An entry of the table: word 0 of the message; its flags; −1 where a new order comes into being, else 0; −1 where there is a price. */
const T_FLAGS = 1;
const T_IS_NEW = 2;
const T_HAS_PRICE = 3;

/**
 * Records of a workload as messages of one slot each. Which type of record comes next cannot be predicted, so it selects from
 * tables and masks instead of a branch, as any generator that must not cost more than what it drives.
 */
export class WorkloadCommands {
  /** Four words by type of record: T_…. */
  private readonly table = new Int32Array(16);
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

  /**
   * Writes records `from` … `to − 1` from slot 0 on; each record once and in order. Words that no command of a workload uses
   * are left alone: they are zero in a buffer to which nobody else has written.
   */
  write(words: Int32Array, floats: Float64Array, from: number, to: number): void {
    const { records, table, asks, accounts, clientRef } = this;
    const isBook = accounts === 0;
    const session = BENCH_SESSION & asks;
    let nextOrderId = this.nextOrderId | 0;
    let at = (HEADER_WORDS + from * RECORD_WORDS) | 0;
    let w = 0;
    let f = 0;
    // `| 0` tells the compiler that no sum can overflow; it would look after each otherwise.
    for (let i = from | 0; i < to; i = (i + 1) | 0) {
      const entry = ((records[at] as number) & 3) << 2;
      const id = records[(at + R_ORDER_ID) | 0] as number;
      const fresh = table[(entry + T_IS_NEW) | 0] as number;
      if (((id ^ nextOrderId) & fresh) !== 0) throw new Error(`order id ${id} is out of turn`);
      nextOrderId = (nextOrderId - fresh) | 0;
      const side = (records[(at + R_SIDE) | 0] as number) & fresh;
      const price =
        (records[(at + R_PRICE) | 0] as number) & (table[(entry + T_HAS_PRICE) | 0] as number);
      const account = isBook
        ? (records[(at + R_ACCOUNT) | 0] as number)
        : accountOfOrder(id, accounts);
      words[w] = table[entry] as number;
      words[(w + W_ACCOUNT) | 0] = account;
      words[(w + W_FLAGS) | 0] = side | (table[(entry + T_FLAGS) | 0] as number);
      words[(w + W_PRICE) | 0] = price;
      floats[(f + F_QTY) | 0] = (records[(at + R_QTY) | 0] as number) & fresh;
      floats[(f + F_ORDER_ID) | 0] = id & ~fresh;
      words[(w + W_SESSION) | 0] = session;
      words[(w + W_REQUEST) | 0] = ((i + 1) | 0) & asks;
      words[(w + W_CLIENT_REF) | 0] = clientRef & fresh;
      at = (at + RECORD_WORDS) | 0;
      w = (w + SLOT_WORDS) | 0;
      f = (f + SLOT_FLOATS) | 0;
    }
    this.nextOrderId = nextOrderId;
  }

  private enter(type: number, message: number, flags: number, isNew: number, price: number): void {
    const entry = type * 4;
    this.table[entry] = headOf(message, 1, BENCH_MARKET);
    this.table[entry + T_FLAGS] = flags;
    this.table[entry + T_IS_NEW] = isNew;
    this.table[entry + T_HAS_PRICE] = price;
  }
}
