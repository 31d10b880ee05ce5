use crate::constants::*;
use crate::errors::Fail;
use crate::events::{ExitPriceSet, ExitTallied, StatusChanged};
use crate::exit::exit_equity;
use crate::margin::free_to_leave;
use crate::oracle::read_price;
use crate::state::{Exchange, Forced, Market, Page, FROZEN, load_page};
use crate::vault::is_payable;
use anchor_lang::prelude::*;
use anchor_spl::token::TokenAccount;

/// Remaining accounts: market and price account of each market that the row has a position in, in the order of the slots.
#[derive(Accounts)]
pub struct Freeze<'info> {
    #[account(mut)]
    pub exchange: AccountLoader<'info, Exchange>,
    pub page: AccountLoader<'info, Page>,
    #[account(has_one = exchange @ Fail::WrongExchange, has_one = destination @ Fail::WrongDestination)]
    pub forced: Account<'info, Forced>,
    /// CHECK: only looked at, in whatever state it is
    pub destination: UncheckedAccount<'info>,
}

/// Anybody may freeze the exchange for good when a forced withdrawal is older than the freeze delay, could be paid to where it should
/// go, and either could be served at fresh prices, or nothing was settled for that long: then there may be no prices either, and nobody has to wait for them.
pub fn do_freeze<'info>(ctx: Context<'info, Freeze<'info>>) -> Result<()> {
    let key = ctx.accounts.exchange.key();
    let mut exchange = ctx.accounts.exchange.load_mut()?;
    exchange.require_not_frozen()?;
    let now = Clock::get()?.unix_timestamp;
    let forced = &ctx.accounts.forced;
    let delay = exchange.freeze_delay_seconds;
    require!(now - forced.requested_at > delay, Fail::TooEarly);
    require!(is_payable(&ctx.accounts.destination, &exchange)?, Fail::NotServable);
    let is_silent = now - exchange.last_batch_at > delay;
    if !is_silent {
        let mut page = load_page(ctx.accounts.page.as_ref(), &key)?;
        let free = free_to_leave(page.user(forced.account)?, &key, ctx.remaining_accounts, now)? as u64;
        require!(free >= forced.amount, Fail::NotServable);
    }
    exchange.status = FROZEN;
    exchange.frozen_at = now;
    emit!(StatusChanged { exchange: key, status: FROZEN });
    Ok(())
}

#[derive(Accounts)]
pub struct FixExitPrice<'info> {
    #[account(mut)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut, has_one = exchange @ Fail::WrongExchange)]
    pub market: AccountLoader<'info, Market>,
    /// CHECK: checked when it is read
    pub price: Option<UncheckedAccount<'info>>,
}

/// Fixes the price at which all positions of a market are closed, once: the oracle's average of about an hour, fresh, certain, and not
/// far from the market's own average. Without positions, or without an oracle for days, the market's own average.
pub fn do_fix_exit_price(ctx: Context<FixExitPrice>) -> Result<()> {
    let mut exchange = ctx.accounts.exchange.load_mut()?;
    exchange.require_frozen()?;
    let mut market = ctx.accounts.market.load_mut()?;
    require!(market.exit_price_ticks == 0, Fail::ExitPriceFixed);
    let now = Clock::get()?.unix_timestamp;
    let own_average = (market.average_micro_ticks / MICRO_TICKS).max(1);
    market.exit_price_ticks = match &ctx.accounts.price {
        Some(info) => {
            let price = read_price(info, &market, now)?;
            require!(price.publish_time >= exchange.frozen_at, Fail::StalePrice);
            market.guard_leap(price.average_ticks, now)?;
            price.average_ticks
        }
        None => {
            let has_waited = now - exchange.frozen_at > EXIT_WITHOUT_ORACLE_SECONDS;
            require!(market.long_lots == 0 || has_waited, Fail::PriceMissing);
            own_average
        }
    };
    exchange.exit_prices += 1;
    emit!(ExitPriceSet { exchange: market.exchange, slot: market.slot, price_ticks: market.exit_price_ticks });
    Ok(())
}

/// Remaining accounts: all markets, in the order of their slots.
#[derive(Accounts)]
pub struct Tally<'info> {
    #[account(mut, has_one = vault @ Fail::WrongVault)]
    pub exchange: AccountLoader<'info, Exchange>,
    pub page: AccountLoader<'info, Page>,
    pub vault: Account<'info, TokenAccount>,
}

/// Adds up what the next rows have to get, page after page. When all are seen, claims above what the vault holds are known, and all are
/// cut in the same proportion: nobody gains by being first.
pub fn do_tally<'info>(ctx: Context<'info, Tally<'info>>, rows: u16) -> Result<()> {
    let key = ctx.accounts.exchange.key();
    let mut exchange = ctx.accounts.exchange.load_mut()?;
    exchange.require_frozen()?;
    require!(exchange.exit_prices == exchange.market_count && exchange.is_tallied == 0, Fail::ExitNotReady);
    let total_rows = exchange.page_count as u64 * PAGE_ROWS as u64;
    if exchange.tallied_rows < total_rows {
        let page = load_page(ctx.accounts.page.as_ref(), &key)?;
        let first = exchange.tallied_rows as usize % PAGE_ROWS;
        require!(exchange.tallied_rows / PAGE_ROWS as u64 == page.number as u64, Fail::PageMissing);
        let last = PAGE_ROWS.min(first + rows as usize);
        for row in &page.rows[first..last] {
            if row.exists() {
                let equity = exit_equity(row, &key, ctx.remaining_accounts)?.max(0) as u64;
                exchange.exit_claims = exchange.exit_claims.checked_add(equity).ok_or(Fail::Overflow)?;
            }
        }
        exchange.tallied_rows += (last - first) as u64;
    }
    if exchange.tallied_rows == total_rows {
        exchange.is_tallied = 1;
        exchange.exit_assets = ctx.accounts.vault.amount;
        emit!(ExitTallied { exchange: key, claims: exchange.exit_claims, assets: exchange.exit_assets });
    }
    Ok(())
}
