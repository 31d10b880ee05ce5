/** What a network packet of Solana holds: no chain takes a larger transaction. litesvm does not check it. */
export const TRANSACTION_BYTES_MAX = 1_232;
