use crate::errors::Fail;
use anchor_lang::prelude::*;

use super::ExchangeLimits;

pub const ACTIVE: u8 = 0;
/// The operator or the administrator has stopped it; only the administrator starts it again.
pub const PAUSED: u8 = 1;
/// Two contents for one batch were seen: what the operator says cannot be trusted until somebody has looked.
pub const HALTED: u8 = 2;
/// For good: from here on, money leaves by exit prices and `escape` alone.
pub const FROZEN: u8 = 3;

/// One exchange: keys, limits, the hash chain of its batches, and totals. Address: ["exchange", founder].
#[account(zero_copy)]
pub struct Exchange {
    pub operator: Pubkey,
    pub co_signer: Pubkey,
    pub admin: Pubkey,
    pub mint: Pubkey,
    pub vault: Pubkey,
    /// The only token account that fees may go to.
    pub fee_destination: Pubkey,
    /// Who has made it; part of the address, without any right.
    pub founder: Pubkey,
    pub last_hash: [u8; 32],
    pub previous_hash: [u8; 32],
    pub last_sequence: u64,
    pub last_batch_at: i64,
    /// Sum of the collateral of all rows.
    pub collateral: i64,
    /// All that came into the vault and all that left it, through this program.
    pub deposited: u64,
    pub withdrawn: u64,
    pub batch_notional_cap: u64,
    pub sweep_cap: u64,
    pub forced_minimum: u64,
    pub freeze_delay_seconds: i64,
    pub time_lock_seconds: i64,
    pub sweep_window_start: i64,
    pub swept_in_window: u64,
    pub frozen_at: i64,
    /// Sum of the positive equities at the exit prices.
    pub exit_claims: u64,
    /// What the vault held when the tally was complete.
    pub exit_assets: u64,
    /// Rows that the tally has seen, from row 0.
    pub tallied_rows: u64,
    pub page_count: u32,
    pub change_count: u32,
    pub market_count: u8,
    pub exit_prices: u8,
    pub is_tallied: u8,
    pub status: u8,
    pub bump: u8,
    pub vault_bump: u8,
    pub padding: [u8; 2],
}

impl Exchange {
    pub fn require_active(&self) -> Result<()> {
        require!(self.status == ACTIVE, Fail::NotActive);
        Ok(())
    }

    pub fn require_not_frozen(&self) -> Result<()> {
        require!(self.status != FROZEN, Fail::AlreadyFrozen);
        Ok(())
    }

    pub fn require_frozen(&self) -> Result<()> {
        require!(self.status == FROZEN, Fail::NotFrozen);
        Ok(())
    }

    /// One stolen key must not be two of them.
    pub fn require_keys_apart(&self) -> Result<()> {
        let none = Pubkey::default();
        let keys = [self.operator, self.co_signer, self.admin];
        require!(!keys.contains(&none), Fail::KeysNotApart);
        require!(keys[0] != keys[1] && keys[0] != keys[2] && keys[1] != keys[2], Fail::KeysNotApart);
        Ok(())
    }

    pub fn set_limits(&mut self, limits: &ExchangeLimits) -> Result<()> {
        limits.check()?;
        self.batch_notional_cap = limits.batch_notional_cap;
        self.sweep_cap = limits.sweep_cap;
        self.forced_minimum = limits.forced_minimum;
        self.freeze_delay_seconds = limits.freeze_delay_seconds;
        self.time_lock_seconds = limits.time_lock_seconds;
        Ok(())
    }
}
