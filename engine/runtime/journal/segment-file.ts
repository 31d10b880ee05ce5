import fs from 'node:fs';
import path from 'node:path';
import { syncDirectory } from './directories.js';
import { HEADER_BYTES } from './format.js';

/** The file a journal appends to. The simulator and the tests put a disk with faults behind it. */
export interface SegmentFile {
  /** Writes at a position; returns how many bytes went, which a full disk makes fewer. */
  write(bytes: Uint8Array, offset: number, length: number, position: number): number;
  truncate(length: number): void;
  /** Calls back when everything written before the call is on the disk. */
  sync(done: (error: Error | null) => void): void;
  /** The same, and waits. */
  syncNow(): void;
  /** Waits for a sync under way before it lets the descriptor go. */
  close(): void;
}

/** Creates a segment that holds its header, durable with its name before it returns. */
export type CreateSegmentFile = (file: string, header: Uint8Array) => SegmentFile;

/**
 * The header is written under another name first: a segment either has a whole header or is not
 * there. The rename may replace a segment without frames, the trace of a start that journaled nothing.
 */
export const createSegmentFile: CreateSegmentFile = (file, header) => {
  const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size > HEADER_BYTES) throw new Error(`${file} already holds frames and is not overwritten`);
  const temporary = `${file}.new`;
  const fd = fs.openSync(temporary, 'w+', 0o600);
  try {
    if (fs.writeSync(fd, header, 0, header.length, 0) !== header.length) {
      throw new Error(`the disk is full: no room for the header of ${file}`);
    }
    fs.fsyncSync(fd);
    fs.renameSync(temporary, file);
    syncDirectory(path.dirname(file));
    return new NodeSegmentFile(fd);
  } catch (error) {
    fs.closeSync(fd);
    fs.rmSync(temporary, { force: true });
    throw error;
  }
};

class NodeSegmentFile implements SegmentFile {
  private syncsUnderWay = 0;
  private closing = false;
  private readonly fd: number;

  constructor(fd: number) {
    this.fd = fd;
  }

  write(bytes: Uint8Array, offset: number, length: number, position: number): number {
    return fs.writeSync(this.fd, bytes, offset, length, position);
  }

  truncate(length: number): void {
    fs.ftruncateSync(this.fd, length);
  }

  sync(done: (error: Error | null) => void): void {
    this.syncsUnderWay++;
    fs.fdatasync(this.fd, (error) => {
      this.syncsUnderWay--;
      if (this.closing && this.syncsUnderWay === 0) fs.closeSync(this.fd);
      done(error);
    });
  }

  syncNow(): void {
    fs.fdatasyncSync(this.fd);
  }

  close(): void {
    if (this.closing) return;
    this.closing = true;
    if (this.syncsUnderWay === 0) fs.closeSync(this.fd);
  }
}
