import { beforeEach, expect, it } from 'vitest';
import { openHeap } from '../../engine/kernel/books.js';
import { setFloat, setWord } from '../../engine/kernel/events.js';
import { allocate } from '../../engine/kernel/heap.js';
import { useMemory } from '../../engine/kernel/memory.js';
import {
  EF_ORDER_ID,
  EVENT_SLOTS,
  EW_CLIENT_REF,
  headOf,
  SLOT_BYTES,
  W_ACCOUNT,
  W_HEAD,
} from '../../engine/messages/layout.js';
import { EVT_ACCEPTED } from '../../engine/messages/types.js';
import { openAccount } from './accounts.js';
import { addClient, findClient } from './client-ids.js';
import { fetchClient, nameOrder } from './named-orders.js';

const ACCOUNT = 3;
const MARKET = 1;

beforeEach(() => {
  useMemory(new WebAssembly.Memory({ initial: 64, maximum: 4096, shared: true }));
  openHeap();
});

function accepted(account: number, ref: number): number {
  const event = allocate(EVENT_SLOTS * SLOT_BYTES);
  setWord(event, W_HEAD, headOf(EVT_ACCEPTED, EVENT_SLOTS, MARKET));
  setWord(event, W_ACCOUNT, account);
  setWord(event, EW_CLIENT_REF, ref);
  setFloat(event, EF_ORDER_ID, 5);
  return event;
}

it('does not name an order with the id of another account', () => {
  const ref = addClient(openAccount(ACCOUNT), ACCOUNT, MARKET, 77, 0);
  expect(() => nameOrder(accepted(ACCOUNT + 1, ref), 0)).toThrow('invariant');
  expect(() => nameOrder(accepted(ACCOUNT, ref + 1), 0)).toThrow('invariant');
  nameOrder(accepted(ACCOUNT, ref), 0);
  expect(findClient(ACCOUNT, 77, 0)).toBe(ref);
});

it("looks ahead at a stranger's reference, which is none of this shard's, without a complaint", () => {
  addClient(openAccount(ACCOUNT), ACCOUNT, MARKET, 77, 0);
  expect(fetchClient(123_456)).toBe(0);
});
