use crate::constants::*;
use crate::errors::Fail;
use crate::events::UserCreated;
use crate::state::{load_page, Exchange, Page, PAGE_BYTES};
use anchor_lang::prelude::*;
use anchor_lang::system_program::{self, Transfer};

#[derive(Accounts)]
#[instruction(number: u32)]
pub struct CreatePage<'info> {
    #[account(mut)]
    pub operator: Signer<'info>,
    #[account(mut, has_one = operator @ Fail::WrongOperator)]
    pub exchange: AccountLoader<'info, Exchange>,
    /// CHECK: made here, at the address of that number; it becomes a page when it is grown
    #[account(init, payer = operator, space = GROWTH_BYTES, owner = crate::ID,
        seeds = [b"page", exchange.key().as_ref(), &number.to_le_bytes()], bump)]
    pub page: UncheckedAccount<'info>,
    pub system_program: Program<'info, System>,
}

/// Makes the next page and pays its rent; `grow_page` has to follow until it is whole.
pub fn do_create_page(ctx: Context<CreatePage>, number: u32) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut exchange = accounts.exchange.load_mut()?;
    exchange.require_not_frozen()?;
    require!(number == exchange.page_count, Fail::WrongPageNumber);
    exchange.page_count = number.checked_add(1).ok_or(Fail::Overflow)?;
    let rent = Rent::get()?.minimum_balance(PAGE_BYTES);
    let missing = rent.saturating_sub(accounts.page.lamports());
    let transfer = Transfer { from: accounts.operator.to_account_info(), to: accounts.page.to_account_info() };
    system_program::transfer(CpiContext::new(accounts.system_program.key(), transfer), missing)?;
    let mut data = accounts.page.try_borrow_mut_data()?;
    data[..8].copy_from_slice(Page::DISCRIMINATOR);
    data[8..40].copy_from_slice(accounts.exchange.key().as_ref());
    data[40..44].copy_from_slice(&number.to_le_bytes());
    data[44] = ctx.bumps.page;
    Ok(())
}

#[derive(Accounts)]
pub struct GrowPage<'info> {
    /// CHECK: owner and discriminator are checked; growing a page changes nothing in it
    #[account(mut, owner = crate::ID @ Fail::PageMissing)]
    pub page: UncheckedAccount<'info>,
}

/// Anybody may: its rent is paid, and a page that nobody grew could not be tallied.
pub fn do_grow_page(ctx: Context<GrowPage>) -> Result<()> {
    let info = ctx.accounts.page.to_account_info();
    require!(info.try_borrow_data()?[..8] == *Page::DISCRIMINATOR, Fail::PageMissing);
    let length = PAGE_BYTES.min(info.data_len() + GROWTH_BYTES);
    info.resize(length)?;
    Ok(())
}

#[derive(Accounts)]
pub struct CreateUser<'info> {
    pub operator: Signer<'info>,
    #[account(has_one = operator @ Fail::WrongOperator)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut)]
    pub page: AccountLoader<'info, Page>,
}

/// Gives a row to its owner, for good. Repeating it with the same owner changes nothing.
pub fn do_create_user(ctx: Context<CreateUser>, account: u32, owner: Pubkey) -> Result<()> {
    let exchange = ctx.accounts.exchange.load()?;
    exchange.require_not_frozen()?;
    require!(account > 0 && owner != Pubkey::default(), Fail::UnknownUser);
    let key = ctx.accounts.exchange.key();
    let mut page = load_page(ctx.accounts.page.as_ref(), &key)?;
    require!(account / PAGE_ROWS as u32 == page.number, Fail::PageMissing);
    let row = &mut page.rows[account as usize % PAGE_ROWS];
    if row.owner == owner {
        return Ok(());
    }
    require!(!row.exists(), Fail::RowTaken);
    row.owner = owner;
    row.is_taken = 1;
    emit!(UserCreated { exchange: key, account, owner });
    Ok(())
}
