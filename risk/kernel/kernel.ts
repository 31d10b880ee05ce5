/** Everything that is called from outside, the engine's part included. Compiled to WebAssembly, these are its exports. */
export * from '../../engine/kernel/kernel.js';
export { accountAt, findAccount, openAccount, setActive } from './accounts.js';
export { freeCollateral, withdrawable } from './equity.js';
export { applyCommands } from './lane/lane.js';
export { leverageOf, setLeverage } from './leverage.js';
export { addMarket, openRemoteBlock } from './markets.js';
export { settleEvent } from './order-events.js';
export { initialMargin, maintenanceMargin, unrealized, worstValue } from './requirement.js';
export { isFlat, tryLeverage, tryReserve } from './reservation.js';
export { addMarginTier, setMarginRates } from './tiers.js';
