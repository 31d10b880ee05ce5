//! The bytes of a batch. Layout and reasons: settlement/program/batch-codec.ts, which writes them.
use crate::constants::*;
use crate::errors::Fail;
use anchor_lang::prelude::*;

pub const VERSION: u8 = 1;

pub struct SectionHeader {
    pub slot: u8,
    pub fees: i64,
    pub insurance: i64,
    pub clearing: i64,
    pub gross_lots: u64,
    pub min_price_ticks: u32,
    pub max_price_ticks: u32,
    pub fills: u32,
    pub entries: u16,
}

pub struct Entry {
    pub account: u32,
    pub lots: i64,
    pub entry: i64,
    pub realized: i64,
    pub other: i64,
}

pub struct BatchReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BatchReader<'a> {
    /// Checks the version; the number of sections comes back with the reader.
    pub fn open(bytes: &'a [u8]) -> Result<(Self, usize)> {
        let mut reader = Self { bytes, at: 0 };
        require!(reader.take::<1>()?[0] == VERSION, Fail::BadBatch);
        let sections = reader.take::<1>()?[0] as usize;
        require!((1..=SLOTS).contains(&sections), Fail::BadBatch);
        Ok((reader, sections))
    }

    pub fn section(&mut self) -> Result<SectionHeader> {
        let header = SectionHeader {
            slot: self.take::<1>()?[0],
            fees: i64::from_le_bytes(self.take()?),
            insurance: i64::from_le_bytes(self.take()?),
            clearing: i64::from_le_bytes(self.take()?),
            gross_lots: u64::from_le_bytes(self.take()?),
            min_price_ticks: u32::from_le_bytes(self.take()?),
            max_price_ticks: u32::from_le_bytes(self.take()?),
            fills: u32::from_le_bytes(self.take()?),
            entries: u16::from_le_bytes(self.take()?),
        };
        require!((header.slot as usize) < SLOTS, Fail::BadBatch);
        Ok(header)
    }

    /// The next entry of a section; `before` is the account of the one before it, 0 for the first.
    pub fn entry(&mut self, before: u32) -> Result<Entry> {
        let step = u32::try_from(self.varint()?).map_err(|_| error!(Fail::BadBatch))?;
        require!(step > 0, Fail::BadBatch);
        Ok(Entry {
            account: before.checked_add(step).ok_or(Fail::BadBatch)?,
            lots: self.zigzag()?,
            entry: self.zigzag()?,
            realized: self.zigzag()?,
            other: self.zigzag()?,
        })
    }

    pub fn end(&self) -> Result<()> {
        require!(self.at == self.bytes.len(), Fail::BadBatch);
        Ok(())
    }

    fn zigzag(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Seven bits a byte, low bits first, in the shortest form: a batch has one encoding.
    fn varint(&mut self) -> Result<u64> {
        let mut value = 0u64;
        let mut shift = 0u32;
        loop {
            let byte = *self.bytes.get(self.at).ok_or(Fail::BadBatch)?;
            self.at += 1;
            if shift == 63 && byte > 1 {
                return err!(Fail::BadBatch);
            }
            value |= ((byte & 0x7f) as u64) << shift;
            if byte < 0x80 {
                require!(byte != 0 || shift == 0, Fail::BadBatch);
                return Ok(value);
            }
            shift += 7;
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let end = self.at + N;
        let slice = self.bytes.get(self.at..end).ok_or(Fail::BadBatch)?;
        self.at = end;
        let mut bytes = [0u8; N];
        bytes.copy_from_slice(slice);
        Ok(bytes)
    }
}

/// hash_n = sha256(hash_{n−1} ‖ sequence ‖ bytes)
pub fn batch_hash(previous: &[u8; 32], sequence: u64, bytes: &[u8]) -> [u8; 32] {
    solana_sha256_hasher::hashv(&[previous, &sequence.to_le_bytes(), bytes]).to_bytes()
}
