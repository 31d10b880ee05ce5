import { crc32c } from '@node-rs/crc32';
import { BusDamagedError } from '../errors.js';

/**
 * A message as it lies in a segment, little-endian:
 *
 *   0  u32  CRC32C of all that follows
 *   4  u32  length of the whole record
 *   8  u48  sequence
 *   14 u48  time it was taken, milliseconds of Unix time
 *   20 u16  length of the subject
 *   22 u16  length of the message id
 *   24      subject, message id, data
 */
export interface LogRecord {
  readonly sequence: number;
  readonly timeMs: number;
  readonly subject: string;
  readonly messageId: string;
  readonly data: Uint8Array;
}

export const RECORD_HEADER_BYTES = 24;
/** More than the largest message that `publish` takes; a larger length is damage. */
export const MAX_RECORD_BYTES = 2 ** 20;

export function recordBytes(subject: string, messageId: string, data: Uint8Array): number {
  return RECORD_HEADER_BYTES + subject.length + messageId.length + data.length;
}

/** Writes a record, and returns where it ends. Subject and id are ASCII. */
export function writeRecord(target: Buffer, at: number, record: LogRecord): number {
  const { subject, messageId, data } = record;
  const length = recordBytes(subject, messageId, data);
  target.writeUInt32LE(length, at + 4);
  target.writeUIntLE(record.sequence, at + 8, 6);
  target.writeUIntLE(record.timeMs, at + 14, 6);
  target.writeUInt16LE(subject.length, at + 20);
  target.writeUInt16LE(messageId.length, at + 22);
  let to = at + RECORD_HEADER_BYTES;
  to += target.write(subject, to, 'latin1');
  to += target.write(messageId, to, 'latin1');
  target.set(data, to);
  target.writeUInt32LE(crc32c(target.subarray(at + 4, at + length)), at);
  return at + length;
}

/**
 * Length of the record that begins at `at`, or null when the bytes end before its length does.
 * Throws BusDamagedError for a length that no record has.
 */
export function lengthAt(bytes: Buffer, at: number): number | null {
  if (at + RECORD_HEADER_BYTES > bytes.length) return null;
  const length = bytes.readUInt32LE(at + 4);
  const least = RECORD_HEADER_BYTES + bytes.readUInt16LE(at + 20) + bytes.readUInt16LE(at + 22);
  if (length >= least && length <= MAX_RECORD_BYTES) return length;
  throw new BusDamagedError(`a record's length must be ${least} to ${MAX_RECORD_BYTES}: ${length}`);
}

/**
 * Reads the record at `at`; its data is a view. Null: the bytes end before it does.
 * Throws BusDamagedError.
 */
export function readRecord(bytes: Buffer, at: number): LogRecord | null {
  const length = lengthAt(bytes, at);
  if (length === null || at + length > bytes.length) return null;
  const said = bytes.readUInt32LE(at);
  const found = crc32c(bytes.subarray(at + 4, at + length));
  if (said !== found) throw new BusDamagedError(`a record's CRC is ${found}, but says ${said}`);
  const subjectEnd = at + RECORD_HEADER_BYTES + bytes.readUInt16LE(at + 20);
  const idEnd = subjectEnd + bytes.readUInt16LE(at + 22);
  return {
    sequence: bytes.readUIntLE(at + 8, 6),
    timeMs: bytes.readUIntLE(at + 14, 6),
    subject: bytes.toString('latin1', at + RECORD_HEADER_BYTES, subjectEnd),
    messageId: bytes.toString('latin1', subjectEnd, idEnd),
    data: bytes.subarray(idEnd, at + length),
  };
}
