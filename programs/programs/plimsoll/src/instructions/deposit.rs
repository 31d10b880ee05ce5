use crate::constants::*;
use crate::errors::Fail;
use crate::events::{Deposited, InsuranceFunded};
use crate::state::{Exchange, Market, Page, load_page};
use crate::vault::take_in;
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

#[derive(Accounts)]
pub struct Deposit<'info> {
    pub payer: Signer<'info>,
    #[account(mut, has_one = mint @ Fail::WrongMint, has_one = vault @ Fail::WrongVault)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut)]
    pub page: AccountLoader<'info, Page>,
    pub mint: Account<'info, Mint>,
    #[account(mut)]
    pub vault: Account<'info, TokenAccount>,
    #[account(mut, constraint = source.mint == mint.key() @ Fail::WrongMint)]
    pub source: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

/// Anybody's tokens for any row that exists.
pub fn do_deposit(ctx: Context<Deposit>, account: u32, amount: u64) -> Result<()> {
    let accounts = &ctx.accounts;
    let key = accounts.exchange.key();
    let mut exchange = accounts.exchange.load_mut()?;
    exchange.require_active()?;
    take_in(&mut exchange, &accounts.source, &accounts.mint, &accounts.vault, &accounts.payer, &accounts.token_program, amount)?;
    let credit = i64::try_from(amount).map_err(|_| error!(Fail::Overflow))?;
    let mut page = load_page(accounts.page.as_ref(), &key)?;
    let row = page.user(account)?;
    row.collateral = row.collateral.checked_add(credit).ok_or(Fail::Overflow)?;
    require!(row.collateral <= MICRO_USD_MAX, Fail::Overflow);
    row.deposited = row.deposited.checked_add(amount).ok_or(Fail::Overflow)?;
    exchange.collateral = exchange.collateral.checked_add(credit).ok_or(Fail::Overflow)?;
    emit!(Deposited { exchange: key, account, amount, deposited_total: row.deposited, payer: accounts.payer.key() });
    Ok(())
}

#[derive(Accounts)]
pub struct FundInsurance<'info> {
    pub payer: Signer<'info>,
    #[account(mut, has_one = mint @ Fail::WrongMint, has_one = vault @ Fail::WrongVault)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut, has_one = exchange @ Fail::WrongExchange)]
    pub market: AccountLoader<'info, Market>,
    pub mint: Account<'info, Mint>,
    #[account(mut)]
    pub vault: Account<'info, TokenAccount>,
    #[account(mut, constraint = source.mint == mint.key() @ Fail::WrongMint)]
    pub source: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
}

/// Anybody's tokens for the insurance of a market.
pub fn do_fund_insurance(ctx: Context<FundInsurance>, amount: u64) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut exchange = accounts.exchange.load_mut()?;
    exchange.require_active()?;
    take_in(&mut exchange, &accounts.source, &accounts.mint, &accounts.vault, &accounts.payer, &accounts.token_program, amount)?;
    let credit = i64::try_from(amount).map_err(|_| error!(Fail::Overflow))?;
    let mut market = accounts.market.load_mut()?;
    market.insurance = market.insurance.checked_add(credit).ok_or(Fail::Overflow)?;
    require!(market.insurance <= MICRO_USD_MAX, Fail::Overflow);
    emit!(InsuranceFunded { exchange: accounts.exchange.key(), slot: market.slot, amount, insurance: market.insurance });
    Ok(())
}
