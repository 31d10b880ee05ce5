//! Custody and the last word on balances of the Plimsoll exchange: deposits, collateral and positions by rows, batches of settlement in
//! strict sequence with a hash chain, withdrawals under a margin check, and a way out when the operator is silent.
//! What each key may do, and what none may: programs/README.md.
use anchor_lang::prelude::*;

pub mod authorisation;
pub mod batch;
pub mod constants;
pub mod errors;
pub mod events;
pub mod exit;
pub mod instructions;
pub mod margin;
pub mod oracle;
pub mod settle;
pub mod state;
pub mod vault;

use instructions::*;
use state::{ChangeKind, ExchangeLimits};

declare_id!("PLMSoLLSett1ement11111111111111111111111111");

#[program]
pub mod plimsoll {
    use super::*;

    pub fn initialize(ctx: Context<Initialize>, operator: Pubkey, co_signer: Pubkey, limits: ExchangeLimits) -> Result<()> {
        do_initialize(ctx, operator, co_signer, limits)
    }

    pub fn add_market(ctx: Context<AddMarket>, slot: u8, terms: MarketTerms) -> Result<()> {
        do_add_market(ctx, slot, terms)
    }

    pub fn create_page(ctx: Context<CreatePage>, number: u32) -> Result<()> {
        do_create_page(ctx, number)
    }

    pub fn grow_page(ctx: Context<GrowPage>) -> Result<()> {
        do_grow_page(ctx)
    }

    pub fn create_user(ctx: Context<CreateUser>, account: u32, owner: Pubkey) -> Result<()> {
        do_create_user(ctx, account, owner)
    }

    pub fn deposit(ctx: Context<Deposit>, account: u32, amount: u64) -> Result<()> {
        do_deposit(ctx, account, amount)
    }

    pub fn fund_insurance(ctx: Context<FundInsurance>, amount: u64) -> Result<()> {
        do_fund_insurance(ctx, amount)
    }

    pub fn settle_batch<'info>(
        ctx: Context<'info, SettleBatch<'info>>,
        sequence: u64,
        previous: [u8; 8],
        bytes: Vec<u8>,
    ) -> Result<()> {
        do_settle_batch(ctx, sequence, previous, bytes)
    }

    pub fn open_stage(ctx: Context<OpenStage>, index: u8, capacity: u32) -> Result<()> {
        do_open_stage(ctx, index, capacity)
    }

    pub fn grow_stage(ctx: Context<GrowStage>) -> Result<()> {
        do_grow_stage(ctx)
    }

    pub fn begin_stage(ctx: Context<UseStage>, sequence: u64, length: u32, hash: [u8; 32]) -> Result<()> {
        do_begin_stage(ctx, sequence, length, hash)
    }

    pub fn write_stage(ctx: Context<UseStage>, sequence: u64, chunk: u8, bytes: Vec<u8>) -> Result<()> {
        do_write_stage(ctx, sequence, chunk, bytes)
    }

    pub fn commit_stage<'info>(
        ctx: Context<'info, CommitStage<'info>>,
        sequence: u64,
        previous: [u8; 8],
        hash: [u8; 32],
    ) -> Result<()> {
        do_commit_stage(ctx, sequence, previous, hash)
    }

    pub fn abort_stage(ctx: Context<UseStage>) -> Result<()> {
        do_abort_stage(ctx)
    }

    pub fn close_stage(ctx: Context<CloseStage>) -> Result<()> {
        do_close_stage(ctx)
    }

    pub fn withdraw<'info>(
        ctx: Context<'info, Withdraw<'info>>,
        account: u32,
        nonce: u64,
        amount: u64,
        expires_at: i64,
    ) -> Result<()> {
        do_withdraw(ctx, account, nonce, amount, expires_at)
    }

    pub fn request_forced(ctx: Context<RequestForced>, account: u32, amount: u64) -> Result<()> {
        do_request_forced(ctx, account, amount)
    }

    pub fn serve_forced<'info>(ctx: Context<'info, ServeForced<'info>>) -> Result<()> {
        do_serve_forced(ctx)
    }

    pub fn reduce_forced<'info>(ctx: Context<'info, ReduceForced<'info>>) -> Result<()> {
        do_reduce_forced(ctx)
    }

    pub fn cancel_forced(ctx: Context<CancelForced>) -> Result<()> {
        do_cancel_forced(ctx)
    }

    pub fn freeze<'info>(ctx: Context<'info, Freeze<'info>>) -> Result<()> {
        do_freeze(ctx)
    }

    pub fn fix_exit_price(ctx: Context<FixExitPrice>) -> Result<()> {
        do_fix_exit_price(ctx)
    }

    pub fn tally<'info>(ctx: Context<'info, Tally<'info>>, rows: u16) -> Result<()> {
        do_tally(ctx, rows)
    }

    pub fn escape<'info>(ctx: Context<'info, Escape<'info>>, account: u32) -> Result<()> {
        do_escape(ctx, account)
    }

    pub fn propose_change(ctx: Context<ProposeChange>, kind: ChangeKind, valid_until: i64) -> Result<()> {
        do_propose_change(ctx, kind, valid_until)
    }

    pub fn apply_change(ctx: Context<ApplyChange>) -> Result<()> {
        do_apply_change(ctx)
    }

    pub fn cancel_change(ctx: Context<CancelChange>) -> Result<()> {
        do_cancel_change(ctx)
    }

    pub fn pause(ctx: Context<Pause>) -> Result<()> {
        do_pause(ctx)
    }

    pub fn unpause(ctx: Context<Unpause>, valid_until: i64) -> Result<()> {
        do_unpause(ctx, valid_until)
    }

    pub fn sweep_fees(ctx: Context<SweepFees>, amount: u64) -> Result<()> {
        do_sweep_fees(ctx, amount)
    }

    pub fn transfer_collateral<'info>(
        ctx: Context<'info, TransferCollateral<'info>>,
        from: u32,
        to: u32,
        amount: u64,
        number: u32,
    ) -> Result<()> {
        do_transfer_collateral(ctx, from, to, amount, number)
    }
}
