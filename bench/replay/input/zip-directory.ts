import { basename } from 'node:path';
import { ReplayError } from '../replay-error.js';
import { fileBytes, readBytes, type ZipEntry } from './byte-source.js';

const LOCAL_HEADER = 0x04034b50;
const LOCAL_HEADER_BYTES = 30;
const DIRECTORY_HEADER = 0x02014b50;
const DIRECTORY_HEADER_BYTES = 46;
const DIRECTORY_END = 0x06054b50;
const DIRECTORY_END_BYTES = 22;
const DIRECTORY_END_64 = 0x06064b50;
const DIRECTORY_END_64_BYTES = 56;
const LOCATOR_64 = 0x07064b50;
const LOCATOR_64_BYTES = 20;
const COMMENT_BYTES_MAX = 0xffff;
/** In a 16 or 32 bit field: the true value stands in the ZIP64 record. */
const SEE_64 = 0xffffffff;
const FLAG_ENCRYPTED = 1;
/** Far more than any archive of recordings holds, and little enough to read at once. */
const DIRECTORY_BYTES_MAX = 64 << 20;

/**
 * Lists the files of a zip archive from its central directory. Two entries have to be read side by side, row
 * by row, and a recording may be larger than memory; so each is later read from where it lies.
 */
export async function listZipEntries(path: string): Promise<ZipEntry[]> {
  const { offset, bytes, count } = await findDirectory(path);
  if (bytes > DIRECTORY_BYTES_MAX || offset + bytes > fileBytes(path)) throw broken(path);
  const directory = await readBytes(path, offset, bytes);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + DIRECTORY_HEADER_BYTES > directory.length) throw broken(path);
    if (directory.readUInt32LE(at) !== DIRECTORY_HEADER) throw broken(path);
    const tail =
      directory.readUInt16LE(at + 28) +
      directory.readUInt16LE(at + 30) +
      directory.readUInt16LE(at + 32);
    const header = directory.subarray(at, at + DIRECTORY_HEADER_BYTES + tail);
    const entry = await readEntry(path, header);
    if (!entry.name.endsWith('/')) entries.push(entry);
    at += header.length;
  }
  return entries;
}

interface Directory {
  offset: number;
  bytes: number;
  count: number;
}

/** The end record is the last thing in the file but for a comment of unknown length. */
async function findDirectory(path: string): Promise<Directory> {
  const size = fileBytes(path);
  const tailBytes = Math.min(size, DIRECTORY_END_BYTES + COMMENT_BYTES_MAX + LOCATOR_64_BYTES);
  const tail = await readBytes(path, size - tailBytes, tailBytes);
  for (let at = tail.length - DIRECTORY_END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== DIRECTORY_END) continue;
    // A comment may hold anything, this signature too; only the true record ends with the file.
    const commentBytes = tail.readUInt16LE(at + DIRECTORY_END_BYTES - 2);
    if (at + DIRECTORY_END_BYTES + commentBytes !== tail.length) continue;
    const locator = at - LOCATOR_64_BYTES;
    if (locator >= 0 && tail.readUInt32LE(locator) === LOCATOR_64) {
      return readDirectoryEnd64(path, Number(tail.readBigUInt64LE(locator + 8)));
    }
    return {
      count: tail.readUInt16LE(at + 10),
      bytes: tail.readUInt32LE(at + 12),
      offset: tail.readUInt32LE(at + 16),
    };
  }
  throw broken(path);
}

async function readDirectoryEnd64(path: string, from: number): Promise<Directory> {
  const end = await readBytes(path, from, DIRECTORY_END_64_BYTES);
  if (end.length < DIRECTORY_END_64_BYTES) throw broken(path);
  if (end.readUInt32LE(0) !== DIRECTORY_END_64) throw broken(path);
  return {
    count: Number(end.readBigUInt64LE(32)),
    bytes: Number(end.readBigUInt64LE(40)),
    offset: Number(end.readBigUInt64LE(48)),
  };
}

async function readEntry(path: string, header: Buffer): Promise<ZipEntry> {
  const nameEnd = DIRECTORY_HEADER_BYTES + header.readUInt16LE(28);
  const name = header.toString('utf8', DIRECTORY_HEADER_BYTES, nameEnd);
  if ((header.readUInt16LE(8) & FLAG_ENCRYPTED) !== 0) {
    throw new ReplayError(`${basename(path)}/${name}: is encrypted, expected a plain zip archive`);
  }
  const wide = readExtra64(header.subarray(nameEnd, nameEnd + header.readUInt16LE(30)));
  // The ZIP64 record holds only those values that do not fit, in this order.
  const value = (at: number) => {
    const short = header.readUInt32LE(at);
    return short === SEE_64 ? (wide.shift() ?? short) : short;
  };
  const bytes = value(24);
  const compressedBytes = value(20);
  const localOffset = value(42);
  const local = await readBytes(path, localOffset, LOCAL_HEADER_BYTES);
  if (local.length < LOCAL_HEADER_BYTES || local.readUInt32LE(0) !== LOCAL_HEADER) {
    throw broken(path);
  }
  const dataOffset =
    localOffset + LOCAL_HEADER_BYTES + local.readUInt16LE(26) + local.readUInt16LE(28);
  if (dataOffset + compressedBytes > fileBytes(path)) throw broken(path);
  const method = header.readUInt16LE(10);
  return { name, method, dataOffset, compressedBytes, bytes, crc: header.readUInt32LE(16) };
}

/** Values of the ZIP64 extra field (id 1), empty when there is none. */
function readExtra64(extra: Buffer): number[] {
  for (let at = 0; at + 4 <= extra.length; ) {
    const bytes = extra.readUInt16LE(at + 2);
    if (extra.readUInt16LE(at) === 1) {
      const values: number[] = [];
      for (let i = at + 4; i + 8 <= Math.min(at + 4 + bytes, extra.length); i += 8) {
        values.push(Number(extra.readBigUInt64LE(i)));
      }
      return values;
    }
    at += 4 + bytes;
  }
  return [];
}

function broken(path: string): ReplayError {
  const problem = 'the zip archive is broken or cut short: its directory cannot be read';
  return new ReplayError(`${basename(path)}: ${problem}`);
}
