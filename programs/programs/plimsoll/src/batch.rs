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
    rest: &'a [u8],
}

impl<'a> BatchReader<'a> {
    /// Checks the version; the number of sections comes back with the reader.
    pub fn open(bytes: &'a [u8]) -> Result<(Self, usize)> {
        let mut reader = Self { rest: bytes };
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
    #[inline(always)]
    pub fn entry(&mut self, before: u32) -> Result<Entry> {
        let step = self.varint()?;
        let account = (before as u64).saturating_add(step);
        require!(step > 0 && account <= u32::MAX as u64, Fail::BadBatch);
        Ok(Entry {
            account: account as u32,
            lots: self.zigzag()?,
            entry: self.zigzag()?,
            realized: self.zigzag()?,
            other: self.zigzag()?,
        })
    }

    pub fn end(&self) -> Result<()> {
        require!(self.rest.is_empty(), Fail::BadBatch);
        Ok(())
    }

    #[inline(always)]
    fn zigzag(&mut self) -> Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Seven bits a byte, low bits first, in the shortest form: a batch has one encoding. This is most of what a batch costs.
    #[inline(always)]
    fn varint(&mut self) -> Result<u64> {
        let (&first, rest) = self.rest.split_first().ok_or(Fail::BadBatch)?;
        if first < 0x80 {
            self.rest = rest;
            return Ok(first as u64);
        }
        let mut value = (first & 0x7f) as u64;
        let mut shift = 7u32;
        for (index, &byte) in rest.iter().enumerate() {
            value |= ((byte & 0x7f) as u64).wrapping_shl(shift);
            if byte < 0x80 {
                // The tenth byte holds one bit; a zero at the end could have been left out.
                require!(byte != 0 && (shift < 63 || byte == 1), Fail::BadBatch);
                self.rest = &rest[index + 1..];
                return Ok(value);
            }
            shift = shift.wrapping_add(7);
            if shift > 63 {
                break;
            }
        }
        err!(Fail::BadBatch)
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>().ok_or(Fail::BadBatch)?;
        self.rest = rest;
        Ok(*bytes)
    }
}

/// hash_n = sha256(hash_{n−1} ‖ sequence ‖ bytes)
pub fn batch_hash(previous: &[u8; 32], sequence: u64, bytes: &[u8]) -> [u8; 32] {
    solana_sha256_hasher::hashv(&[previous, &sequence.to_le_bytes(), bytes]).to_bytes()
}
