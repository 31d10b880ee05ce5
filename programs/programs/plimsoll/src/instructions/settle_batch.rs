use crate::batch::batch_hash;
use crate::errors::Fail;
use crate::events::{BatchSettled, StatusChanged};
use crate::settle::apply_batch;
use crate::state::{Exchange, HALTED};
use anchor_lang::prelude::*;

/// Remaining accounts: for each section of the batch its market and a price account, then the pages of its rows.
#[derive(Accounts)]
pub struct SettleBatch<'info> {
    pub operator: Signer<'info>,
    #[account(mut, has_one = operator @ Fail::WrongOperator)]
    pub exchange: AccountLoader<'info, Exchange>,
}

/// `previous` are the first 8 bytes of the hash of the batch before: enough to notice another history, and three entries shorter.
pub fn do_settle_batch<'info>(
    ctx: Context<'info, SettleBatch<'info>>,
    sequence: u64,
    previous: [u8; 8],
    bytes: Vec<u8>,
) -> Result<()> {
    let key = ctx.accounts.exchange.key();
    let mut exchange = ctx.accounts.exchange.load_mut()?;
    settle_next(&mut exchange, &key, sequence, &previous, &bytes, ctx.remaining_accounts)
}

/// Settles the batch when it follows the last one. The last one again changes nothing; another content under its number halts the
/// exchange, which must not be an error, or it would be undone.
pub fn settle_next<'info>(
    exchange: &mut Exchange,
    key: &Pubkey,
    sequence: u64,
    previous: &[u8; 8],
    bytes: &[u8],
    accounts: &'info [AccountInfo<'info>],
) -> Result<()> {
    exchange.require_active()?;
    require!(sequence > 0, Fail::BadBatch);
    require!(sequence >= exchange.last_sequence, Fail::BatchIsOld);
    if sequence == exchange.last_sequence {
        if batch_hash(&exchange.previous_hash, sequence, bytes) != exchange.last_hash {
            halt(exchange, key);
        }
        return Ok(());
    }
    require!(sequence == exchange.last_sequence + 1, Fail::SequenceGap);
    require!(*previous == exchange.last_hash[..8], Fail::WrongPreviousHash);
    let now = Clock::get()?.unix_timestamp;
    let settled = apply_batch(exchange, key, bytes, accounts, now)?;
    exchange.previous_hash = exchange.last_hash;
    exchange.last_hash = batch_hash(&exchange.previous_hash, sequence, bytes);
    exchange.last_sequence = sequence;
    exchange.last_batch_at = now;
    emit!(BatchSettled {
        exchange: *key,
        sequence,
        hash: exchange.last_hash,
        entries: settled.entries,
        notional: settled.notional,
    });
    Ok(())
}

pub fn halt(exchange: &mut Exchange, key: &Pubkey) {
    exchange.status = HALTED;
    emit!(StatusChanged { exchange: *key, status: HALTED });
}
