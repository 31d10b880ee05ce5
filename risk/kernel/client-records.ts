import { allocate, release } from '../../engine/kernel/heap.js';
import { CHUNK_BYTES } from '../../engine/kernel/layout.js';
import {
  copyBytes,
  fail,
  i32At,
  setF64,
  setI32,
  toI32,
  wrapToI32,
} from '../../engine/kernel/memory.js';
import {
  C_ACCOUNT_SHIFT,
  C_CLOSED,
  C_CLOSED_MARKET,
  C_IS_TEXT,
  C_KEY,
  C_NEXT,
  C_ORDER_ID,
  C_OWNER,
  C_STATE_MASK,
  CLIENT_SHIFT,
  CLIENTS_CHUNK_SHIFT,
  CLIENTS_PER_CHUNK,
  G_CLIENT_CHUNKS,
  G_CLIENT_FREE,
  G_CLIENT_REFS,
  G_CLIENT_TABLE,
} from './layout.js';

/**
 * Records of client ids, 32 bytes each, two to a cache line, in chunks that never move. A record's number, the client reference,
 * travels with its order. References are part of events and snapshots, so it is fixed which one is given: the one that became
 * free last, else the next new one.
 */

/** The id's record. Ends the call when the reference was never given. */
export function clientAt(ref: i32): i32 {
  if (ref < 0 || ref >= i32At(G_CLIENT_REFS)) fail();
  const chunk = i32At(i32At(G_CLIENT_TABLE) + ((ref >> CLIENTS_CHUNK_SHIFT) << 2));
  return chunk + ((ref & (CLIENTS_PER_CHUNK - 1)) << CLIENT_SHIFT);
}

/** 0: the reference is free. */
export function accountOfClient(client: i32): i32 {
  return i32At(client + C_OWNER) >>> C_ACCOUNT_SHIFT;
}

export function marketOfClient(client: i32): i32 {
  return i32At(client + C_CLOSED_MARKET) >>> 16;
}

/** Text of the id, 0 when it is a number. */
export function textOfClient(client: i32): i32 {
  return (i32At(client + C_OWNER) & C_IS_TEXT) === 0 ? 0 : i32At(client + C_KEY);
}

export function setClientState(client: i32, state: i32): void {
  setI32(client + C_OWNER, (i32At(client + C_OWNER) & ~C_STATE_MASK) | state);
}

/** When its order closed, ms; 0 before. */
export function closedMsOf(client: i32): f64 {
  const upper: f64 = i32At(client + C_CLOSED_MARKET) & 65535;
  let lower: f64 = i32At(client + C_CLOSED);
  if (lower < 0) lower += 4294967296;
  return upper * 4294967296 + lower;
}

/** 48 bits hold the ms of 8,900 years. */
export function setClosedMs(client: i32, closedMs: f64): void {
  const market = i32At(client + C_CLOSED_MARKET) & -65536;
  setI32(client + C_CLOSED, wrapToI32(closedMs));
  setI32(client + C_CLOSED_MARKET, market | (toI32(Math.floor(closedMs / 4294967296)) & 65535));
}

/** Takes a reference; its record has the account, kind and state of `owner`, all else but the key is zero. */
export function takeClient(owner: i32, marketId: i32): i32 {
  let ref = i32At(G_CLIENT_FREE) - 1;
  if (ref < 0) ref = addReference();
  const client = clientAt(ref);
  setI32(G_CLIENT_FREE, i32At(client + C_NEXT));
  setF64(client + C_ORDER_ID, 0);
  setI32(client + C_CLOSED, 0);
  setI32(client + C_CLOSED_MARKET, marketId << 16);
  setI32(client + C_OWNER, owner);
  setI32(client + C_NEXT, 0);
  return ref;
}

export function giveClient(ref: i32): void {
  const client = clientAt(ref);
  setI32(client + C_OWNER, 0);
  setI32(client + C_NEXT, i32At(G_CLIENT_FREE));
  setI32(G_CLIENT_FREE, ref + 1);
}

/** A new reference; its record is all zero. */
function addReference(): i32 {
  const ref = i32At(G_CLIENT_REFS);
  const chunk = ref >> CLIENTS_CHUNK_SHIFT;
  if (chunk >= i32At(G_CLIENT_CHUNKS)) widenTable();
  const entry = i32At(G_CLIENT_TABLE) + (chunk << 2);
  if (i32At(entry) === 0) setI32(entry, allocate(CHUNK_BYTES));
  setI32(G_CLIENT_REFS, ref + 1);
  return ref;
}

function widenTable(): void {
  const old = i32At(G_CLIENT_CHUNKS);
  const wider = old === 0 ? 16 : old * 2;
  const to = allocate(wider << 2);
  if (old !== 0) {
    copyBytes(to, i32At(G_CLIENT_TABLE), old << 2);
    release(i32At(G_CLIENT_TABLE), old << 2);
  }
  setI32(G_CLIENT_TABLE, to);
  setI32(G_CLIENT_CHUNKS, wider);
}
