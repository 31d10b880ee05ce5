//! Prices of Pyth's receiver program, read by hand: 134 bytes are cheaper to read than to depend on.
use crate::constants::*;
use crate::errors::Fail;
use crate::state::Market;
use anchor_lang::prelude::*;

pub struct OraclePrice {
    pub ticks: u64,
    /// Exponentially weighted average of about an hour, as the oracle makes it.
    pub average_ticks: u64,
    pub publish_time: i64,
}

/// PriceUpdateV2: 8 discriminator, 32 write authority, verification level (1 byte when Full), 32 feed, i64 price, u64 confidence,
/// i32 exponent, i64 publish time, i64 time before, i64 average, u64 its confidence, u64 slot.
const DISCRIMINATOR: [u8; 8] = [0x22, 0xf1, 0x23, 0x63, 0x9d, 0x7e, 0xf4, 0xcd];
const LEVEL_FULL: u8 = 1;
const LENGTH: usize = 133;
/// Powers of ten beyond this can only be nonsense, and leave 128 bits.
const EXPONENT_MAX: i32 = 18;

/// The price of the market's feed in ticks: fully verified, fresh, certain enough and not far from the market's own average.
pub fn read_price(info: &AccountInfo, market: &Market, now: i64) -> Result<OraclePrice> {
    require_keys_eq!(*info.owner, PYTH_RECEIVER, Fail::BadPrice);
    let data = info.try_borrow_data()?;
    require!(data.len() >= LENGTH && data[..8] == DISCRIMINATOR, Fail::BadPrice);
    require!(data[40] == LEVEL_FULL && data[41..73] == market.feed_id, Fail::BadPrice);
    let price = word(&data, 73) as i64;
    let confidence = word(&data, 81);
    let exponent = i32::from_le_bytes([data[89], data[90], data[91], data[92]]);
    let publish_time = word(&data, 93) as i64;
    let average = word(&data, 109) as i64;

    require!(price > 0, Fail::BadPrice);
    let age = now.checked_sub(publish_time).ok_or(Fail::Overflow)?;
    require!(age <= market.max_price_age_seconds as i64 && age >= -PRICE_AHEAD_SECONDS, Fail::StalePrice);
    let uncertainty = confidence as u128 * PPM as u128;
    require!(uncertainty <= price as u128 * market.max_confidence_ppm as u128, Fail::UncertainPrice);
    let ticks = to_ticks(price, exponent, market)?;
    market.guard_leap(ticks, now)?;
    Ok(OraclePrice { ticks, average_ticks: to_ticks(average, exponent, market)?, publish_time })
}

/// price × 10^exponent dollars in ticks, to the nearest.
fn to_ticks(price: i64, exponent: i32, market: &Market) -> Result<u64> {
    let shift = exponent.checked_sub(market.tick_exponent).ok_or(Fail::Overflow)?;
    require!(shift.abs() <= EXPONENT_MAX && price > 0, Fail::BadPrice);
    let power = 10i128.pow(shift.unsigned_abs());
    let (numerator, denominator) = if shift >= 0 { (price as i128 * power, 1) } else { (price as i128, power) };
    let denominator = denominator * market.tick_mantissa as i128;
    let ticks = (2 * numerator + denominator) / (2 * denominator);
    require!((1..=PRICE_TICKS_MAX as i128).contains(&ticks), Fail::BadPrice);
    Ok(ticks as u64)
}

fn word(data: &[u8], at: usize) -> u64 {
    let mut bytes = [0u8; 8];
    bytes.copy_from_slice(&data[at..at + 8]);
    u64::from_le_bytes(bytes)
}
