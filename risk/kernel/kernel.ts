/** Everything that is called from outside, the engine's part included. Compiled to WebAssembly, these are its exports. */
export * from '../../engine/kernel/kernel.js';
export { accountAt, findAccount, openAccount, setActive } from './accounts.js';
export {
  addClient,
  closeClient,
  dropClient,
  findClient,
  openClient,
  rememberClosed,
} from './client-ids.js';
export {
  clientAt,
  giveClient,
  marketOfClient,
  takeClient,
  textOfClient,
} from './client-records.js';
export { closedOf } from './closed-orders.js';
export { bestCandidates } from './deleveraging.js';
export { equityBehindOrders, freeCollateral, withdrawable } from './equity.js';
export {
  cashOf,
  endLiquidation,
  equityOfPosition,
  isPositionBelow,
  removable,
} from './isolated.js';
export { applyCommands } from './lane/lane.js';
export { leverageOf, setLeverage } from './leverage.js';
export {
  equityOf,
  isAccountNewlyBelow,
  isAnythingNewlyBelow,
  isBelowMargin,
  isNewlyBelow,
  maintenanceOfAccount,
} from './liquidation.js';
export { addMarket, openRemoteBlock } from './markets.js';
export { addNamed, findNamed, namedOrderId, nameOrder, replacedOrderId } from './named-orders.js';
export { settleEvent } from './order-events.js';
export {
  closePurse,
  isPurseLiquidating,
  openPurse,
  purseOf,
  setPurseLiquidating,
  tellMoved,
} from './purses.js';
export { initialMargin, maintenanceMargin, unrealized, worstValue } from './requirement.js';
export {
  addOpen,
  clearActiveIfFlat,
  closingEquity,
  isFlat,
  tryClose,
  tryLeverage,
  tryMove,
  tryReserve,
} from './reservation.js';
export { stressedEquity, stressedMargin, stressedMarginOf, stressedPurse } from './stress.js';
export { nextBelowMargin, prepareSweep, tableSizes } from './sweep.js';
export { addMarginTier, setMarginRates } from './tiers.js';
