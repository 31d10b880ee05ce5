import fs from 'node:fs';
import { HEADER_BYTES } from '../../engine/runtime/journal/format.js';
import type { CreateSegmentFile, SegmentFile } from '../../engine/runtime/journal/segment-file.js';
import type { Xorshift } from '../../engine/testing/xorshift.js';

/** What a crash leaves of the bytes that no sync covers. */
export type Loss = 'none' | 'tail' | 'sectors';

const SECTOR_BYTES = 512;

interface Pending {
  file: VirtualFile;
  length: number;
  done: (error: Error | null) => void;
}

/**
 * The disk below the journal: files in memory that know how much of them a sync has covered. Syncs end when the
 * simulation says so. A crash writes what survives to real files, because recovery is the product's own code and reads
 * through the file system.
 */
export class VirtualDisk {
  /** Bytes that still fit; a full disk takes part of a write, then nothing. */
  bytesFree = Number.POSITIVE_INFINITY;
  /** The process dies within the write that passes this many bytes from now on: part of a frame stays. */
  bytesUntilDeath = Number.POSITIVE_INFINITY;
  dead = false;
  private readonly files: VirtualFile[] = [];
  private pending: Pending[] = [];

  readonly create: CreateSegmentFile = (path, header) => {
    const size = fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (size > HEADER_BYTES) throw new Error(`${path} already holds frames and is not overwritten`);
    if (this.bytesFree < header.length) throw new Error('the virtual disk is full');
    const file = new VirtualFile(this, path, header);
    this.files.push(file);
    return file;
  };

  get syncsWaiting(): number {
    return this.pending.length;
  }

  /** Ends the oldest sync, with success or an error. */
  finishSync(error: Error | null = null): void {
    const next = this.pending.shift();
    if (next === undefined) return;
    if (error === null) next.file.keep(next.length);
    next.done(error);
  }

  finishAllSyncs(): void {
    while (this.pending.length > 0) this.finishSync();
  }

  /** How many of these bytes a write may take. */
  grant(length: number): number {
    if (this.dead) return 0;
    const went = Math.min(length, this.bytesFree, this.bytesUntilDeath);
    this.bytesFree -= went;
    this.bytesUntilDeath -= went;
    this.dead = this.bytesUntilDeath === 0;
    return went;
  }

  wait(pending: Pending): void {
    this.pending.push(pending);
  }

  /** Others read by the file system what the process has written so far. */
  show(): void {
    for (const file of this.files) file.show();
  }

  /** Ends this disk's life: real files hold what survives afterwards. */
  crash(loss: Loss, random: Xorshift): void {
    this.pending = [];
    for (const file of this.files.splice(0))
      fs.writeFileSync(file.path, file.survivors(loss, random));
  }
}

class VirtualFile implements SegmentFile {
  readonly path: string;
  private readonly disk: VirtualDisk;
  private bytes = new Uint8Array(16_384);
  private length: number;
  private synced: number;
  private isShown = false;

  constructor(disk: VirtualDisk, path: string, header: Uint8Array) {
    this.disk = disk;
    this.path = path;
    this.bytes.set(header);
    this.length = header.length;
    // The real one is durable, with its name, before it returns.
    this.synced = header.length;
  }

  write(bytes: Uint8Array, offset: number, length: number, position: number): number {
    const went = this.disk.grant(length);
    this.reserve(position + went);
    this.bytes.set(bytes.subarray(offset, offset + went), position);
    this.length = Math.max(this.length, position + went);
    this.isShown = false;
    return went;
  }

  truncate(length: number): void {
    // A dead process cuts nothing back.
    if (this.disk.dead) return;
    this.disk.bytesFree += this.length - length;
    this.length = length;
    this.isShown = false;
    this.synced = Math.min(this.synced, length);
    this.bytes.fill(0, length);
  }

  sync(done: (error: Error | null) => void): void {
    this.disk.wait({ file: this, length: this.length, done });
  }

  syncNow(): void {
    this.keep(this.length);
  }

  close(): void {}

  keep(length: number): void {
    this.synced = Math.max(this.synced, Math.min(length, this.length));
  }

  show(): void {
    if (this.isShown) return;
    fs.writeFileSync(this.path, this.bytes.subarray(0, this.length));
    this.isShown = true;
  }

  survivors(loss: Loss, random: Xorshift): Uint8Array {
    if (loss === 'none') return this.bytes.slice(0, this.length);
    const end = this.synced + random.below(this.length - this.synced + 1);
    const left = this.bytes.slice(0, end);
    if (loss === 'tail') return left;
    // Sectors reach the disk in any order; one that did not holds zeros.
    const written = Array.from({ length: 8 }, () => random.chance(60));
    for (let at = this.synced; at < end; at++) {
      if (!written[Math.floor(at / SECTOR_BYTES) % 8]) left[at] = 0;
    }
    return left;
  }

  private reserve(length: number): void {
    if (length <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(length, this.bytes.length * 2));
    bytes.set(this.bytes);
    this.bytes = bytes;
  }
}
