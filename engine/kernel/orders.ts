import { allocate } from './heap.js';
import {
  CHUNK_BYTES,
  H_FREE_ORDER,
  H_ORDER_CHUNKS,
  O_CLIENT_REF,
  O_FLAGS,
  O_ID,
  ORDER_SHIFT,
  ORDERS_PER_CHUNK,
} from './layout.js';
import { f64At, i32At, setI32 } from './memory.js';

/**
 * Orders, 64 bytes each, 1,024 to a chunk of 64 KiB, in four parts: what every command on an order reads (32 bytes), its node
 * in the level's queue (8) and in the account's list (8), and what is read less often (16). An order is named by the
 * address of its first part; the others follow from it. *Reason:* the order that a command names is seldom in the
 * processor's nearest cache. Of a move to another price only 40 bytes of it and 8 of each neighbour have to be fetched,
 * so twice as many orders stay near. A new chunk moves nothing: taking a record costs the same at any number of orders.
 * Free records form a list through their first word. 0 is never an order: it means "none".
 */
const QUEUE_AT: i32 = 32768;
const LIST_AT: i32 = 40960;
const REST_AT: i32 = 49152;
const IN_CHUNK: i32 = CHUNK_BYTES - 1;

/** In the flags of a record only: it has a client reference, so events have to fetch the rest. */
export const ORDER_HAS_REF: i32 = 32768;
/** Client reference of an order without a client id. */
export const NO_CLIENT_REF = -1;

/** The order's node in its level's queue. */
export function queueNodeOf(order: i32): i32 {
  return (order & ~IN_CHUNK) + QUEUE_AT + ((order & IN_CHUNK) >> 2);
}

export function orderOfQueueNode(node: i32): i32 {
  return (node & ~IN_CHUNK) + (((node & IN_CHUNK) - QUEUE_AT) << 2);
}

/** The order's node in its account's list. */
export function listNodeOf(order: i32): i32 {
  return (order & ~IN_CHUNK) + LIST_AT + ((order & IN_CHUNK) >> 2);
}

export function orderOfListNode(node: i32): i32 {
  return (node & ~IN_CHUNK) + (((node & IN_CHUNK) - LIST_AT) << 2);
}

/** Id, client reference, place in the expiry queue. */
export function restOf(order: i32): i32 {
  return (order & ~IN_CHUNK) + REST_AT + ((order & IN_CHUNK) >> 1);
}

export function idOf(order: i32): f64 {
  return f64At(restOf(order) + O_ID);
}

/** Flags of the order as its events show them. */
export function flagsOf(order: i32): i32 {
  return i32At(order + O_FLAGS) & ~ORDER_HAS_REF;
}

/** The margin actor's reference to the order's client id. */
export function clientRefOf(order: i32): i32 {
  if ((i32At(order + O_FLAGS) & ORDER_HAS_REF) === 0) return NO_CLIENT_REF;
  return i32At(restOf(order) + O_CLIENT_REF);
}

/** Takes a record; its content is left over from before. */
export function takeOrder(): i32 {
  if (i32At(H_FREE_ORDER) === 0) addChunk();
  const order = i32At(H_FREE_ORDER);
  setI32(H_FREE_ORDER, i32At(order));
  return order;
}

export function giveOrder(order: i32): void {
  setI32(order, i32At(H_FREE_ORDER));
  setI32(H_FREE_ORDER, order);
}

function addChunk(): void {
  const chunk = allocate(CHUNK_BYTES);
  setI32(H_ORDER_CHUNKS, i32At(H_ORDER_CHUNKS) + 1);
  // Last to first, so that records are taken in the order of their addresses.
  for (let i = ORDERS_PER_CHUNK - 1; i >= 0; i--) giveOrder(chunk + (i << ORDER_SHIFT));
}
