use crate::constants::*;
use crate::errors::Fail;
use anchor_lang::prelude::*;

/// Limits of the whole exchange; money in micro-USD.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, InitSpace)]
pub struct ExchangeLimits {
    pub batch_notional_cap: u64,
    pub sweep_cap: u64,
    /// Smallest forced withdrawal, so that requests cannot be had for nothing.
    pub forced_minimum: u64,
    pub freeze_delay_seconds: i64,
    pub time_lock_seconds: i64,
}

impl ExchangeLimits {
    /// Who dislikes a proposed change can leave by force before it holds: hence the order of the two delays.
    pub fn check(&self) -> Result<()> {
        let delays = DELAY_SECONDS_MIN..=DELAY_SECONDS_MAX;
        require!(delays.contains(&self.freeze_delay_seconds), Fail::BadLimits);
        require!(delays.contains(&self.time_lock_seconds), Fail::BadLimits);
        require!(self.time_lock_seconds >= self.freeze_delay_seconds, Fail::BadLimits);
        Ok(())
    }
}

/// Limits of a market; rates in parts per million.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, InitSpace)]
pub struct MarketLimits {
    /// Largest notional of a batch, micro-USD.
    pub notional_cap: u64,
    /// Fills lie so near to the oracle's price.
    pub band_ppm: u32,
    /// The band reaches towards the price of the batch before by this at most: what was traded in between, when settlement is late.
    pub catch_up_ppm: u32,
    /// The oracle's price lies so near to the market's own average, more with each hour without a batch.
    pub jump_ppm: u32,
    /// Fees and payments to insurance, of what was traded.
    pub fee_cap_ppm: u32,
    /// Funding, of the open interest in a window.
    pub payment_cap_ppm: u32,
    pub payment_window_seconds: u32,
    pub max_price_age_seconds: u32,
    pub max_confidence_ppm: u32,
    /// Time constant of the market's own average price.
    pub average_seconds: u32,
}

impl MarketLimits {
    pub fn check(&self) -> Result<()> {
        let share = 1..PPM as u32;
        require!(share.contains(&self.band_ppm), Fail::BadLimits);
        require!(self.catch_up_ppm < PPM as u32, Fail::BadLimits);
        require!(share.contains(&self.jump_ppm), Fail::BadLimits);
        require!(share.contains(&self.fee_cap_ppm), Fail::BadLimits);
        require!(share.contains(&self.payment_cap_ppm), Fail::BadLimits);
        require!(share.contains(&self.max_confidence_ppm), Fail::BadLimits);
        for seconds in [self.payment_window_seconds, self.max_price_age_seconds, self.average_seconds] {
            require!((1..=86_400).contains(&seconds), Fail::BadLimits);
        }
        Ok(())
    }
}

/// A step of the margin rates: they hold for the part of a position's notional above the floor.
#[derive(AnchorSerialize, AnchorDeserialize, Clone, Copy, InitSpace)]
pub struct MarginTier {
    pub floor: u64,
    pub initial_ppm: u32,
    pub maintenance_ppm: u32,
}
