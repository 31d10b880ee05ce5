use crate::constants::*;
use crate::errors::Fail;
use crate::events::{ChangeEnded, ChangeProposed};
use crate::state::{Change, ChangeKind, Exchange, Market};
use anchor_lang::prelude::*;

#[derive(Accounts)]
pub struct ProposeChange<'info> {
    #[account(mut)]
    pub admin: Signer<'info>,
    #[account(mut, has_one = admin @ Fail::WrongAdmin)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(init, payer = admin, space = 8 + Change::INIT_SPACE,
        seeds = [b"change", exchange.key().as_ref(), &exchange.load()?.change_count.to_le_bytes()], bump)]
    pub change: Account<'info, Change>,
    pub system_program: Program<'info, System>,
}

/// Announces a change. `valid_until` bounds when this may be sent: a transaction that was signed ahead, with a durable nonce, must not
/// lie in wait for months.
pub fn do_propose_change(ctx: Context<ProposeChange>, kind: ChangeKind, valid_until: i64) -> Result<()> {
    let now = Clock::get()?.unix_timestamp;
    require_soon(valid_until, now)?;
    let mut exchange = ctx.accounts.exchange.load_mut()?;
    exchange.require_not_frozen()?;
    let change = &mut ctx.accounts.change;
    change.exchange = ctx.accounts.exchange.key();
    change.number = exchange.change_count;
    change.apply_from = now + exchange.time_lock_seconds;
    change.apply_until = change.apply_from + CHANGE_APPLY_SECONDS;
    change.bump = ctx.bumps.change;
    change.kind = kind;
    exchange.change_count = exchange.change_count.checked_add(1).ok_or(Fail::Overflow)?;
    emit!(ChangeProposed { exchange: change.exchange, number: change.number, apply_from: change.apply_from });
    Ok(())
}

/// An order of the administrator has to name a time not far off after which it does not hold.
pub fn require_soon(valid_until: i64, now: i64) -> Result<()> {
    let left = valid_until.checked_sub(now).ok_or(Fail::Overflow)?;
    require!((0..=PROPOSAL_SECONDS_MAX).contains(&left), Fail::Expired);
    Ok(())
}

#[derive(Accounts)]
pub struct ApplyChange<'info> {
    #[account(mut)]
    pub admin: Signer<'info>,
    #[account(mut, has_one = admin @ Fail::WrongAdmin)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut, close = admin, has_one = exchange @ Fail::WrongExchange)]
    pub change: Account<'info, Change>,
    /// Only for changes of a market.
    #[account(mut, has_one = exchange @ Fail::WrongExchange)]
    pub market: Option<AccountLoader<'info, Market>>,
}

/// Applies a change within its time.
pub fn do_apply_change(ctx: Context<ApplyChange>) -> Result<()> {
    let mut exchange = ctx.accounts.exchange.load_mut()?;
    exchange.require_not_frozen()?;
    let change = &ctx.accounts.change;
    let now = Clock::get()?.unix_timestamp;
    require!(now >= change.apply_from, Fail::TooEarly);
    require!(now <= change.apply_until, Fail::TooLate);
    match &change.kind {
        ChangeKind::Operator { key } => exchange.operator = *key,
        ChangeKind::CoSigner { key } => exchange.co_signer = *key,
        ChangeKind::Admin { key } => exchange.admin = *key,
        ChangeKind::FeeDestination { key } => exchange.fee_destination = *key,
        ChangeKind::Limits { limits } => exchange.set_limits(limits)?,
        ChangeKind::MarketLimits { slot, limits } => {
            let mut market = ctx.accounts.market.as_ref().ok_or(Fail::WrongMarket)?.load_mut()?;
            require!(market.slot == *slot, Fail::WrongMarket);
            market.set_limits(limits)?;
        }
        ChangeKind::MarketTiers { slot, tiers } => {
            let mut market = ctx.accounts.market.as_ref().ok_or(Fail::WrongMarket)?.load_mut()?;
            require!(market.slot == *slot, Fail::WrongMarket);
            market.set_tiers(tiers)?;
        }
    }
    exchange.require_keys_apart()?;
    emit!(ChangeEnded { exchange: change.exchange, number: change.number, is_applied: true });
    Ok(())
}

#[derive(Accounts)]
pub struct CancelChange<'info> {
    #[account(mut)]
    pub admin: Signer<'info>,
    #[account(has_one = admin @ Fail::WrongAdmin)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut, close = admin, has_one = exchange @ Fail::WrongExchange)]
    pub change: Account<'info, Change>,
}

pub fn do_cancel_change(ctx: Context<CancelChange>) -> Result<()> {
    let change = &ctx.accounts.change;
    emit!(ChangeEnded { exchange: change.exchange, number: change.number, is_applied: false });
    Ok(())
}
