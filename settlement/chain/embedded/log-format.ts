import { crc32c } from '@node-rs/crc32';

/**
 * A log file: a header, then records without a gap. Every CRC begins with the file's own random salt,
 * so that bytes of an older file at the same place of the disk never pass for records of this one.
 */
export const FILE_HEADER_BYTES = 32;
export const RECORD_HEADER_BYTES = 32;
/** A transaction changes 64 accounts at most; deploying a program is the largest record. */
export const PAYLOAD_BYTES_MAX = 64 * 1024 * 1024;

const FILE_MAGIC = 0x4c434c50; // "PLCL" in the file.
const RECORD_MARK = 0x44524350; // "PCRD" in the file.
const VERSION = 1;

export interface FileHeader {
  salt: number;
  /** Number of the first record that this file may hold. */
  firstRecord: number;
}

export interface RecordHeader {
  length: number;
  payloadCrc: number;
  number: number;
  /** Bytes of this file that were on the disk for certain when the record was written. */
  durableBytes: number;
}

export function encodeFileHeader({ salt, firstRecord }: FileHeader): Buffer {
  const bytes = Buffer.alloc(FILE_HEADER_BYTES);
  bytes.writeUInt32LE(FILE_MAGIC, 0);
  bytes.writeUInt32LE(VERSION, 4);
  bytes.writeUInt32LE(salt, 8);
  bytes.writeBigUInt64LE(BigInt(firstRecord), 16);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 28)), 28);
  return bytes;
}

/** Null: these bytes are no header of this version. */
export function decodeFileHeader(bytes: Buffer): FileHeader | null {
  if (bytes.length < FILE_HEADER_BYTES || bytes.readUInt32LE(0) !== FILE_MAGIC) return null;
  if (bytes.readUInt32LE(28) !== crc32c(bytes.subarray(0, 28))) return null;
  if (bytes.readUInt32LE(4) !== VERSION) return null;
  return { salt: bytes.readUInt32LE(8), firstRecord: Number(bytes.readBigUInt64LE(16)) };
}

export function encodeRecord(
  payload: Uint8Array,
  number: number,
  durableBytes: number,
  salt: number,
): Buffer {
  const bytes = Buffer.alloc(RECORD_HEADER_BYTES + payload.length);
  bytes.writeUInt32LE(RECORD_MARK, 0);
  bytes.writeUInt32LE(payload.length, 4);
  bytes.writeUInt32LE(crc32c(payload, salt), 8);
  bytes.writeBigUInt64LE(BigInt(number), 12);
  bytes.writeBigUInt64LE(BigInt(durableBytes), 20);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 28), salt), 28);
  bytes.set(payload, RECORD_HEADER_BYTES);
  return bytes;
}

/** The header at `at`; null: there is none that is whole. */
export function decodeRecordHeader(bytes: Buffer, at: number, salt: number): RecordHeader | null {
  if (at + RECORD_HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== RECORD_MARK)
    return null;
  if (bytes.readUInt32LE(at + 28) !== crc32c(bytes.subarray(at, at + 28), salt)) return null;
  return {
    length: bytes.readUInt32LE(at + 4),
    payloadCrc: bytes.readUInt32LE(at + 8),
    number: Number(bytes.readBigUInt64LE(at + 12)),
    durableBytes: Number(bytes.readBigUInt64LE(at + 20)),
  };
}

export function payloadCrc(payload: Uint8Array, salt: number): number {
  return crc32c(payload, salt);
}
