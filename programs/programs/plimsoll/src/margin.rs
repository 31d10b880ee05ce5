//! What a row may take out, at fresh prices.
use crate::constants::*;
use crate::errors::Fail;
use crate::oracle::read_price;
use crate::state::{Market, UserRow};
use anchor_lang::prelude::*;

/// Micro-USD that may leave: collateral and losses that are not realised, less max(initial margin, a tenth of the notional). Profit
/// that is not realised never counts, not even against losses elsewhere: a pumped price must not lend anybody the vault.
/// `accounts`: market and price account of each market that the row has a position in, in the order of the slots.
pub fn free_to_leave<'info>(
    row: &UserRow,
    exchange_key: &Pubkey,
    accounts: &'info [AccountInfo<'info>],
    now: i64,
) -> Result<i64> {
    let mut worth = row.collateral as i128;
    let (mut initial_margin, mut notional_sum) = (0i128, 0i128);
    let mut pairs = accounts.chunks_exact(2);
    for slot in 0..SLOTS {
        if row.used_slots & (1 << slot) == 0 {
            continue;
        }
        let pair = pairs.next().ok_or(Fail::PriceMissing)?;
        let loader = AccountLoader::<Market>::try_from(&pair[0])?;
        let market = loader.load()?;
        require_keys_eq!(market.exchange, *exchange_key, Fail::WrongExchange);
        require!(market.slot as usize == slot, Fail::WrongMarket);
        let price = read_price(&pair[1], &market, now)?.ticks as i128;

        let position = &row.positions[slot];
        let value = position.lots as i128 * price;
        worth += market.micro_usd_floor(value - position.entry as i128)?.min(0);
        let notional = -market.micro_usd_floor(-value.abs())?;
        initial_margin += market.initial_margin(notional);
        notional_sum += notional;
    }
    let least = (notional_sum + WITHDRAWAL_NOTIONAL_DIVISOR - 1) / WITHDRAWAL_NOTIONAL_DIVISOR;
    let free = worth - initial_margin.max(least);
    Ok(i64::try_from(free.max(0)).map_err(|_| error!(Fail::Overflow))?)
}
