import fs from 'node:fs';
import {
  decodeFileHeader,
  decodeRecordHeader,
  FILE_HEADER_BYTES,
  type FileHeader,
  PAYLOAD_BYTES_MAX,
  payloadCrc,
  RECORD_HEADER_BYTES,
} from './log-format.js';

/** Records that were answered may be gone or changed: a person has to decide. Nothing was changed. */
export class ChainDamageError extends Error {
  override readonly name = 'ChainDamageError';
  readonly file: string;
  readonly position: number;

  constructor(file: string, position: number, reason: string) {
    super(
      `${file}: damaged at byte ${position}: ${reason}. Nothing was changed; restore the folder from a copy.`,
    );
    this.file = file;
    this.position = position;
  }
}

export interface LogRecord {
  number: number;
  payload: Buffer;
}

export interface LogContent {
  /** Null: the file was created but nothing was ever written to it. */
  header: FileHeader | null;
  records: LogRecord[];
  /** Where the last whole record ends; what follows is a torn tail. */
  endPosition: number;
  tornBytes: number;
  /** Why the tail was judged to be torn; '' when there is none. */
  tornReason: string;
}

/** A disk writes at least this much at once: zeros of this size are parts that were never written. */
const SECTOR_BYTES = 512;

/** Reads a log file and judges its end. Throws ChainDamageError for what a crash cannot leave. */
export function readLog(file: string): LogContent {
  const bytes = fs.readFileSync(file);
  const header = decodeFileHeader(bytes);
  if (header === null) return withoutHeader(file, bytes);
  const records: LogRecord[] = [];
  let position = FILE_HEADER_BYTES;
  while (position < bytes.length) {
    const number = header.firstRecord + records.length;
    const payload = payloadAt(bytes, position, header.salt, number);
    if (payload === null) break;
    records.push({ number, payload });
    position += RECORD_HEADER_BYTES + payload.length;
  }
  const tornBytes = bytes.length - position;
  const tornReason = tornBytes === 0 ? '' : judgeTail(file, bytes, position, header.salt);
  return { header, records, endPosition: position, tornBytes, tornReason };
}

function withoutHeader(file: string, bytes: Buffer): LogContent {
  if (bytes.length > FILE_HEADER_BYTES && bytes.some((byte) => byte !== 0)) {
    throw new ChainDamageError(file, 0, 'it does not begin with the header of a chain log');
  }
  const tornReason = 'the file was created but its header was never written';
  return { header: null, records: [], endPosition: 0, tornBytes: bytes.length, tornReason };
}

function payloadAt(bytes: Buffer, at: number, salt: number, number: number): Buffer | null {
  const header = decodeRecordHeader(bytes, at, salt);
  if (header === null || header.number !== number || header.length > PAYLOAD_BYTES_MAX) return null;
  const from = at + RECORD_HEADER_BYTES;
  if (from + header.length > bytes.length) return null;
  const payload = bytes.subarray(from, from + header.length);
  return payloadCrc(payload, salt) === header.payloadCrc ? payload : null;
}

/**
 * Says why the bytes from `at` on were never answered, or throws. A later record that knew this place
 * to be on the disk proves damage; a later one that did not was written by the same unfinished write,
 * of which a power failure may leave any part. A last record of which every byte was written but not
 * as it was meant is damage too: it may have been answered.
 */
function judgeTail(file: string, bytes: Buffer, at: number, salt: number): string {
  for (let later = at + 1; later + RECORD_HEADER_BYTES <= bytes.length; later++) {
    const header = decodeRecordHeader(bytes, later, salt);
    if (header !== null && header.durableBytes > at) {
      const reason = `record ${header.number} at byte ${later} was written when this place was already on the disk`;
      throw new ChainDamageError(file, at, reason);
    }
  }
  const header = decodeRecordHeader(bytes, at, salt);
  if (header === null) {
    if (bytes.length - at < RECORD_HEADER_BYTES) return 'the record header is incomplete';
    if (hasUnwrittenSector(bytes, at, at + RECORD_HEADER_BYTES)) {
      return 'the record header was never written whole';
    }
    throw new ChainDamageError(file, at, 'the record header does not match its CRC');
  }
  const end = at + RECORD_HEADER_BYTES + header.length;
  if (end > bytes.length) return `the record has ${bytes.length - at} of ${end - at} bytes`;
  if (hasUnwrittenSector(bytes, at, end)) return 'parts of the record were never written';
  throw new ChainDamageError(file, at, 'the record does not match its CRC or its number');
}

/** True when a sector, or the part of it that lies in the range, is zeros only. */
function hasUnwrittenSector(bytes: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end; ) {
    const next = Math.min(end, (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES);
    // A few zeros at an edge prove nothing; a record is full of small numbers.
    if (next - at >= 16 && bytes.subarray(at, next).every((byte) => byte === 0)) return true;
    at = next;
  }
  return false;
}
