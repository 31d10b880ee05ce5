use crate::constants::*;
use crate::errors::Fail;
use crate::events::FeesSwept;
use crate::state::{Exchange, Market};
use crate::vault::pay_out;
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

#[derive(Accounts)]
pub struct SweepFees<'info> {
    pub operator: Signer<'info>,
    #[account(
        mut, has_one = operator @ Fail::WrongOperator, has_one = mint @ Fail::WrongMint, has_one = vault @ Fail::WrongVault,
        has_one = fee_destination @ Fail::WrongDestination
    )]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut, has_one = exchange @ Fail::WrongExchange)]
    pub market: AccountLoader<'info, Market>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(mut)]
    pub vault: Box<Account<'info, TokenAccount>>,
    #[account(mut)]
    pub fee_destination: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
}

/// Pays settled fees to the one account that may have them, up to the cap of a day.
pub fn do_sweep_fees(ctx: Context<SweepFees>, amount: u64) -> Result<()> {
    let accounts = &ctx.accounts;
    let key = accounts.exchange.key();
    {
        let mut exchange = accounts.exchange.load_mut()?;
        exchange.require_active()?;
        let now = Clock::get()?.unix_timestamp;
        if now - exchange.sweep_window_start >= SWEEP_WINDOW_SECONDS {
            exchange.sweep_window_start = now;
            exchange.swept_in_window = 0;
        }
        exchange.swept_in_window = exchange.swept_in_window.checked_add(amount).ok_or(Fail::Overflow)?;
        require!(exchange.swept_in_window <= exchange.sweep_cap, Fail::SweepCap);
        let mut market = accounts.market.load_mut()?;
        let debit = i64::try_from(amount).map_err(|_| error!(Fail::Overflow))?;
        require!(debit <= market.fees, Fail::PurseBelowZero);
        market.fees -= debit;
        emit!(FeesSwept { exchange: key, slot: market.slot, amount, fees: market.fees });
    }
    pay_out(&accounts.exchange, &accounts.mint, &accounts.vault, &accounts.fee_destination, &accounts.token_program, amount)
}
