use crate::constants::*;
use crate::errors::Fail;
use crate::events::CollateralTransferred;
use crate::state::{Exchange, Pages};
use anchor_lang::prelude::*;

/// Remaining accounts: the pages of the two rows, each once.
#[derive(Accounts)]
#[instruction(from: u32)]
pub struct TransferCollateral<'info> {
    pub operator: Signer<'info>,
    #[account(has_one = operator @ Fail::WrongOperator)]
    pub exchange: AccountLoader<'info, Exchange>,
    /// CHECK: the address is checked; it is empty unless the owner demands money of that row
    #[account(seeds = [b"forced", exchange.key().as_ref(), &from.to_le_bytes()], bump)]
    pub forced: UncheckedAccount<'info>,
}

/// Moves collateral between two rows of one owner: what is the owner's stays the owner's, whoever holds the operator's key. No row falls
/// below zero by it, so that it leaves no debt behind, and nothing leaves a row of which its owner has demanded money: the operator could
/// evade the demand by moving it from row to row. Numbers count from 1 for each row that gives; the last one again changes nothing.
pub fn do_transfer_collateral<'info>(
    ctx: Context<'info, TransferCollateral<'info>>,
    from: u32,
    to: u32,
    amount: u64,
    number: u32,
) -> Result<()> {
    let key = ctx.accounts.exchange.key();
    ctx.accounts.exchange.load()?.require_active()?;
    let change = i64::try_from(amount).map_err(|_| error!(Fail::Overflow))?;
    require!(change > 0, Fail::ZeroAmount);
    let mut pages = Pages::open(ctx.remaining_accounts, &key)?;
    let giver = pages.user(from)?;
    if number == giver.transfers {
        return Ok(());
    }
    require!(ctx.accounts.forced.data_is_empty(), Fail::NotServable);
    require!(giver.transfers.checked_add(1) == Some(number), Fail::TransferGap);
    require!(change <= giver.collateral, Fail::NotEnoughFree);
    let owner = giver.owner;
    giver.collateral -= change;
    giver.transfers = number;
    let taker = pages.user(to)?;
    require!(from != to && taker.owner == owner, Fail::OwnersDiffer);
    taker.collateral = taker.collateral.checked_add(change).ok_or(Fail::Overflow)?;
    require!(taker.collateral <= MICRO_USD_MAX, Fail::Overflow);
    emit!(CollateralTransferred { exchange: key, from, to, amount, number });
    Ok(())
}
