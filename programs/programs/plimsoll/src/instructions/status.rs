use crate::errors::Fail;
use crate::events::StatusChanged;
use crate::instructions::change::require_soon;
use crate::state::{Exchange, ACTIVE, FROZEN, HALTED, PAUSED};
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct Pause<'info> {
    pub authority: Signer<'info>,
    #[account(mut)]
    pub exchange: AccountLoader<'info, Exchange>,
}

/// Operator or administrator stop deposits, batches and withdrawals at once. Forced withdrawals and the way out stay open: pausing must
/// not hold anybody's money for longer than the freeze delay.
pub fn do_pause(ctx: Context<Pause>) -> Result<()> {
    let mut exchange = ctx.accounts.exchange.load_mut()?;
    let key = ctx.accounts.authority.key();
    require!(key == exchange.operator || key == exchange.admin, Fail::WrongOperator);
    exchange.require_active()?;
    exchange.status = PAUSED;
    emit!(StatusChanged { exchange: ctx.accounts.exchange.key(), status: PAUSED });
    Ok(())
}

#[derive(Accounts)]
pub struct Unpause<'info> {
    pub admin: Signer<'info>,
    #[account(mut, has_one = admin @ Fail::WrongAdmin)]
    pub exchange: AccountLoader<'info, Exchange>,
}

/// The administrator starts a paused or halted exchange again.
pub fn do_unpause(ctx: Context<Unpause>, valid_until: i64) -> Result<()> {
    require_soon(valid_until, Clock::get()?.unix_timestamp)?;
    let mut exchange = ctx.accounts.exchange.load_mut()?;
    require!(exchange.status != FROZEN, Fail::AlreadyFrozen);
    require!(exchange.status == PAUSED || exchange.status == HALTED, Fail::NotActive);
    exchange.status = ACTIVE;
    emit!(StatusChanged { exchange: ctx.accounts.exchange.key(), status: ACTIVE });
    Ok(())
}
