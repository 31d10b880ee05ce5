use crate::constants::*;
use crate::errors::Fail;
use crate::instructions::settle_batch::{halt, settle_next};
use crate::state::{Exchange, Stage, EMPTY, FILLING, STAGE_HEADER_BYTES};
use anchor_lang::prelude::*;
use anchor_lang::system_program::{self, Transfer};

#[derive(Accounts)]
#[instruction(index: u8)]
pub struct OpenStage<'info> {
    #[account(mut)]
    pub operator: Signer<'info>,
    #[account(has_one = operator @ Fail::WrongOperator)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(init, payer = operator, space = STAGE_HEADER_BYTES, seeds = [b"stage", exchange.key().as_ref(), &[index]], bump)]
    pub stage: AccountLoader<'info, Stage>,
    pub system_program: Program<'info, System>,
}

/// Makes a stage and pays the rent of its whole capacity; `grow_stage` has to follow until it has that length.
pub fn do_open_stage(ctx: Context<OpenStage>, index: u8, capacity: u32) -> Result<()> {
    let accounts = &ctx.accounts;
    require!((1..=CHUNK_BYTES * CHUNKS_MAX).contains(&(capacity as usize)), Fail::StageState);
    let info = accounts.stage.to_account_info();
    let missing = Rent::get()?.minimum_balance(STAGE_HEADER_BYTES + capacity as usize).saturating_sub(info.lamports());
    let transfer = Transfer { from: accounts.operator.to_account_info(), to: info };
    system_program::transfer(CpiContext::new(accounts.system_program.key(), transfer), missing)?;
    let mut stage = accounts.stage.load_init()?;
    stage.exchange = accounts.exchange.key();
    stage.capacity = capacity;
    stage.index = index;
    stage.bump = ctx.bumps.stage;
    Ok(())
}

#[derive(Accounts)]
pub struct GrowStage<'info> {
    #[account(mut)]
    pub stage: AccountLoader<'info, Stage>,
}

pub fn do_grow_stage(ctx: Context<GrowStage>) -> Result<()> {
    let info = ctx.accounts.stage.to_account_info();
    let whole = STAGE_HEADER_BYTES + ctx.accounts.stage.load()?.capacity as usize;
    info.resize(whole.min(info.data_len() + GROWTH_BYTES))?;
    Ok(())
}

#[derive(Accounts)]
pub struct UseStage<'info> {
    #[account(mut)]
    pub operator: Signer<'info>,
    #[account(has_one = operator @ Fail::WrongOperator)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut, has_one = exchange @ Fail::WrongExchange)]
    pub stage: AccountLoader<'info, Stage>,
}

/// Says what will be written. Repeating it for the same batch keeps what was written; another batch needs `abort_stage` first, unless
/// the one in it can never be settled any more.
pub fn do_begin_stage(ctx: Context<UseStage>, sequence: u64, length: u32, hash: [u8; 32]) -> Result<()> {
    let last_sequence = ctx.accounts.exchange.load()?.last_sequence;
    let room = ctx.accounts.stage.to_account_info().data_len() - STAGE_HEADER_BYTES;
    let mut stage = ctx.accounts.stage.load_mut()?;
    require!(length > 0 && length as usize <= room, Fail::StageState);
    if stage.state == FILLING && stage.sequence > last_sequence {
        let is_same = stage.sequence == sequence && stage.length == length && stage.hash == hash;
        require!(is_same, Fail::StageState);
        return Ok(());
    }
    stage.clear();
    stage.state = FILLING;
    stage.sequence = sequence;
    stage.length = length;
    stage.hash = hash;
    Ok(())
}

/// Writes one chunk: bytes chunk × CHUNK_BYTES … of the batch. All are full but the last; repeating one is harmless. `sequence` names
/// the batch, so that a late repetition cannot write into the next one.
pub fn do_write_stage(ctx: Context<UseStage>, sequence: u64, chunk: u8, bytes: Vec<u8>) -> Result<()> {
    let start = chunk as usize * CHUNK_BYTES;
    let end = {
        let mut stage = ctx.accounts.stage.load_mut()?;
        require!(stage.state == FILLING && stage.sequence == sequence, Fail::StageState);
        let length = stage.length as usize;
        require!(start < length && bytes.len() == CHUNK_BYTES.min(length - start), Fail::StageMismatch);
        stage.note_chunk(chunk as usize);
        start + bytes.len()
    };
    let info = ctx.accounts.stage.to_account_info();
    let mut data = info.try_borrow_mut_data()?;
    data[STAGE_HEADER_BYTES + start..STAGE_HEADER_BYTES + end].copy_from_slice(&bytes);
    Ok(())
}

pub fn do_abort_stage(ctx: Context<UseStage>) -> Result<()> {
    ctx.accounts.stage.load_mut()?.clear();
    Ok(())
}

#[derive(Accounts)]
pub struct CloseStage<'info> {
    #[account(mut)]
    pub operator: Signer<'info>,
    #[account(has_one = operator @ Fail::WrongOperator)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut, close = operator, has_one = exchange @ Fail::WrongExchange)]
    pub stage: AccountLoader<'info, Stage>,
}

pub fn do_close_stage(ctx: Context<CloseStage>) -> Result<()> {
    require!(ctx.accounts.stage.load()?.state == EMPTY, Fail::StageState);
    Ok(())
}

/// Remaining accounts as for `settle_batch`.
#[derive(Accounts)]
pub struct CommitStage<'info> {
    pub operator: Signer<'info>,
    #[account(mut, has_one = operator @ Fail::WrongOperator)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(mut, has_one = exchange @ Fail::WrongExchange)]
    pub stage: AccountLoader<'info, Stage>,
}

/// Settles the staged batch at once. Again after it was settled: no effect.
pub fn do_commit_stage<'info>(
    ctx: Context<'info, CommitStage<'info>>,
    sequence: u64,
    previous: [u8; 8],
    hash: [u8; 32],
) -> Result<()> {
    let key = ctx.accounts.exchange.key();
    let mut exchange = ctx.accounts.exchange.load_mut()?;
    if sequence > 0 && sequence == exchange.last_sequence {
        exchange.require_active()?;
        if hash != exchange.last_hash {
            halt(&mut exchange, &key);
        }
        return Ok(());
    }
    let length = {
        let stage = ctx.accounts.stage.load()?;
        require!(stage.is_complete(), Fail::StageState);
        require!(stage.sequence == sequence && stage.hash == hash, Fail::StageMismatch);
        stage.length as usize
    };
    {
        let info = ctx.accounts.stage.to_account_info();
        let data = info.try_borrow_data()?;
        let bytes = &data[STAGE_HEADER_BYTES..STAGE_HEADER_BYTES + length];
        settle_next(&mut exchange, &key, sequence, &previous, bytes, ctx.remaining_accounts)?;
    }
    require!(exchange.last_hash == hash, Fail::StageMismatch);
    ctx.accounts.stage.load_mut()?.clear();
    Ok(())
}
