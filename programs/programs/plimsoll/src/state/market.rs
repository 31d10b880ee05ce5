use crate::constants::*;
use crate::errors::Fail;
use anchor_lang::prelude::*;

use super::{MarginTier, MarketLimits};

/// One market: its terms, its purses and the price it was settled at. Address: ["market", exchange, slot].
#[account(zero_copy)]
pub struct Market {
    pub exchange: Pubkey,
    pub feed_id: [u8; 32],
    pub symbol: [u8; 16],
    /// Micro-USD a tick·lot, in lowest terms.
    pub numerator: u64,
    pub denominator: u64,
    /// A tick is mantissa × 10^exponent US dollars.
    pub tick_mantissa: u64,
    pub notional_cap: u64,
    pub tier_floors: [u64; TIERS],
    pub tier_initial_ppm: [u32; TIERS],
    pub tier_maintenance_ppm: [u32; TIERS],
    pub fees: i64,
    pub insurance: i64,
    /// What profits and losses between traders leave: −num/den × entry sum, and dust.
    pub clearing: i64,
    /// Sum of the entry values of all positions, tick·lots.
    pub entry_sum: i64,
    /// Sum of the long positions, which is the open interest.
    pub long_lots: u64,
    pub average_micro_ticks: u64,
    pub average_at: i64,
    pub last_price_ticks: u64,
    pub last_publish_time: i64,
    pub payments_window_start: i64,
    pub payments_in_window: u64,
    /// Most that can have been open in a batch with trades, of a window that began then.
    pub peak_open_lots: u64,
    pub peak_since: i64,
    pub exit_price_ticks: u64,
    /// Nothing is settled in it before.
    pub open_from: i64,
    pub tick_exponent: i32,
    pub band_ppm: u32,
    pub catch_up_ppm: u32,
    pub jump_ppm: u32,
    pub fee_cap_ppm: u32,
    pub payment_cap_ppm: u32,
    pub payment_window_seconds: u32,
    pub max_price_age_seconds: u32,
    pub max_confidence_ppm: u32,
    pub average_seconds: u32,
    pub engine_market_id: u16,
    pub slot: u8,
    pub tier_count: u8,
    pub bump: u8,
    pub padding: [u8; 3],
}

impl Market {
    pub fn set_limits(&mut self, limits: &MarketLimits) -> Result<()> {
        limits.check()?;
        self.notional_cap = limits.notional_cap;
        self.band_ppm = limits.band_ppm;
        self.catch_up_ppm = limits.catch_up_ppm;
        self.jump_ppm = limits.jump_ppm;
        self.fee_cap_ppm = limits.fee_cap_ppm;
        self.payment_cap_ppm = limits.payment_cap_ppm;
        self.payment_window_seconds = limits.payment_window_seconds;
        self.max_price_age_seconds = limits.max_price_age_seconds;
        self.max_confidence_ppm = limits.max_confidence_ppm;
        self.average_seconds = limits.average_seconds;
        Ok(())
    }

    /// The first tier begins at zero, floors rise, rates do not fall and lie between 0 and 1: margin never falls as a position grows.
    pub fn set_tiers(&mut self, tiers: &[MarginTier]) -> Result<()> {
        require!((1..=TIERS).contains(&tiers.len()) && tiers[0].floor == 0, Fail::BadMarket);
        self.tier_floors = [0; TIERS];
        self.tier_initial_ppm = [0; TIERS];
        self.tier_maintenance_ppm = [0; TIERS];
        for (index, tier) in tiers.iter().enumerate() {
            require!(tier.initial_ppm as u64 <= PPM && tier.maintenance_ppm <= tier.initial_ppm, Fail::BadMarket);
            require!(tier.floor <= MICRO_USD_MAX as u64, Fail::BadMarket);
            if index > 0 {
                let before = &tiers[index - 1];
                require!(tier.floor > before.floor, Fail::BadMarket);
                require!(tier.initial_ppm >= before.initial_ppm, Fail::BadMarket);
                require!(tier.maintenance_ppm >= before.maintenance_ppm, Fail::BadMarket);
            }
            self.tier_floors[index] = tier.floor;
            self.tier_initial_ppm[index] = tier.initial_ppm;
            self.tier_maintenance_ppm[index] = tier.maintenance_ppm;
        }
        self.tier_count = tiers.len() as u8;
        Ok(())
    }

    /// Micro-USD of a value in tick·lots, rounded down.
    pub fn micro_usd_floor(&self, tick_lots: i128) -> Result<i128> {
        let value = tick_lots.checked_mul(self.numerator as i128).ok_or(Fail::Overflow)?;
        Ok(if self.denominator == 1 { value } else { value.div_euclid(self.denominator as i128) })
    }

    /// Initial margin of a notional in micro-USD, rounded up: each dollar is charged with the rate of the tier that it lies in.
    pub fn initial_margin(&self, notional: i128) -> i128 {
        let mut margin = 0i128;
        for index in 0..self.tier_count as usize {
            let floor = self.tier_floors[index] as i128;
            if notional <= floor {
                break;
            }
            let is_last = index + 1 == self.tier_count as usize;
            let ceiling = if is_last { notional } else { notional.min(self.tier_floors[index + 1] as i128) };
            margin += (ceiling - floor) * self.tier_initial_ppm[index] as i128;
        }
        (margin + PPM as i128 - 1) / PPM as i128
    }

    /// A price that leaps far from what the market was settled at is a fault until shown otherwise. The guard widens while no batch
    /// is settled, so that a real move cannot shut the market, or the way out, for ever.
    pub fn guard_leap(&self, price_ticks: u64, now: i64) -> Result<()> {
        if self.average_micro_ticks == 0 {
            return Ok(());
        }
        let hours = (now - self.average_at).max(0) / GUARD_WIDENING_SECONDS;
        let allowed = self.jump_ppm as i128 * (1 + hours as i128);
        let distance = (price_ticks as i128 * MICRO_TICKS as i128 - self.average_micro_ticks as i128).abs();
        require!(distance * PPM as i128 <= self.average_micro_ticks as i128 * allowed, Fail::PriceLeap);
        Ok(())
    }

    /// Moves the average towards the price by the share elapsed ÷ time constant.
    pub fn note_price(&mut self, price_ticks: u64, publish_time: i64, now: i64) {
        let price = price_ticks as i128 * MICRO_TICKS as i128;
        let average = self.average_micro_ticks as i128;
        let constant = self.average_seconds as i64;
        let elapsed = (now - self.average_at).clamp(0, constant);
        let moved = average + (price - average) * elapsed as i128 / constant as i128;
        self.average_micro_ticks = if average == 0 { price as u64 } else { moved as u64 };
        self.average_at = now;
        self.last_price_ticks = price_ticks;
        self.last_publish_time = publish_time;
    }
}
