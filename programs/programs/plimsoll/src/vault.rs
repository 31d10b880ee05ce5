//! Tokens in and out of the vault, each with the totals that must follow it.
use crate::errors::Fail;
use crate::state::Exchange;
use anchor_lang::prelude::*;
use anchor_spl::token::{self, Mint, Token, TokenAccount, TransferChecked};

/// Moves the payer's tokens into the vault.
pub fn take_in<'info>(
    exchange: &mut Exchange,
    source: &Account<'info, TokenAccount>,
    mint: &Account<'info, Mint>,
    vault: &Account<'info, TokenAccount>,
    payer: &Signer<'info>,
    token_program: &Program<'info, Token>,
    amount: u64,
) -> Result<()> {
    require!(amount > 0, Fail::ZeroAmount);
    let accounts = TransferChecked {
        from: source.to_account_info(),
        mint: mint.to_account_info(),
        to: vault.to_account_info(),
        authority: payer.to_account_info(),
    };
    token::transfer_checked(CpiContext::new(token_program.key(), accounts), amount, mint.decimals)?;
    exchange.deposited = exchange.deposited.checked_add(amount).ok_or(Fail::Overflow)?;
    Ok(())
}

/// Whether tokens can be paid to an account as it is now: a token account of the mint, open, not frozen by the issuer, and not the
/// vault itself. Its owner may close it at any time, so this has to be asked anew.
pub fn is_payable(destination: &AccountInfo, exchange: &Exchange) -> Result<bool> {
    const LENGTH: usize = 165;
    const STATE_AT: usize = 108;
    const INITIALIZED: u8 = 1;
    if *destination.owner != Token::id() || *destination.key == exchange.vault {
        return Ok(false);
    }
    let data = destination.try_borrow_data()?;
    Ok(data.len() == LENGTH && data[..32] == exchange.mint.to_bytes() && data[STATE_AT] == INITIALIZED)
}

/// Moves tokens out of the vault; the exchange's own account is their authority.
pub fn pay_out<'info>(
    exchange: &AccountLoader<'info, Exchange>,
    mint: &Account<'info, Mint>,
    vault: &Account<'info, TokenAccount>,
    destination: &Account<'info, TokenAccount>,
    token_program: &Program<'info, Token>,
    amount: u64,
) -> Result<()> {
    require!(amount > 0, Fail::ZeroAmount);
    require_keys_neq!(destination.key(), vault.key(), Fail::WrongDestination);
    let (founder, bump) = {
        let mut state = exchange.load_mut()?;
        state.withdrawn = state.withdrawn.checked_add(amount).ok_or(Fail::Overflow)?;
        (state.founder, [state.bump])
    };
    let seeds: &[&[u8]] = &[b"exchange", founder.as_ref(), &bump];
    let accounts = TransferChecked {
        from: vault.to_account_info(),
        mint: mint.to_account_info(),
        to: destination.to_account_info(),
        authority: exchange.to_account_info(),
    };
    let context = CpiContext::new_with_signer(token_program.key(), accounts, std::slice::from_ref(&seeds));
    token::transfer_checked(context, amount, mint.decimals)
}
