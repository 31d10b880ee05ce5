use crate::constants::SLOTS;
use crate::errors::Fail;
use crate::events::Escaped;
use crate::exit::{exit_equity, payout};
use crate::state::{Exchange, Page, Position, load_page};
use crate::vault::pay_out;
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

/// Remaining accounts: all markets, in the order of their slots.
#[derive(Accounts)]
pub struct Escape<'info> {
    pub owner: Signer<'info>,
    #[account(mut, has_one = mint @ Fail::WrongMint, has_one = vault @ Fail::WrongVault)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut)]
    pub page: AccountLoader<'info, Page>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(mut)]
    pub vault: Box<Account<'info, TokenAccount>>,
    #[account(mut, constraint = destination.mint == mint.key() @ Fail::WrongMint)]
    pub destination: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
}

/// Closes all positions of the row at the exit prices and pays what it is worth. Needs nobody but the owner.
pub fn do_escape<'info>(ctx: Context<'info, Escape<'info>>, account: u32) -> Result<()> {
    let accounts = &ctx.accounts;
    let key = accounts.exchange.key();
    let (equity, amount) = {
        let mut exchange = accounts.exchange.load_mut()?;
        exchange.require_frozen()?;
        require!(exchange.is_tallied == 1, Fail::ExitNotReady);
        let mut page = load_page(accounts.page.as_ref(), &key)?;
        let row = page.user(account)?;
        require_keys_eq!(row.owner, accounts.owner.key(), Fail::WrongOwner);
        require!(row.has_escaped == 0, Fail::AlreadyEscaped);
        let equity = exit_equity(row, &key, ctx.remaining_accounts)?;
        require!(equity > 0, Fail::NotEnoughFree);
        let amount = payout(equity as u64, exchange.exit_claims, exchange.exit_assets);
        exchange.collateral = exchange.collateral.checked_sub(row.collateral).ok_or(Fail::Overflow)?;
        row.collateral = 0;
        row.positions = [Position::default(); SLOTS];
        row.used_slots = 0;
        row.has_escaped = 1;
        row.withdrawn = row.withdrawn.checked_add(amount).ok_or(Fail::Overflow)?;
        (equity, amount)
    };
    pay_out(&accounts.exchange, &accounts.mint, &accounts.vault, &accounts.destination, &accounts.token_program, amount)?;
    emit!(Escaped { exchange: key, account, equity, amount, destination: accounts.destination.key() });
    Ok(())
}
