/** Codes of the rejections that the kernel writes; `messages/reject-codes.ts` gives them their names. */
export const CODE_WORST_VALUE_TICK_LOTS_MUST_NOT_EXCEED_LIMIT = 10;
export const CODE_POST_ONLY_ORDER_WOULD_CROSS = 13;
export const CODE_REDUCE_ONLY_ORDER_WOULD_NOT_REDUCE_POSITION = 14;
export const CODE_ORDER_IS_NOT_OPEN = 15;
export const CODE_INSUFFICIENT_MARGIN = 16;
export const CODE_POSITION_LOTS_MUST_NOT_EXCEED_LIMIT = 71;
export const CODE_INSUFFICIENT_FREE_COLLATERAL = 24;
export const CODE_POSITION_COLLATERAL_MUST_REACH_MINIMUM = 100;
export const CODE_POSITION_MUST_BE_OPEN = 104;
