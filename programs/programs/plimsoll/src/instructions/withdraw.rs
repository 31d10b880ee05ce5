use crate::authorisation::{require_signed, tag_of, Authorisation};
use crate::constants::*;
use crate::errors::Fail;
use crate::events::Withdrawn;
use crate::margin::free_to_leave;
use crate::state::{Exchange, Page, UserRow, load_page};
use crate::vault::pay_out;
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};

/// Remaining accounts: market and price account of each market that the row has a position in, in the order of the slots.
#[derive(Accounts)]
pub struct Withdraw<'info> {
    pub operator: Signer<'info>,
    pub co_signer: Signer<'info>,
    #[account(
        mut, has_one = operator @ Fail::WrongOperator, has_one = co_signer @ Fail::WrongCoSigner,
        has_one = mint @ Fail::WrongMint, has_one = vault @ Fail::WrongVault
    )]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut)]
    pub page: AccountLoader<'info, Page>,
    pub mint: Box<Account<'info, Mint>>,
    #[account(mut)]
    pub vault: Box<Account<'info, TokenAccount>>,
    #[account(mut, constraint = destination.mint == mint.key() @ Fail::WrongMint)]
    pub destination: Box<Account<'info, TokenAccount>>,
    pub token_program: Program<'info, Token>,
    /// CHECK: the address is checked
    #[account(address = solana_instructions_sysvar::ID)]
    pub instructions: UncheckedAccount<'info>,
}

/// Pays what the owner has authorised by signature. Nonces only rise, for ever: what was used or passed over can never be used again.
/// The last one once more, with the same content, changes nothing.
pub fn do_withdraw<'info>(
    ctx: Context<'info, Withdraw<'info>>,
    account: u32,
    nonce: u64,
    amount: u64,
    expires_at: i64,
) -> Result<()> {
    let accounts = &ctx.accounts;
    let key = accounts.exchange.key();
    let destination = accounts.destination.key();
    let message = Authorisation { exchange: key, account, nonce, amount, destination, expires_at }.bytes();
    let withdrawn_total = {
        let mut exchange = accounts.exchange.load_mut()?;
        exchange.require_active()?;
        let mut page = load_page(accounts.page.as_ref(), &key)?;
        let row = page.user(account)?;
        if nonce == row.nonce && row.nonce_tag == tag_of(&message) {
            return Ok(());
        }
        require!(nonce > row.nonce, Fail::NonceUsed);
        let now = Clock::get()?.unix_timestamp;
        let left = expires_at.checked_sub(now).ok_or(Fail::Overflow)?;
        require!(left > 0 && left <= AUTHORISATION_SECONDS_MAX, Fail::Expired);
        require_signed(&accounts.instructions, &row.owner, &message)?;
        row.nonce = nonce;
        row.nonce_tag = tag_of(&message);
        let free = free_to_leave(row, &key, ctx.remaining_accounts, now)?;
        take_off(&mut exchange, row, amount, free)?
    };
    pay_out(&accounts.exchange, &accounts.mint, &accounts.vault, &accounts.destination, &accounts.token_program, amount)?;
    emit!(Withdrawn { exchange: key, account, nonce, amount, withdrawn_total, destination });
    Ok(())
}

/// Takes a withdrawal off the row and the totals. Returns all that the row has withdrawn.
pub fn take_off(exchange: &mut Exchange, row: &mut UserRow, amount: u64, free: i64) -> Result<u64> {
    let debit = i64::try_from(amount).map_err(|_| error!(Fail::Overflow))?;
    require!(debit > 0, Fail::ZeroAmount);
    require!(debit <= free, Fail::NotEnoughFree);
    row.collateral = row.collateral.checked_sub(debit).ok_or(Fail::Overflow)?;
    row.withdrawn = row.withdrawn.checked_add(amount).ok_or(Fail::Overflow)?;
    exchange.collateral = exchange.collateral.checked_sub(debit).ok_or(Fail::Overflow)?;
    Ok(row.withdrawn)
}
