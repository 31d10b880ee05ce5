import { ladderOf } from '../../../engine/kernel/changes.js';
import { wordOf } from '../../../engine/kernel/events.js';
import { FETCH_AHEAD, fetchQueued, setFetched } from '../../../engine/kernel/fetch-ahead.js';
import { bestHead, keyOf, NO_KEY } from '../../../engine/kernel/ladder.js';
import { E_LENGTH, L_BEST, O_ACCOUNT, R_OPEN_ORDERS } from '../../../engine/kernel/layout.js';
import { f64At, i32At, setF64, toI32 } from '../../../engine/kernel/memory.js';
import { findOrder } from '../../../engine/kernel/order-index.js';
import { clientRefOf, NO_CLIENT_REF, restOf } from '../../../engine/kernel/orders.js';
import { rowOf, settledOf } from '../../../engine/kernel/rows.js';
import {
  F_DEADLINE,
  marketOf,
  SLOT_BYTES,
  slotsOf,
  typeOf,
  W_ACCOUNT,
  W_FLAGS,
  W_HEAD,
  W_PRICE,
} from '../../../engine/messages/layout.js';
import {
  CMD_AMEND,
  CMD_CANCEL,
  CMD_PLACE,
  FLAG_CLIENT_TEXT,
  FLAG_SIDE,
} from '../../../engine/messages/types.js';
import { accountAt, findAccount, findTrader } from '../accounts.js';
import {
  A_ISOLATES,
  A_STATUS,
  G_FETCHED_BEFORE,
  LANE_HAS_REFERENCES,
  LANE_NOT_DONE,
  M_LANE,
} from '../layout.js';
import { findBlock } from '../markets.js';
import { fetchClient, fetchNamed, namedOrderId, nameOrders } from '../named-orders.js';
import { isPurseLiquidating, purseOf } from '../purses.js';
import { laneAmend } from './amend.js';
import { laneCancel } from './cancel.js';
import { lanePlace } from './place.js';

/**
 * A short way for what makes nearly all of the traffic: orders that pass every check, amends and cancels of orders that are
 * open, in a market of the same shard. Margin actor, market actor and book do the same in four messages; here it is
 * one function for each kind, on the same memory.
 *
 * The lane either does the whole command, with the very bytes of events and state that the long way would give, or it
 * changes nothing and says no. It never rejects: whatever is not regular goes the long way, and is judged there.
 */

/** A trader's command. Returns LANE_…. */
function applyCommand(message: i32, timeMs: f64, sequence: f64): i32 {
  const head = wordOf(message, W_HEAD);
  const block = findLane(head);
  if (block === 0 || !hasPlainForm(message)) return LANE_NOT_DONE;
  const deadline = f64At(message + (F_DEADLINE << 3));
  if (deadline !== 0 && !(deadline >= timeMs)) return LANE_NOT_DONE;
  const account = wordOf(message, W_ACCOUNT);
  const record = findTrader(account);
  if (record === 0) return LANE_NOT_DONE;
  const type = typeOf(head);
  if ((i32At(record + A_STATUS) & A_ISOLATES) !== 0 && isClosedTo(block, account, record)) {
    return LANE_NOT_DONE;
  }
  if (type === CMD_PLACE) return lanePlace(block, message, account, record, timeMs, sequence);
  if (type !== CMD_AMEND && type !== CMD_CANCEL) return LANE_NOT_DONE;
  const id = namedOrderId(message);
  if (type === CMD_AMEND) return laneAmend(block, message, id, account, record, sequence);
  return laneCancel(block, message, id, account, record, sequence);
}

/** The account's position in this market is being liquidated by itself. */
function isClosedTo(block: i32, account: i32, record: i32): boolean {
  const purse = purseOf(block, account, record);
  return purse !== 0 && isPurseLiquidating(purse);
}

/** The book of a message, 0 when the lane may not work on it; the block of a market elsewhere has none. */
function findLane(head: i32): i32 {
  const block = findBlock(marketOf(head));
  return block !== 0 && i32At(block + M_LANE) !== 0 ? block : 0;
}

/** A slot, and a second one for a client id in text, and only for that. */
function hasPlainForm(message: i32): boolean {
  const hasText = (wordOf(message, W_FLAGS) & FLAG_CLIENT_TEXT) !== 0;
  return slotsOf(wordOf(message, W_HEAD)) === (hasText ? 2 : 1);
}

/**
 * Messages of a frame, one after another, up to the first that is not done. Returns how many are done.
 */
export function applyCommands(first: i32, count: i32, timeMs: f64, firstSequence: f64): i32 {
  let message = first;
  let done = 0;
  let fetched = fetchedOf(firstSequence, count);
  while (done < count) {
    if (done === fetched) {
      const left = count - done;
      fetched += fetchFor(message, left < FETCH_AHEAD ? left : FETCH_AHEAD);
      setF64(G_FETCHED_BEFORE, firstSequence + fetched);
    }
    const events = i32At(E_LENGTH);
    const result = applyCommand(message, timeMs, firstSequence + done);
    if (result === LANE_NOT_DONE) return done;
    if (result === LANE_HAS_REFERENCES) nameOrders(events, timeMs);
    message += slotsOf(wordOf(message, W_HEAD)) * SLOT_BYTES;
    done++;
  }
  return done;
}

/** How many of the commands from this sequence on an earlier call has fetched for, which had to stop before them. */
function fetchedOf(firstSequence: f64, count: i32): i32 {
  const known: f64 = f64At(G_FETCHED_BEFORE) - firstSequence;
  return known > 0 && known <= count ? toI32(known) : 0;
}

/**
 * Reads a word of each record that the next commands will need: with 100,000 accounts nearly all of them are far away in memory. The
 * messages are as they came, so every account, price and id in them may be a wild one. Returns for how many it was done: up
 * to a message of more slots than the lane takes.
 */
function fetchFor(first: i32, count: i32): i32 {
  let sum = 0;
  let i = 0;
  let next = first;
  for (; i < count; i++) {
    const message = next;
    const head = wordOf(message, W_HEAD);
    const slots = slotsOf(head);
    if (slots > 2 || slots === 0) break;
    next += slots * SLOT_BYTES;
    const account = wordOf(message, W_ACCOUNT);
    const record = findAccount(account);
    const block = findLane(head);
    if (record === 0 || block === 0) continue;
    const row = rowOf(block, account);
    if (row !== 0) sum += i32At(row + R_OPEN_ORDERS);
    if (typeOf(head) === CMD_PLACE) sum += fetchMaker(block, message) + fetchNamed(message);
    else {
      const order = findOrder(block, namedOrderId(message));
      if (order !== 0) sum += fetchOrder(order);
    }
  }
  setFetched(sum);
  return i;
}

function fetchOrder(order: i32): i32 {
  const sum = fetchQueued(order) + i32At(restOf(order));
  const ref = clientRefOf(order);
  return ref === NO_CLIENT_REF ? sum : sum + fetchClient(ref);
}

/** Whom the order would meet first as things are now, and what is settled for both. */
function fetchMaker(block: i32, message: i32): i32 {
  const makerSide = (wordOf(message, W_FLAGS) & FLAG_SIDE) ^ 1;
  const ladder = ladderOf(block, makerSide);
  const best = i32At(ladder + L_BEST);
  if (best === NO_KEY || best > keyOf(makerSide, wordOf(message, W_PRICE))) return 0;
  const maker = bestHead(ladder);
  const account = i32At(maker + O_ACCOUNT);
  const sum = fetchOrder(maker) + i32At(rowOf(block, account)) + i32At(settledOf(block, account));
  const taker = wordOf(message, W_ACCOUNT);
  const record = accountAt(account);
  const known = record === 0 ? sum : sum + i32At(record);
  return rowOf(block, taker) === 0 ? known : known + i32At(settledOf(block, taker));
}
