use super::{ExchangeLimits, MarginTier, MarketLimits};
use anchor_lang::prelude::*;

/// What the administrator may change, after the time lock.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, InitSpace)]
pub enum ChangeKind {
    Operator { key: Pubkey },
    CoSigner { key: Pubkey },
    Admin { key: Pubkey },
    FeeDestination { key: Pubkey },
    Limits { limits: ExchangeLimits },
    MarketLimits { slot: u8, limits: MarketLimits },
    MarketTiers {
        slot: u8,
        #[max_len(8)]
        tiers: Vec<MarginTier>,
    },
}

/// A proposed change, for everybody to see. Address: ["change", exchange, number u32].
#[account]
#[derive(InitSpace)]
pub struct Change {
    pub exchange: Pubkey,
    pub number: u32,
    pub apply_from: i64,
    pub apply_until: i64,
    pub bump: u8,
    pub kind: ChangeKind,
}
