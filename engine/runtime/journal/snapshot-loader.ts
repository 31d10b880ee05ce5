import fs from 'node:fs';
import type { Shard } from '../../shard/shard.js';
import { CanonicalReader } from '../../state/canonical-writer.js';
import { crc32cOfBytes } from './crc32c.js';
import { listSequenced } from './directories.js';
import { hex } from './format.js';
import {
  decodeSnapshotHeader,
  SNAPSHOT_HEADER_BYTES,
  type SnapshotHeader,
} from './snapshot-format.js';
import { deliveryHash, stateHash } from './state-hash.js';

/** The snapshot cannot be used; an older one, or the journal from its beginning, can stand in for it. */
export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
}

export interface LoadedShard<S extends Shard> {
  shard: S;
  /** Null: no usable snapshot, the shard is new. */
  file: string | null;
  header: SnapshotHeader | null;
  /** One sentence for each snapshot that was passed over. */
  problems: string[];
}

const CHUNK_BYTES = 16 * 1024 * 1024;

/**
 * A shard from the newest snapshot that is whole and gives the state hash that it promises; from none
 * when there is none. `notAfter` leaves out later ones.
 */
export function loadNewestSnapshot<S extends Shard>(
  directory: string,
  shardId: number,
  createShard: (shardId: number) => S,
  notAfter = Number.MAX_SAFE_INTEGER,
): LoadedShard<S> {
  const problems: string[] = [];
  for (const { path, sequence } of listSequenced(directory, 'snapshot').reverse()) {
    if (sequence > notAfter) continue;
    try {
      const { shard, header } = loadSnapshot(path, shardId, createShard);
      return { shard, file: path, header, problems };
    } catch (error) {
      problems.push(`${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { shard: createShard(shardId), file: null, header: null, problems };
}

/** Loads one snapshot and proves it: CRC of the bytes, then the hashes of the state that they give. */
export function loadSnapshot<S extends Shard>(
  file: string,
  shardId: number,
  createShard: (shardId: number) => S,
): { shard: S; header: SnapshotHeader } {
  const { header, body } = readSnapshotFile(file);
  if (header.shardId !== shardId) {
    throw new SnapshotError(`it belongs to shard ${header.shardId}, not to shard ${shardId}`);
  }
  const shard = createShard(shardId);
  const reader = new CanonicalReader(body);
  shard.readSnapshot(reader);
  if (!reader.atEnd) throw new SnapshotError('the shard did not read all of it');
  for (const field of ['sequence', 'epoch', 'timeMs'] as const) {
    if (shard[field] === header[field]) continue;
    throw new SnapshotError(`${field} is ${shard[field]}, the header says ${header[field]}`);
  }
  expectHash('state', header.stateHash, stateHash(shard));
  expectHash('delivery', header.deliveryHash, deliveryHash(shard));
  return { shard, header };
}

function expectHash(what: string, expected: string, actual: string): void {
  if (expected === actual) return;
  throw new SnapshotError(`it gives ${what} hash ${actual}, the header says ${expected}`);
}

function readSnapshotFile(file: string): { header: SnapshotHeader; body: Uint8Array } {
  const fd = fs.openSync(file, 'r');
  try {
    const header = decodeSnapshotHeader(readBytes(fd, 0, SNAPSHOT_HEADER_BYTES));
    if (typeof header === 'string') throw new SnapshotError(header);
    const bodyBytes = fs.fstatSync(fd).size - SNAPSHOT_HEADER_BYTES;
    if (bodyBytes !== header.bodyBytes) {
      throw new SnapshotError(
        `its body has ${bodyBytes} bytes, the header says ${header.bodyBytes}`,
      );
    }
    const body = readBytes(fd, SNAPSHOT_HEADER_BYTES, bodyBytes);
    let crc = 0;
    for (let at = 0; at < body.length; at += CHUNK_BYTES) {
      crc = crc32cOfBytes(body.subarray(at, at + CHUNK_BYTES), crc);
    }
    if (crc !== header.bodyCrc) {
      throw new SnapshotError(
        `its body has CRC ${hex(crc)}, the header says ${hex(header.bodyCrc)}`,
      );
    }
    return { header, body };
  } finally {
    fs.closeSync(fd);
  }
}

/** Fewer bytes than asked for when the file ends before. */
function readBytes(fd: number, position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const part = Math.min(CHUNK_BYTES, length - done);
    const went = fs.readSync(fd, bytes, done, part, position + done);
    if (went === 0) return bytes.subarray(0, done);
    done += went;
  }
  return bytes;
}
