/** Everything that is called from outside. Compiled to WebAssembly, these are its exports. */
export {
  applyMessages,
  openBook,
  openHeap,
  resetEvents,
  setContract,
} from './books.js';
export { cancelEverything, expire } from './canceling.js';
export { enqueue, register } from './changes.js';
export { widenEvents } from './events.js';
export { addExpiry, expiryOf, firstExpiryMs } from './expiry.js';
export { payFunding } from './funding.js';
export { allocate } from './heap.js';
export { anyLevel, bestPrice, countOfLevels, firstOf, nextKey, nextOf } from './ladder.js';
export { findOrder, indexBytes } from './order-index.js';
export { clientRefOf, flagsOf, idOf, takeOrder } from './orders.js';
export { closableLots, settleOwn } from './positions.js';
export { newestOf, olderOf, openRow, rowOf, settledOf } from './rows.js';
export { settlePositions, transfer, trimAccount } from './transfers.js';
