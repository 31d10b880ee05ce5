use crate::errors::Fail;
use crate::events::{ForcedReduced, ForcedRequested, ForcedServed};
use crate::instructions::withdraw::take_off;
use crate::margin::free_to_leave;
use crate::state::{Exchange, Forced, Page, ACTIVE, PAUSED, load_page};
use crate::vault::{is_payable, pay_out};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

#[derive(Accounts)]
#[instruction(account: u32)]
pub struct RequestForced<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(has_one = mint @ Fail::WrongMint)]
    pub exchange: AccountLoader<'info, Exchange>,
    pub page: AccountLoader<'info, Page>,
    #[account(init, payer = owner, space = 8 + Forced::INIT_SPACE,
        seeds = [b"forced", exchange.key().as_ref(), &account.to_le_bytes()], bump)]
    pub forced: Account<'info, Forced>,
    pub mint: Account<'info, Mint>,
    #[account(constraint = destination.mint == mint.key() @ Fail::WrongMint)]
    pub destination: Account<'info, TokenAccount>,
    pub system_program: Program<'info, System>,
}

/// Asks the chain itself for a withdrawal: the operator has to serve it within the freeze delay. It may be asked for at any time before
/// the freeze, also while the exchange is paused or halted.
pub fn do_request_forced(ctx: Context<RequestForced>, account: u32, amount: u64) -> Result<()> {
    let key = ctx.accounts.exchange.key();
    let exchange = ctx.accounts.exchange.load()?;
    exchange.require_not_frozen()?;
    let mut page = load_page(ctx.accounts.page.as_ref(), &key)?;
    let row = page.user(account)?;
    require_keys_eq!(row.owner, ctx.accounts.owner.key(), Fail::WrongOwner);
    require!(amount > 0 && amount >= exchange.forced_minimum, Fail::ZeroAmount);
    require!(row.collateral > 0 && amount <= row.collateral as u64, Fail::NotEnoughFree);
    require!(is_payable(&ctx.accounts.destination.to_account_info(), &exchange)?, Fail::WrongDestination);
    let forced = &mut ctx.accounts.forced;
    forced.exchange = key;
    forced.owner = row.owner;
    forced.account = account;
    forced.amount = amount;
    forced.destination = ctx.accounts.destination.key();
    forced.requested_at = Clock::get()?.unix_timestamp;
    forced.bump = ctx.bumps.forced;
    let (requested_at, destination) = (forced.requested_at, forced.destination);
    emit!(ForcedRequested { exchange: key, account, amount, requested_at, destination });
    Ok(())
}

/// Remaining accounts: market and price account of each market that the row has a position in, in the order of the slots.
#[derive(Accounts)]
pub struct ServeForced<'info> {
    pub operator: Signer<'info>,
    pub co_signer: Signer<'info>,
    #[account(
        mut, has_one = operator @ Fail::WrongOperator, has_one = co_signer @ Fail::WrongCoSigner,
        has_one = mint @ Fail::WrongMint, has_one = vault @ Fail::WrongVault
    )]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut)]
    pub page: AccountLoader<'info, Page>,
    #[account(
        mut, close = owner, has_one = exchange @ Fail::WrongExchange, has_one = owner @ Fail::WrongOwner,
        has_one = destination @ Fail::WrongDestination
    )]
    pub forced: Box<Account<'info, Forced>>,
    /// CHECK: gets back the rent that it has paid
    #[account(mut)]
    pub owner: UncheckedAccount<'info>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(mut)]
    pub vault: Box<Account<'info, TokenAccount>>,
    #[account(mut)]
    pub destination: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
}

/// Pays a forced withdrawal in full.
pub fn do_serve_forced<'info>(ctx: Context<'info, ServeForced<'info>>) -> Result<()> {
    let accounts = &ctx.accounts;
    let key = accounts.exchange.key();
    let (account, amount) = (accounts.forced.account, accounts.forced.amount);
    let withdrawn_total = {
        let mut exchange = accounts.exchange.load_mut()?;
        require!(exchange.status == ACTIVE || exchange.status == PAUSED, Fail::NotActive);
        let mut page = load_page(accounts.page.as_ref(), &key)?;
        let row = page.user(account)?;
        let now = Clock::get()?.unix_timestamp;
        let free = free_to_leave(row, &key, ctx.remaining_accounts, now)?;
        take_off(&mut exchange, row, amount, free)?
    };
    pay_out(&accounts.exchange, &accounts.mint, &accounts.vault, &accounts.destination, &accounts.token_program, amount)?;
    emit!(ForcedServed { exchange: key, account, amount, withdrawn_total });
    Ok(())
}

/// Remaining accounts as for `serve_forced`.
#[derive(Accounts)]
pub struct ReduceForced<'info> {
    pub exchange: AccountLoader<'info, Exchange>,
    pub page: AccountLoader<'info, Page>,
    #[account(
        mut, has_one = exchange @ Fail::WrongExchange, has_one = owner @ Fail::WrongOwner,
        has_one = destination @ Fail::WrongDestination
    )]
    pub forced: Account<'info, Forced>,
    /// CHECK: gets back the rent when nothing is left of the request
    #[account(mut)]
    pub owner: UncheckedAccount<'info>,
    /// CHECK: only looked at, in whatever state it is
    pub destination: UncheckedAccount<'info>,
}

/// Cuts a request to what can leave at fresh prices; ends it when that is less than the minimum, or when nothing can be paid to where it
/// should go. Anybody may: it follows from the chain alone. So neither a request for margin that a position needs, nor one into an
/// account that its owner has closed, can freeze the exchange.
pub fn do_reduce_forced<'info>(ctx: Context<'info, ReduceForced<'info>>) -> Result<()> {
    let key = ctx.accounts.exchange.key();
    let exchange = ctx.accounts.exchange.load()?;
    exchange.require_not_frozen()?;
    let account = ctx.accounts.forced.account;
    let free = if is_payable(&ctx.accounts.destination, &exchange)? {
        let mut page = load_page(ctx.accounts.page.as_ref(), &key)?;
        let now = Clock::get()?.unix_timestamp;
        free_to_leave(page.user(account)?, &key, ctx.remaining_accounts, now)? as u64
    } else {
        0
    };
    require!(free < ctx.accounts.forced.amount, Fail::Servable);
    ctx.accounts.forced.amount = free;
    if free == 0 || free < exchange.forced_minimum {
        ctx.accounts.forced.close(ctx.accounts.owner.to_account_info())?;
    }
    emit!(ForcedReduced { exchange: key, account, amount: free });
    Ok(())
}

#[derive(Accounts)]
pub struct CancelForced<'info> {
    #[account(mut)]
    pub owner: Signer<'info>,
    #[account(mut, close = owner, has_one = owner @ Fail::WrongOwner)]
    pub forced: Account<'info, Forced>,
}

pub fn do_cancel_forced(ctx: Context<CancelForced>) -> Result<()> {
    let forced = &ctx.accounts.forced;
    emit!(ForcedReduced { exchange: forced.exchange, account: forced.account, amount: 0 });
    Ok(())
}
