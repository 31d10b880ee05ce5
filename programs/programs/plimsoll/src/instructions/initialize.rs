use crate::state::{Exchange, ExchangeLimits};
use anchor_lang::prelude::*;
use anchor_spl::token::{Mint, Token, TokenAccount};
use std::mem::size_of;

/// The founder signs and becomes the administrator: nobody can take this address first.
#[derive(Accounts)]
pub struct Initialize<'info> {
    #[account(mut)]
    pub founder: Signer<'info>,
    pub mint: Account<'info, Mint>,
    #[account(init, payer = founder, space = 8 + size_of::<Exchange>(), seeds = [b"exchange", founder.key().as_ref()], bump)]
    pub exchange: AccountLoader<'info, Exchange>,
    #[account(
        init, payer = founder, seeds = [b"vault", exchange.key().as_ref()], bump,
        token::mint = mint, token::authority = exchange
    )]
    pub vault: Account<'info, TokenAccount>,
    #[account(token::mint = mint)]
    pub fee_destination: Account<'info, TokenAccount>,
    pub token_program: Program<'info, Token>,
    pub system_program: Program<'info, System>,
}

pub fn do_initialize(ctx: Context<Initialize>, operator: Pubkey, co_signer: Pubkey, limits: ExchangeLimits) -> Result<()> {
    let accounts = &ctx.accounts;
    let mut exchange = accounts.exchange.load_init()?;
    exchange.operator = operator;
    exchange.co_signer = co_signer;
    exchange.admin = accounts.founder.key();
    exchange.founder = accounts.founder.key();
    exchange.mint = accounts.mint.key();
    exchange.vault = accounts.vault.key();
    exchange.fee_destination = accounts.fee_destination.key();
    exchange.bump = ctx.bumps.exchange;
    exchange.vault_bump = ctx.bumps.vault;
    exchange.require_keys_apart()?;
    exchange.set_limits(&limits)
}
