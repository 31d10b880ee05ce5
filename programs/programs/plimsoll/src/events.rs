//! What everybody can follow. Amounts in micro-USD; totals let a reader see that it has missed nothing.
use anchor_lang::prelude::*;

#[event]
pub struct MarketAdded {
    pub exchange: Pubkey,
    pub slot: u8,
    pub engine_market_id: u16,
    pub open_from: i64,
}

#[event]
pub struct UserCreated {
    pub exchange: Pubkey,
    pub account: u32,
    pub owner: Pubkey,
}

#[event]
pub struct Deposited {
    pub exchange: Pubkey,
    pub account: u32,
    pub amount: u64,
    /// All deposits of the row with this one: names the deposit, since no two of a row have the same.
    pub deposited_total: u64,
    pub payer: Pubkey,
}

#[event]
pub struct InsuranceFunded {
    pub exchange: Pubkey,
    pub slot: u8,
    pub amount: u64,
    pub insurance: i64,
}

#[event]
pub struct BatchSettled {
    pub exchange: Pubkey,
    pub sequence: u64,
    pub hash: [u8; 32],
    pub entries: u32,
    pub notional: u64,
}

#[event]
pub struct Withdrawn {
    pub exchange: Pubkey,
    pub account: u32,
    pub nonce: u64,
    pub amount: u64,
    pub withdrawn_total: u64,
    pub destination: Pubkey,
}

#[event]
pub struct ForcedRequested {
    pub exchange: Pubkey,
    pub account: u32,
    pub amount: u64,
    pub requested_at: i64,
    pub destination: Pubkey,
}

#[event]
pub struct ForcedServed {
    pub exchange: Pubkey,
    pub account: u32,
    pub amount: u64,
    pub withdrawn_total: u64,
}

/// Cut to what could be had, or canceled by its owner (0).
#[event]
pub struct ForcedReduced {
    pub exchange: Pubkey,
    pub account: u32,
    pub amount: u64,
}

#[event]
pub struct StatusChanged {
    pub exchange: Pubkey,
    pub status: u8,
}

#[event]
pub struct ExitPriceSet {
    pub exchange: Pubkey,
    pub slot: u8,
    pub price_ticks: u64,
}

#[event]
pub struct ExitTallied {
    pub exchange: Pubkey,
    pub claims: u64,
    pub assets: u64,
}

#[event]
pub struct Escaped {
    pub exchange: Pubkey,
    pub account: u32,
    pub equity: i64,
    pub amount: u64,
    pub destination: Pubkey,
}

#[event]
pub struct ChangeProposed {
    pub exchange: Pubkey,
    pub number: u32,
    pub apply_from: i64,
}

#[event]
pub struct ChangeEnded {
    pub exchange: Pubkey,
    pub number: u32,
    pub is_applied: bool,
}

#[event]
pub struct FeesSwept {
    pub exchange: Pubkey,
    pub slot: u8,
    pub amount: u64,
    pub fees: i64,
}

#[event]
pub struct CollateralTransferred {
    pub exchange: Pubkey,
    pub from: u32,
    pub to: u32,
    pub amount: u64,
    pub number: u32,
}
