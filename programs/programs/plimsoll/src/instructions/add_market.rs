use crate::constants::*;
use crate::errors::Fail;
use crate::events::MarketAdded;
use crate::state::{Exchange, MarginTier, Market, MarketLimits};
use anchor_lang::prelude::*;
use std::mem::size_of;

#[derive(AnchorSerialize, AnchorDeserialize, Clone)]
pub struct MarketTerms {
    pub engine_market_id: u16,
    pub symbol: [u8; 16],
    pub feed_id: [u8; 32],
    pub numerator: u64,
    pub denominator: u64,
    pub tick_mantissa: u64,
    pub tick_exponent: i32,
    pub tiers: Vec<MarginTier>,
    pub limits: MarketLimits,
}

#[derive(Accounts)]
#[instruction(slot: u8)]
pub struct AddMarket<'info> {
    #[account(mut)]
    pub admin: Signer<'info>,
    #[account(mut, has_one = admin @ Fail::WrongAdmin)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(init, payer = admin, space = 8 + size_of::<Market>(), seeds = [b"market", exchange.key().as_ref(), &[slot]], bump)]
    pub market: AccountLoader<'info, Market>,
    pub system_program: Program<'info, System>,
}

/// Once batches were settled, a new market waits for the time lock too: its feed and its band are a way to move money.
pub fn do_add_market(ctx: Context<AddMarket>, slot: u8, terms: MarketTerms) -> Result<()> {
    let mut exchange = ctx.accounts.exchange.load_mut()?;
    exchange.require_not_frozen()?;
    require!(slot == exchange.market_count && (slot as usize) < SLOTS, Fail::WrongSlot);
    check_terms(&terms)?;
    exchange.market_count += 1;
    let is_new = exchange.last_sequence == 0 && exchange.collateral == 0;
    let mut market = ctx.accounts.market.load_init()?;
    market.exchange = ctx.accounts.exchange.key();
    market.slot = slot;
    market.bump = ctx.bumps.market;
    market.engine_market_id = terms.engine_market_id;
    market.symbol = terms.symbol;
    market.feed_id = terms.feed_id;
    market.numerator = terms.numerator;
    market.denominator = terms.denominator;
    market.tick_mantissa = terms.tick_mantissa;
    market.tick_exponent = terms.tick_exponent;
    market.set_tiers(&terms.tiers)?;
    market.set_limits(&terms.limits)?;
    market.open_from = if is_new { 0 } else { Clock::get()?.unix_timestamp + exchange.time_lock_seconds };
    emit!(MarketAdded {
        exchange: market.exchange,
        slot,
        engine_market_id: terms.engine_market_id,
        open_from: market.open_from,
    });
    Ok(())
}

fn check_terms(terms: &MarketTerms) -> Result<()> {
    for number in [terms.numerator, terms.denominator, terms.tick_mantissa] {
        require!((1..=1 << 50).contains(&number), Fail::BadMarket);
    }
    require!(terms.tick_exponent.abs() <= 18, Fail::BadMarket);
    require!(terms.feed_id != [0; 32], Fail::BadMarket);
    Ok(())
}
