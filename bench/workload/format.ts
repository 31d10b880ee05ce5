import { readFileSync } from 'node:fs';

/**
 * The workload file: little-endian int32, a header of eight words, then records of eight words. Prefill
 * records come first and are not timed. New orders carry the ids 1, 2, 3 … in the order of the records, so
 * an engine that issues its own ids issues the same ones.
 */
export const WORKLOAD_MAGIC = 0x4c4f4231;
export const HEADER_WORDS = 8;
export const RECORD_WORDS = 8;

export const H_MAGIC = 0;
export const H_PREFILL = 1;
export const H_TIMED = 2;
export const H_ORDER_ID_END = 3;
export const H_PRICE_MIN = 4;
export const H_PRICE_MAX = 5;
export const H_MIX = 6;

export const R_TYPE = 0;
export const R_SIDE = 1;
export const R_ORDER_ID = 2;
export const R_ACCOUNT = 3;
export const R_PRICE = 4;
export const R_QTY = 5;
export const R_SEQUENCE = 6;

export const TYPE_LIMIT_GTC = 0;
export const TYPE_LIMIT_IOC = 1;
export const TYPE_CANCEL = 2;
/** To a new price, keeping the remaining quantity, losing priority, possibly matching. */
export const TYPE_MOVE = 3;

export interface Workload {
  mix: number;
  prefillCount: number;
  timedCount: number;
  /** Highest order id + 1. */
  orderIdEnd: number;
  priceTicksMin: number;
  priceTicksMax: number;
  /** The whole file: record `i` begins at word `HEADER_WORDS + i × RECORD_WORDS`. */
  words: Int32Array;
}

/** What an engine must have produced after all records. */
export interface WorkloadResult {
  trades: number;
  volume: number;
  checksum: number;
  restingOrders: number;
  restingQtyBid: number;
  restingQtyAsk: number;
}

export class WorkloadError extends Error {
  override readonly name = 'WorkloadError';
}

export function readWorkload(file: string): Workload {
  const bytes = readFileSync(file);
  if (bytes.byteLength % 4 !== 0 || bytes.byteLength < HEADER_WORDS * 4) {
    throw new WorkloadError(`${file}: a workload is whole int32 words, a header of 8 at least`);
  }
  // The engines read the words in place; a copy only when the file system gave an odd address.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const words = new Int32Array(aligned.buffer, aligned.byteOffset, bytes.byteLength / 4);
  return parseWorkload(words, file);
}

/** `name` stands in front of what is wrong. */
export function parseWorkload(words: Int32Array, name: string): Workload {
  const head = (index: number): number => words[index] as number;
  if (head(H_MAGIC) !== WORKLOAD_MAGIC) {
    throw new WorkloadError(`${name}: the first word must be 0x4C4F4231: not a workload file`);
  }
  const records = head(H_PREFILL) + head(H_TIMED);
  if (head(H_PREFILL) < 0 || head(H_TIMED) < 1) {
    throw new WorkloadError(`${name}: there must be a timed record at least`);
  }
  if (words.length !== HEADER_WORDS + records * RECORD_WORDS) {
    const there = (words.length - HEADER_WORDS) / RECORD_WORDS;
    throw new WorkloadError(`${name}: the header names ${records} records, the file has ${there}`);
  }
  checkRecords(words, records, name);
  return {
    mix: head(H_MIX),
    prefillCount: head(H_PREFILL),
    timedCount: head(H_TIMED),
    orderIdEnd: head(H_ORDER_ID_END),
    priceTicksMin: head(H_PRICE_MIN),
    priceTicksMax: head(H_PRICE_MAX),
    words,
  };
}

/** A benchmark of commands that the engine refuses would measure refusals. */
function checkRecords(words: Int32Array, records: number, name: string): void {
  let nextOrderId = 1;
  for (let i = 0; i < records; i++) {
    const at = HEADER_WORDS + i * RECORD_WORDS;
    const type = words[at + R_TYPE] as number;
    const orderId = words[at + R_ORDER_ID] as number;
    const problem = recordProblem(words, at, type, orderId, nextOrderId);
    if (problem !== null) throw new WorkloadError(`${name}: record ${i}: ${problem}`);
    if (type <= TYPE_LIMIT_IOC) nextOrderId++;
  }
  if (nextOrderId !== words[H_ORDER_ID_END]) {
    const said = words[H_ORDER_ID_END];
    throw new WorkloadError(
      `${name}: highest order id + 1 is ${nextOrderId}, the header says ${said}`,
    );
  }
}

function recordProblem(
  words: Int32Array,
  at: number,
  type: number,
  orderId: number,
  nextOrderId: number,
): string | null {
  if (type < TYPE_LIMIT_GTC || type > TYPE_MOVE) return `type must be 0 to 3, but is ${type}`;
  const isNew = type <= TYPE_LIMIT_IOC;
  const side = words[at + R_SIDE] as number;
  if (side !== 0 && side !== 1) return `side must be 0 or 1, but is ${side}`;
  if (isNew && orderId !== nextOrderId) {
    return `a new order must have id ${nextOrderId}, but has ${orderId}`;
  }
  if (!isNew && (orderId < 1 || orderId >= nextOrderId))
    return `order ${orderId} does not exist yet`;
  const price = words[at + R_PRICE] as number;
  if (type !== TYPE_CANCEL && price < 1) return `price must be positive, but is ${price}`;
  const qty = words[at + R_QTY] as number;
  if (isNew && qty < 1) return `quantity must be positive, but is ${qty}`;
  if ((words[at + R_ACCOUNT] as number) < 1) return 'account must be positive';
  return null;
}
