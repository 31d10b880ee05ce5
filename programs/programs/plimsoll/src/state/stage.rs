use crate::constants::*;
use anchor_lang::prelude::*;
use std::mem::size_of;

pub const EMPTY: u8 = 0;
pub const FILLING: u8 = 1;

/// A batch that does not fit one transaction is written here in chunks, in any order, and settled at once. Its bytes follow this
/// header. Address: ["stage", exchange, index].
#[account(zero_copy)]
pub struct Stage {
    pub exchange: Pubkey,
    /// Of the batch in it, as `batch_hash` makes it.
    pub hash: [u8; 32],
    pub sequence: u64,
    /// One bit for each chunk that has come.
    pub written: [u64; 2],
    /// Of the batch in it, bytes.
    pub length: u32,
    /// Room for a batch, bytes; rent is paid for all of it.
    pub capacity: u32,
    pub index: u8,
    pub state: u8,
    pub bump: u8,
    pub padding: [u8; 5],
}

pub const STAGE_HEADER_BYTES: usize = 8 + size_of::<Stage>();

impl Stage {
    pub fn note_chunk(&mut self, chunk: usize) {
        self.written[chunk / 64] |= 1 << (chunk % 64);
    }

    pub fn is_complete(&self) -> bool {
        let chunks = (self.length as usize).div_ceil(CHUNK_BYTES) as u32;
        self.state == FILLING && self.written[0].count_ones() + self.written[1].count_ones() == chunks
    }

    pub fn clear(&mut self) {
        self.state = EMPTY;
        self.length = 0;
        self.written = [0; 2];
    }
}
