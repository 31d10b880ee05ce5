use anchor_lang::prelude::*;

/// A withdrawal that its owner has asked the chain for. Unserved for the freeze delay, anybody may freeze the exchange.
/// Address: ["forced", exchange, account u32].
#[account]
#[derive(InitSpace)]
pub struct Forced {
    pub exchange: Pubkey,
    pub owner: Pubkey,
    pub destination: Pubkey,
    pub amount: u64,
    pub requested_at: i64,
    pub account: u32,
    pub bump: u8,
}
