//! What an owner signs so that money may leave the row.
use crate::constants::ED25519_PROGRAM;
use crate::errors::Fail;
use anchor_lang::prelude::*;

pub struct Authorisation {
    pub exchange: Pubkey,
    pub account: u32,
    pub nonce: u64,
    pub amount: u64,
    pub destination: Pubkey,
    pub expires_at: i64,
}

const PREFIX: &[u8] = b"plimsoll-withdrawal-v1";

impl Authorisation {
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(PREFIX.len() + 92);
        bytes.extend_from_slice(PREFIX);
        bytes.extend_from_slice(self.exchange.as_ref());
        bytes.extend_from_slice(&self.account.to_le_bytes());
        bytes.extend_from_slice(&self.nonce.to_le_bytes());
        bytes.extend_from_slice(&self.amount.to_le_bytes());
        bytes.extend_from_slice(self.destination.as_ref());
        bytes.extend_from_slice(&self.expires_at.to_le_bytes());
        bytes
    }
}

/// First bytes of the hash of a message.
pub fn tag_of(message: &[u8]) -> [u8; 8] {
    let mut tag = [0u8; 8];
    tag.copy_from_slice(&solana_sha256_hasher::hashv(&[message]).to_bytes()[..8]);
    tag
}

/// The instruction before this one verifies exactly one Ed25519 signature, of `signer` over `message`. Signature, key and message all
/// lie within that instruction: an offset into another one could point at anything.
pub fn require_signed(instructions: &AccountInfo, signer: &Pubkey, message: &[u8]) -> Result<()> {
    let before = solana_instructions_sysvar::get_instruction_relative(-1, instructions)
        .map_err(|_| error!(Fail::NotAuthorised))?;
    require_keys_eq!(before.program_id, ED25519_PROGRAM, Fail::NotAuthorised);
    let data = &before.data;
    require!(data.len() >= 16 && data[0] == 1, Fail::NotAuthorised);
    let at = |i: usize| u16::from_le_bytes([data[i], data[i + 1]]) as usize;
    require!([at(4), at(8), at(14)] == [0xffff; 3], Fail::NotAuthorised);
    let (key, start, length) = (at(6), at(10), at(12));
    require!(data.get(key..key + 32) == Some(signer.as_ref()), Fail::NotAuthorised);
    require!(length == message.len(), Fail::NotAuthorised);
    require!(data.get(start..start + length) == Some(message), Fail::NotAuthorised);
    Ok(())
}
