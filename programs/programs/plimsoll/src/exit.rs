//! What a row is worth when everything is closed at the exit prices.
use crate::constants::*;
use crate::errors::Fail;
use crate::state::{Market, UserRow};
use anchor_lang::prelude::*;

/// Collateral and the profit or loss of each position at its market's exit price, rounded down. `markets`: all, in the order of slots.
pub fn exit_equity<'info>(row: &UserRow, exchange_key: &Pubkey, markets: &'info [AccountInfo<'info>]) -> Result<i64> {
    let mut equity = row.collateral as i128;
    for slot in 0..SLOTS {
        if row.used_slots & (1 << slot) == 0 {
            continue;
        }
        let loader = AccountLoader::<Market>::try_from(markets.get(slot).ok_or(Fail::WrongMarket)?)?;
        let market = loader.load()?;
        require_keys_eq!(market.exchange, *exchange_key, Fail::WrongExchange);
        require!(market.slot as usize == slot && market.exit_price_ticks > 0, Fail::ExitNotReady);
        let position = &row.positions[slot];
        let value = position.lots as i128 * market.exit_price_ticks as i128 - position.entry as i128;
        equity += market.micro_usd_floor(value)?;
    }
    i64::try_from(equity).map_err(|_| error!(Fail::Overflow))
}

/// The part of a claim that is paid: all of it, or the same share for everybody when the vault holds less, rounded down.
pub fn payout(equity: u64, claims: u64, assets: u64) -> u64 {
    if claims <= assets {
        return equity;
    }
    (equity as u128 * assets as u128 / claims as u128) as u64
}
