import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setImmediate as yieldToLoop } from 'node:timers/promises';
import type { Shard } from '../../shard/shard.js';
import { CanonicalWriter } from '../../state/canonical-writer.js';
import { crc32cOfBytes } from './crc32c.js';
import {
  listSequenced,
  makeDurableDirectory,
  sequencedName,
  syncDirectory,
} from './directories.js';
import type { Journal } from './journal.js';
import { encodeSnapshotHeader, SNAPSHOT_HEADER_BYTES } from './snapshot-format.js';

export interface SnapshotInfo {
  file: string;
  sequence: number;
  bytes: number;
  stateHash: string;
  deliveryHash: string;
  /** How long the shard stood still, and how long the whole took. */
  stoppedMs: number;
  totalMs: number;
}

/** Work on this many bytes takes a fraction of a millisecond; then the shard's thread may go on. */
const CHUNK_BYTES = 128 * 1024;

/** Writes snapshots of one shard and keeps the latest few. Journal segments are never touched. */
export class SnapshotWriter {
  private readonly directory: string;
  private readonly shardId: number;
  private readonly kept: number;
  private readonly body = new CanonicalWriter();
  private readonly trading = new CanonicalWriter();
  private readonly delivery = new CanonicalWriter();
  private underWay: Promise<unknown> | null = null;

  constructor(directory: string, shardId: number, kept = 3) {
    this.directory = directory;
    this.shardId = shardId;
    this.kept = kept;
  }

  /**
   * The shard is read before this returns; only the rest happens later, in small pieces. Call between
   * frames. The journal is synced first: a snapshot must never know more than the journal after a
   * power failure. Rejects while another snapshot is being written.
   */
  async write(
    shard: Shard,
    journal: Pick<Journal, 'writtenSequence' | 'sync'>,
  ): Promise<SnapshotInfo> {
    if (this.underWay !== null) throw new Error('a snapshot is being written already');
    if (journal.writtenSequence < shard.sequence) {
      throw new Error(`sequence ${shard.sequence} must be in the journal before the snapshot`);
    }
    const startedMs = performance.now();
    const state = this.readShard(shard);
    const stoppedMs = performance.now() - startedMs;
    const writing = journal.sync().then(() => this.writeFile(state));
    this.underWay = writing;
    try {
      const info = await writing;
      this.removeOld();
      return { ...info, stoppedMs, totalMs: performance.now() - startedMs };
    } finally {
      this.underWay = null;
    }
  }

  /** Resolves when no snapshot is being written, whether the last one succeeded or not. */
  async idle(): Promise<void> {
    await this.underWay?.catch(() => {});
  }

  private readShard(shard: Shard) {
    for (const writer of [this.body, this.trading, this.delivery]) writer.reset();
    shard.writeSnapshot(this.body);
    shard.writeTradingState(this.trading);
    shard.writeDeliveryState(this.delivery);
    return { sequence: shard.sequence, epoch: shard.epoch, timeMs: shard.timeMs };
  }

  private async writeFile(state: { sequence: number; epoch: number; timeMs: number }) {
    makeDurableDirectory(this.directory);
    const file = path.join(this.directory, sequencedName(state.sequence, 'snapshot'));
    const temporary = `${file}.new`;
    const body = this.body.bytes();
    const stateHash = await hashInPieces(this.trading.bytes());
    const deliveryHash = await hashInPieces(this.delivery.bytes());
    const handle = await fs.promises.open(temporary, 'w', 0o600);
    try {
      let bodyCrc = 0;
      for (let at = 0; at < body.length; at += CHUNK_BYTES) {
        const chunk = body.subarray(at, at + CHUNK_BYTES);
        bodyCrc = crc32cOfBytes(chunk, bodyCrc);
        await writeWhole(handle, chunk, SNAPSHOT_HEADER_BYTES + at);
      }
      const { shardId } = this;
      const hashes = { stateHash, deliveryHash, bodyCrc, bodyBytes: body.length };
      await writeWhole(handle, encodeSnapshotHeader({ shardId, ...state, ...hashes }), 0);
      await handle.sync();
    } catch (error) {
      fs.rmSync(temporary, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    await fs.promises.rename(temporary, file);
    syncDirectory(this.directory);
    const bytes = SNAPSHOT_HEADER_BYTES + body.length;
    return { file, sequence: state.sequence, bytes, stateHash, deliveryHash };
  }

  private removeOld(): void {
    const files = listSequenced(this.directory, 'snapshot');
    for (const { path: old } of files.slice(0, -this.kept)) fs.rmSync(old, { force: true });
    // What a process left that was killed while it wrote a snapshot.
    for (const name of fs.readdirSync(this.directory)) {
      if (name.endsWith('.snapshot.new')) fs.rmSync(path.join(this.directory, name));
    }
  }
}

async function hashInPieces(bytes: Uint8Array): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    hash.update(bytes.subarray(at, at + CHUNK_BYTES));
    await yieldToLoop();
  }
  return hash.digest('hex');
}

async function writeWhole(
  handle: fs.promises.FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const left = bytes.length - done;
    const { bytesWritten } = await handle.write(bytes, done, left, position + done);
    if (bytesWritten === 0) throw new Error('the disk takes no more bytes');
    done += bytesWritten;
  }
}
