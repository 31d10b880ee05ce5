//! Limits that no key can change.
use anchor_lang::prelude::*;

/// Rows of a page: account ids number × PAGE_ROWS … number × PAGE_ROWS + PAGE_ROWS − 1.
pub const PAGE_ROWS: usize = 1024;
/// Places for markets.
pub const SLOTS: usize = 16;
pub const TIERS: usize = 8;
pub const PPM: u64 = 1_000_000;
/// Prices are kept in millionths of a tick where averages are made of them.
pub const MICRO_TICKS: u64 = 1_000_000;
/// Largest price, size, entry value and amount of the engine: products stay far inside of 128 bits.
pub const PRICE_TICKS_MAX: u64 = (1 << 31) - 1;
pub const LOTS_MAX: i64 = 1 << 40;
pub const VALUE_MAX: i64 = 1 << 52;
pub const MICRO_USD_MAX: i64 = 1 << 52;

/// An account may grow by this in one instruction.
pub const GROWTH_BYTES: usize = 10_240;
/// Bytes of a staged batch that one write carries: a multiple would not fit a transaction of 1,232 bytes.
pub const CHUNK_BYTES: usize = 900;
/// Most chunks of a staged batch: one bit each in the stage's header.
pub const CHUNKS_MAX: usize = 72;

/// What a withdrawal leaves behind covers this share of the positions at least, whatever the tiers ask for.
pub const WITHDRAWAL_NOTIONAL_DIVISOR: i128 = 10;
/// A withdrawal may be authorised for so long at most. A signature that lies about cannot be used for ever.
pub const AUTHORISATION_SECONDS_MAX: i64 = 7 * 86_400;
/// A proposal has to name a time, at most so far ahead, after which it must not be made any more.
pub const PROPOSAL_SECONDS_MAX: i64 = 86_400;
/// A change that may be applied has to be within this time.
pub const CHANGE_APPLY_SECONDS: i64 = 14 * 86_400;
/// The time lock and the freeze delay lie within these.
pub const DELAY_SECONDS_MIN: i64 = 60;
pub const DELAY_SECONDS_MAX: i64 = 30 * 86_400;
/// So long after the freeze, a market whose oracle says nothing is closed at the average of its own settlement.
pub const EXIT_WITHOUT_ORACLE_SECONDS: i64 = 3 * 86_400;
/// A price may be ahead of the chain's clock by this; clocks differ.
pub const PRICE_AHEAD_SECONDS: i64 = 30;
/// Fees may be swept up to the cap once in this time.
pub const SWEEP_WINDOW_SECONDS: i64 = 86_400;
/// A guard against leaps of the price gets wider by its own width for each of these that no batch was settled.
pub const GUARD_WIDENING_SECONDS: i64 = 3_600;

pub const PYTH_RECEIVER: Pubkey = pubkey!("rec5EKMGg6MxZYaMdyBfgwp4d5rB9T1VQH5pJv5LtFJ");
pub const ED25519_PROGRAM: Pubkey = pubkey!("Ed25519SigVerify111111111111111111111111111");
