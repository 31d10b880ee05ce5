import { crc32c as nativeCrc32c } from '@node-rs/crc32';

/**
 * Up to this many words the table below is faster than the call into the native addon, which costs
 * about a third of a microsecond with the view it needs. A frame of one order is below it.
 */
const NATIVE_FROM_WORDS = 48;

/** Four tables of 256: CRC32C (Castagnoli, reflected) of a byte that 0, 1, 2 or 3 bytes follow. */
const TABLE = buildTable();

/**
 * CRC32C of whole little-endian words. `previous` continues an earlier CRC, or seeds a new one.
 * `bytes` has to be a view of the same memory that begins where `words` begins.
 */
export function crc32cOf(
  words: Int32Array,
  bytes: Uint8Array,
  fromWord: number,
  count: number,
  previous = 0,
): number {
  if (count < NATIVE_FROM_WORDS) return crc32cOfWords(words, fromWord, count, previous);
  return nativeCrc32c(bytes.subarray(fromWord * 4, (fromWord + count) * 4), previous);
}

/** The same in plain code, for headers: no view, no call out. */
export function crc32cOfWords(
  words: Int32Array,
  fromWord: number,
  count: number,
  previous = 0,
): number {
  let crc = ~previous;
  for (let i = fromWord, end = fromWord + count; i < end; i++) {
    crc ^= words[i];
    crc =
      TABLE[768 + (crc & 0xff)] ^
      TABLE[512 + ((crc >>> 8) & 0xff)] ^
      TABLE[256 + ((crc >>> 16) & 0xff)] ^
      TABLE[crc >>> 24];
  }
  return ~crc >>> 0;
}

/** CRC32C of any bytes, for large blocks. */
export function crc32cOfBytes(bytes: Uint8Array, previous = 0): number {
  return nativeCrc32c(bytes, previous);
}

function buildTable(): Int32Array {
  const table = new Int32Array(1024);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0);
    table[byte] = crc;
  }
  for (let i = 256; i < 1024; i++) {
    const crc = table[i - 256];
    table[i] = (crc >>> 8) ^ table[crc & 0xff];
  }
  return table;
}
