//! Applies a batch: double entry, prices within the band, no more gained than those prices allow.
use crate::batch::{BatchReader, Entry, SectionHeader};
use crate::constants::*;
use crate::errors::Fail;
use crate::oracle::{read_price, OraclePrice};
use crate::state::{Exchange, Market, Pages, UserRow};
use anchor_lang::prelude::*;

pub struct Settled {
    pub entries: u32,
    pub notional: u64,
}

/// Changes rows, markets and totals, or fails. `accounts`: for each section, in its order, the market and a price account; then the
/// pages that hold the batch's rows.
pub fn apply_batch<'info>(
    exchange: &mut Exchange,
    exchange_key: &Pubkey,
    bytes: &[u8],
    accounts: &'info [AccountInfo<'info>],
    now: i64,
) -> Result<Settled> {
    let (mut reader, sections) = BatchReader::open(bytes)?;
    require!(accounts.len() >= 2 * sections, Fail::WrongMarket);
    let (pairs, page_accounts) = accounts.split_at(2 * sections);
    let mut pages = Pages::open(page_accounts, exchange_key)?;
    let mut settled = Settled { entries: 0, notional: 0 };
    let mut next_slot = 0;
    for pair in pairs.chunks_exact(2) {
        let header = reader.section()?;
        require!(header.slot >= next_slot, Fail::BadBatch);
        next_slot = header.slot + 1;
        let loader = AccountLoader::<Market>::try_from(&pair[0])?;
        let mut market = loader.load_mut()?;
        require_keys_eq!(market.exchange, *exchange_key, Fail::WrongExchange);
        require!(market.slot == header.slot, Fail::WrongMarket);
        require!(now >= market.open_from, Fail::MarketNotOpen);
        let price = read_price(&pair[1], &market, now)?;
        require!(price.publish_time >= market.last_publish_time, Fail::StalePrice);

        let sums = apply_entries(&mut reader, &header, &mut pages, &price, &market)?;
        let notional = check_section(&header, &sums, &price, &mut market, now)?;
        book_section(&header, &sums, &mut market, exchange)?;
        market.note_price(price.ticks, price.publish_time, now);
        settled.entries += header.entries as u32;
        settled.notional = settled.notional.checked_add(notional).ok_or(Fail::Overflow)?;
    }
    reader.end()?;
    require!(settled.notional <= exchange.batch_notional_cap, Fail::NotionalCap);
    Ok(settled)
}

/// Sums over the entries of a section.
struct Sums {
    lots: i64,
    absolute_lots: u64,
    entry: i64,
    realized: i64,
    other: i64,
    /// What accounts paid, in sum.
    paid: u64,
    long_lots: u64,
    /// What accounts gained at the oracle's price, in micro-USD × denominator.
    gained: i128,
}

fn apply_entries(
    reader: &mut BatchReader,
    header: &SectionHeader,
    pages: &mut Pages,
    price: &OraclePrice,
    market: &Market,
) -> Result<Sums> {
    let mut sums =
        Sums { lots: 0, absolute_lots: 0, entry: 0, realized: 0, other: 0, paid: 0, long_lots: market.long_lots, gained: 0 };
    let mut account = 0;
    for _ in 0..header.entries {
        let entry = reader.entry(account)?;
        account = entry.account;
        let row = pages.user(account)?;
        sums.long_lots = apply_entry(row, &entry, header.slot, sums.long_lots)?;
        add(&mut sums.lots, entry.lots)?;
        add(&mut sums.entry, entry.entry)?;
        add(&mut sums.realized, entry.realized)?;
        add(&mut sums.other, entry.other)?;
        sums.absolute_lots = sums.absolute_lots.checked_add(entry.lots.unsigned_abs()).ok_or(Fail::Overflow)?;
        if entry.other < 0 {
            sums.paid = sums.paid.checked_add(entry.other.unsigned_abs()).ok_or(Fail::Overflow)?;
        }
        let gain = gain_of(&entry, price.ticks, market);
        if gain > 0 {
            sums.gained = sums.gained.checked_add(gain).ok_or(Fail::Overflow)?;
        }
    }
    Ok(sums)
}

/// What the account gained at the oracle's price, micro-USD × denominator. Products of 128 bits are many instructions here, so numbers
/// that cannot overflow 64 bits, which is nearly all of them, are multiplied as such.
#[inline(always)]
fn gain_of(entry: &Entry, ticks: u64, market: &Market) -> i128 {
    const SMALL_LOTS: u64 = 1 << 31;
    const SMALL_FACTOR: u64 = 1 << 16;
    const SMALL_VALUE: u64 = 1 << 46;
    let is_small = entry.lots.unsigned_abs() < SMALL_LOTS && entry.entry.unsigned_abs() < SMALL_VALUE;
    let has_small_factors = market.numerator < SMALL_FACTOR && market.denominator < SMALL_FACTOR;
    if is_small && has_small_factors && entry.realized.unsigned_abs() < SMALL_VALUE {
        // Ticks are below 2^31, so the first product is below 2^62.
        let worth = entry.lots.wrapping_mul(ticks as i64).wrapping_sub(entry.entry);
        if worth.unsigned_abs() < SMALL_VALUE {
            let realized = entry.realized.wrapping_mul(market.denominator as i64);
            return worth.wrapping_mul(market.numerator as i64).wrapping_add(realized) as i128;
        }
    }
    let worth = entry.lots as i128 * ticks as i128 - entry.entry as i128;
    entry.realized as i128 * market.denominator as i128 + worth * market.numerator as i128
}

/// Returns the market's open interest after it.
#[inline(always)]
fn apply_entry(row: &mut UserRow, entry: &Entry, slot: u8, long_lots: u64) -> Result<u64> {
    add(&mut row.collateral, entry.realized)?;
    add(&mut row.collateral, entry.other)?;
    require!(row.collateral.unsigned_abs() <= MICRO_USD_MAX as u64, Fail::Overflow);
    if entry.lots == 0 && entry.entry == 0 {
        return Ok(long_lots);
    }
    let position = &mut row.positions[slot as usize];
    let long_before = position.lots.max(0) as u64;
    add(&mut position.lots, entry.lots)?;
    add(&mut position.entry, entry.entry)?;
    require!(position.lots.unsigned_abs() <= LOTS_MAX as u64, Fail::Overflow);
    require!(position.entry.unsigned_abs() <= VALUE_MAX as u64, Fail::Overflow);
    require!(position.lots.signum() == position.entry.signum(), Fail::BadPosition);
    let long_after = position.lots.max(0) as u64;
    if position.lots == 0 {
        row.used_slots &= !(1 << slot);
    } else {
        row.used_slots |= 1 << slot;
    }
    (long_lots - long_before).checked_add(long_after).ok_or_else(|| error!(Fail::Overflow))
}

/// Returns the notional at the oracle's price, micro-USD.
fn check_section(header: &SectionHeader, sums: &Sums, price: &OraclePrice, market: &mut Market, now: i64) -> Result<u64> {
    require!(sums.lots == 0, Fail::LotsNotZero);
    require!(sums.realized.checked_add(header.clearing) == Some(0), Fail::ClearingMismatch);
    let purses = sums.other as i128 + header.fees as i128 + header.insurance as i128;
    require!(purses == 0, Fail::MoneyNotZero);

    // Each side of a fill rounds its profit down, by less than one micro-USD; the clearing account keeps that.
    let (numerator, denominator) = (market.numerator as i128, market.denominator as i128);
    let dust = header.clearing as i128 * denominator + sums.entry as i128 * numerator;
    require!(dust >= 0 && dust <= 2 * header.fills as i128 * denominator, Fail::RoundingDust);

    let far = check_prices(header, price, market)?;
    require!(sums.absolute_lots <= header.gross_lots.saturating_mul(2), Fail::BadBatch);
    let gross = header.gross_lots as i128 * numerator;
    require!(sums.gained <= gross * far as i128, Fail::GainTooLarge);

    let notional = (gross * price.ticks as i128) / denominator;
    require!(notional <= market.notional_cap as i128, Fail::NotionalCap);
    let notional = notional as u64;
    check_payments(header, sums, price, notional, market, now)?;
    note_peak(header, sums, market, now)?;
    Ok(notional)
}

/// All fills are within the band around the oracle's price, which reaches towards the price of the batch before. Returns how far from
/// the oracle's price a fill may be, in ticks.
fn check_prices(header: &SectionHeader, price: &OraclePrice, market: &Market) -> Result<u64> {
    let is_trading = header.gross_lots > 0;
    require!(is_trading == (header.fills > 0), Fail::BadBatch);
    let (least, most) = (header.min_price_ticks as u64, header.max_price_ticks as u64);
    if !is_trading {
        require!(least == 0 && most == 0, Fail::BadBatch);
        return Ok(0);
    }
    require!(0 < least && least <= most && most <= PRICE_TICKS_MAX, Fail::BadBatch);
    require!(header.gross_lots <= LOTS_MAX as u64, Fail::Overflow);
    let ticks = price.ticks;
    let reach = ticks * market.catch_up_ppm as u64 / PPM;
    let before = if market.last_price_ticks == 0 { ticks } else { market.last_price_ticks };
    let low = before.clamp(ticks - reach, ticks) * (PPM - market.band_ppm as u64) / PPM;
    let high = before.clamp(ticks, ticks + reach) * (PPM + market.band_ppm as u64) / PPM;
    require!(low <= least && most <= high, Fail::PriceOutsideBand);
    Ok((ticks - low).max(high - ticks))
}

/// What accounts pay is within a share of what was traded; what is above it (funding, fees of liquidations) is within a share of the
/// open interest for each window of time. That is the most that was open in a window, not what is open now: what is paid for trades that
/// have closed all positions may come a batch later than they, and would be refused for ever.
fn check_payments(
    header: &SectionHeader,
    sums: &Sums,
    price: &OraclePrice,
    notional: u64,
    market: &mut Market,
    now: i64,
) -> Result<()> {
    let of_trades = notional as u128 * market.fee_cap_ppm as u128 / PPM as u128;
    let above = (sums.paid as u128).saturating_sub(of_trades);
    if above == 0 {
        return Ok(());
    }
    if now - market.payments_window_start >= market.payment_window_seconds as i64 {
        market.payments_window_start = now;
        market.payments_in_window = 0;
    }
    let used = market.payments_in_window as u128 + above;
    let most_lots = market.peak_open_lots.max(open_lots(header, sums, market)?);
    let open = market.micro_usd_floor(most_lots as i128 * price.ticks as i128)? as u128;
    require!(used <= open * market.payment_cap_ppm as u128 / PPM as u128, Fail::PaymentsTooLarge);
    market.payments_in_window = u64::try_from(used).map_err(|_| error!(Fail::Overflow))?;
    Ok(())
}

/// Most that can have been open at a moment of the batch: what was traded is at least the way up to there and down from there.
fn open_lots(header: &SectionHeader, sums: &Sums, market: &Market) -> Result<u64> {
    let ends = market.long_lots.checked_add(sums.long_lots).ok_or(Fail::Overflow)?;
    Ok(ends.checked_add(header.gross_lots).ok_or(Fail::Overflow)?.div_ceil(2))
}

/// Only trades begin a new window, after their batch was checked against the old one: a pause cannot part payments from their trades.
fn note_peak(header: &SectionHeader, sums: &Sums, market: &mut Market, now: i64) -> Result<()> {
    if header.gross_lots == 0 {
        return Ok(());
    }
    let open = open_lots(header, sums, market)?;
    if now - market.peak_since >= market.payment_window_seconds as i64 {
        market.peak_since = now;
        market.peak_open_lots = open;
    }
    market.peak_open_lots = market.peak_open_lots.max(open);
    Ok(())
}

fn book_section(header: &SectionHeader, sums: &Sums, market: &mut Market, exchange: &mut Exchange) -> Result<()> {
    add(&mut market.fees, header.fees)?;
    add(&mut market.insurance, header.insurance)?;
    add(&mut market.clearing, header.clearing)?;
    add(&mut market.entry_sum, sums.entry)?;
    require!(market.fees >= 0 && market.insurance >= 0, Fail::PurseBelowZero);
    market.long_lots = sums.long_lots;
    add(&mut exchange.collateral, sums.realized)?;
    add(&mut exchange.collateral, sums.other)
}

#[inline(always)]
fn add(total: &mut i64, change: i64) -> Result<()> {
    *total = total.checked_add(change).ok_or(Fail::Overflow)?;
    Ok(())
}
