use crate::constants::*;
use crate::errors::Fail;
use anchor_lang::prelude::*;
use anchor_lang::Discriminator;
use std::cell::RefMut;
use std::mem::size_of;

/// What one account holds in one market. Long positions have lots and entry value above zero, short ones below.
#[zero_copy]
#[derive(Default)]
pub struct Position {
    pub lots: i64,
    /// Price × lots of what made the position, tick·lots.
    pub entry: i64,
}

/// One account of the engine. Money in micro-USD.
#[zero_copy]
pub struct UserRow {
    /// Zeros while the row is free.
    pub owner: Pubkey,
    pub collateral: i64,
    pub deposited: u64,
    pub withdrawn: u64,
    /// Of the last withdrawal.
    pub nonce: u64,
    /// First bytes of the hash of the last authorisation, to tell a repetition from another one with the same nonce.
    pub nonce_tag: [u8; 8],
    /// One bit for each market with a position.
    pub used_slots: u16,
    pub has_escaped: u8,
    /// The row has an owner.
    pub is_taken: u8,
    /// Number of the last transfer out of the row.
    pub transfers: u32,
    pub positions: [Position; SLOTS],
}

/// Rows of accounts number × PAGE_ROWS … + PAGE_ROWS − 1. Address: ["page", exchange, number u32].
#[account(zero_copy)]
pub struct Page {
    pub exchange: Pubkey,
    pub number: u32,
    pub bump: u8,
    pub padding: [u8; 3],
    pub rows: [UserRow; PAGE_ROWS],
}

pub const PAGE_BYTES: usize = 8 + size_of::<Page>();

impl UserRow {
    pub fn exists(&self) -> bool {
        self.is_taken == 1
    }
}

impl Page {
    /// The row of an account that this page holds and somebody owns.
    pub fn user(&mut self, account: u32) -> Result<&mut UserRow> {
        require!(account / PAGE_ROWS as u32 == self.number, Fail::PageMissing);
        let row = &mut self.rows[account as usize % PAGE_ROWS];
        require!(row.exists(), Fail::UnknownUser);
        Ok(row)
    }
}

/// A grown page of the exchange, for reading and writing. Anchor's loader would stop the machine on a page that is still growing.
pub fn load_page<'a>(info: &'a AccountInfo, exchange: &Pubkey) -> Result<RefMut<'a, Page>> {
    require_keys_eq!(*info.owner, crate::ID, Fail::PageMissing);
    let data = info.try_borrow_mut_data()?;
    require!(data.len() == PAGE_BYTES && data[..8] == *Page::DISCRIMINATOR, Fail::PageMissing);
    let page = RefMut::map(data, |bytes| bytemuck::from_bytes_mut::<Page>(&mut bytes[8..]));
    require_keys_eq!(page.exchange, *exchange, Fail::WrongExchange);
    Ok(page)
}

/// All pages that a batch touches, each given once.
pub struct Pages<'a> {
    pages: Vec<RefMut<'a, Page>>,
    at: usize,
}

impl<'a> Pages<'a> {
    pub fn open<'info>(accounts: &'a [AccountInfo<'info>], exchange: &Pubkey) -> Result<Self> {
        let mut pages = Vec::with_capacity(accounts.len());
        for info in accounts {
            pages.push(load_page(info, exchange)?);
        }
        Ok(Self { pages, at: 0 })
    }

    /// Accounts ascend within a section, so the page is nearly always the one of the row before.
    #[inline(always)]
    pub fn user(&mut self, account: u32) -> Result<&mut UserRow> {
        let number = account / PAGE_ROWS as u32;
        if self.pages.get(self.at).is_none_or(|page| page.number != number) {
            self.at = self.pages.iter().position(|page| page.number == number).ok_or(Fail::PageMissing)?;
        }
        self.pages[self.at].user(account)
    }
}
