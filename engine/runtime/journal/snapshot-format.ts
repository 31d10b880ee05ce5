import { crc32cOfWords } from './crc32c.js';
import { hex } from './format.js';

/** The bytes before a snapshot's body; README.md has the table. */
export const SNAPSHOT_VERSION = 1;
export const SNAPSHOT_HEADER_BYTES = 128;

const MAGIC_LOW = 0x4d494c50; // 'PLIM'
const MAGIC_HIGH = 0x50414e53; // 'SNAP'
const W_VERSION = 2;
const W_CRC = 3;
const W_SHARD = 4;
const W_BODY_CRC = 5;
const F_SEQUENCE = 3;
const F_EPOCH = 4;
const F_TIME = 5;
const F_LENGTH = 6;
const STATE_HASH_BYTE = 64;
const DELIVERY_HASH_BYTE = 96;
const HASH_BYTES = 32;

export interface SnapshotHeader {
  shardId: number;
  /** Last sequence that the state contains. */
  sequence: number;
  epoch: number;
  timeMs: number;
  bodyBytes: number;
  bodyCrc: number;
  /** SHA-256 in hex of the canonical trading and delivery state. */
  stateHash: string;
  deliveryHash: string;
}

export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  const bytes = new Uint8Array(SNAPSHOT_HEADER_BYTES);
  const words = new Int32Array(bytes.buffer);
  const floats = new Float64Array(bytes.buffer);
  words[0] = MAGIC_LOW;
  words[1] = MAGIC_HIGH;
  words[W_VERSION] = SNAPSHOT_VERSION;
  words[W_SHARD] = header.shardId;
  words[W_BODY_CRC] = header.bodyCrc;
  floats[F_SEQUENCE] = header.sequence;
  floats[F_EPOCH] = header.epoch;
  floats[F_TIME] = header.timeMs;
  floats[F_LENGTH] = header.bodyBytes;
  bytes.set(Buffer.from(header.stateHash, 'hex'), STATE_HASH_BYTE);
  bytes.set(Buffer.from(header.deliveryHash, 'hex'), DELIVERY_HASH_BYTE);
  words[W_CRC] = headerCrc(words);
  return bytes;
}

/** The header, or a sentence that says why the bytes are none. */
export function decodeSnapshotHeader(bytes: Uint8Array): SnapshotHeader | string {
  if (bytes.length < SNAPSHOT_HEADER_BYTES) return 'the file ends within its header';
  const own = bytes.slice(0, SNAPSHOT_HEADER_BYTES);
  const words = new Int32Array(own.buffer);
  const floats = new Float64Array(own.buffer);
  if (words[0] !== MAGIC_LOW || words[1] !== MAGIC_HIGH) {
    return 'the file does not begin with the mark of a snapshot';
  }
  const actual = headerCrc(words);
  if (words[W_CRC] >>> 0 !== actual) {
    return `the header has CRC ${hex(words[W_CRC])} but its bytes give ${hex(actual)}`;
  }
  if (words[W_VERSION] !== SNAPSHOT_VERSION) {
    return `it has format version ${words[W_VERSION]}, this release reads ${SNAPSHOT_VERSION}`;
  }
  const hash = (at: number) => Buffer.from(own.buffer, at, HASH_BYTES).toString('hex');
  return {
    shardId: words[W_SHARD],
    sequence: floats[F_SEQUENCE],
    epoch: floats[F_EPOCH],
    timeMs: floats[F_TIME],
    bodyBytes: floats[F_LENGTH],
    bodyCrc: words[W_BODY_CRC] >>> 0,
    stateHash: hash(STATE_HASH_BYTE),
    deliveryHash: hash(DELIVERY_HASH_BYTE),
  };
}

function headerCrc(words: Int32Array): number {
  const crc = crc32cOfWords(words, 0, W_CRC);
  return crc32cOfWords(words, W_CRC + 1, SNAPSHOT_HEADER_BYTES / 4 - W_CRC - 1, crc);
}
