import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { encodeFileHeader, encodeRecord, FILE_HEADER_BYTES } from './log-format.js';
import { ChainDamageError, type LogContent, readLog } from './log-reader.js';

/** What was executed could not be written: nothing of it may be answered any more. */
export class ChainHaltedError extends Error {
  override readonly name = 'ChainHaltedError';
}

/** Writes to the disk; a test replaces it to let the disk fill up. */
export interface LogDisk {
  write(fd: number, bytes: Uint8Array, position: number): void;
  sync(fd: number): Promise<void>;
}

export const systemDisk: LogDisk = {
  write: (fd, bytes, position) => {
    for (let done = 0; done < bytes.length; ) {
      done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
    }
  },
  sync: (fd) =>
    new Promise((resolve, reject) => {
      fs.fdatasync(fd, (error) => (error === null ? resolve() : reject(error)));
    }),
};

/**
 * The append-only log of a chain. `append` takes a record, `durable` resolves when all that was
 * appended before is on the disk; appends that come while a sync runs share the next one. After a
 * failed write or sync the log refuses everything: after that nobody knows what the disk holds.
 */
export class ChainLog {
  private readonly directory: string;
  private readonly disk: LogDisk;
  private fd = -1;
  private file = '';
  private salt = 0;
  private position = 0;
  private durablePosition = 0;
  private waiting: Uint8Array[] = [];
  private flushing: Promise<void> | null = null;
  private failure: ChainHaltedError | null = null;
  /** Number of the last record that was appended. */
  lastRecord = 0;
  private writtenRecord = 0;

  constructor(directory: string, disk: LogDisk = systemDisk) {
    this.directory = directory;
    this.disk = disk;
  }

  get bytes(): number {
    return this.position;
  }

  get hasPending(): boolean {
    return this.waiting.length > 0 || this.flushing !== null;
  }

  /** Starts a new file after `lastRecord` and removes the ones before; all before must be kept elsewhere. */
  startFile(lastRecord: number): void {
    if (this.hasPending) throw new Error('a log file can only be changed when nothing waits');
    const before = listLogs(this.directory);
    const next = path.join(this.directory, logName(lastRecord + 1));
    if (this.fd >= 0) fs.closeSync(this.fd);
    this.salt = randomInt(1, 2 ** 32);
    this.file = next;
    this.fd = fs.openSync(next, 'w+', 0o600);
    const header = encodeFileHeader({ salt: this.salt, firstRecord: lastRecord + 1 });
    fs.writeSync(this.fd, header, 0, header.length, 0);
    fs.fsyncSync(this.fd);
    // The new name first: a power failure must not leave a folder without any.
    syncDirectory(this.directory);
    for (const file of before) if (file !== next) fs.rmSync(file);
    syncDirectory(this.directory);
    this.position = FILE_HEADER_BYTES;
    this.durablePosition = FILE_HEADER_BYTES;
    this.lastRecord = lastRecord;
    this.writtenRecord = lastRecord;
  }

  append(payload: Uint8Array): number {
    if (this.failure !== null) throw this.failure;
    this.waiting.push(payload);
    this.lastRecord += 1;
    return this.lastRecord;
  }

  /** Resolves when everything appended so far is on the disk; rejects with ChainHaltedError. */
  async durable(): Promise<void> {
    if (this.failure !== null) throw this.failure;
    const target = this.lastRecord;
    while (this.writtenRecord < target) {
      this.flushing ??= this.flush();
      await this.flushing;
      if (this.failure !== null) throw this.failure;
    }
  }

  async close(): Promise<void> {
    if (this.failure === null) await this.durable();
    if (this.fd >= 0) fs.closeSync(this.fd);
    this.fd = -1;
  }

  private async flush(): Promise<void> {
    const last = this.lastRecord;
    const first = last - this.waiting.length + 1;
    const records = this.waiting.map((payload, i) =>
      encodeRecord(payload, first + i, this.durablePosition, this.salt),
    );
    this.waiting = [];
    try {
      const bytes = Buffer.concat(records);
      this.disk.write(this.fd, bytes, this.position);
      this.position += bytes.length;
      await this.disk.sync(this.fd);
      this.durablePosition = this.position;
      this.writtenRecord = last;
    } catch (error) {
      const reason = (error as Error).message;
      this.failure = new ChainHaltedError(
        `the chain halts: ${this.file} cannot be written (${reason}); restart it when the disk works`,
      );
    } finally {
      this.flushing = null;
    }
  }
}

export interface LogStart {
  records: LogContent['records'];
  /** One sentence for each torn tail that was found. */
  notices: string[];
}

/**
 * Reads all log files of a folder from `after` on. Files overlap what is kept elsewhere when a crash
 * came between; a gap is damage.
 */
export function readLogs(directory: string, after: number): LogStart {
  const records: LogContent['records'] = [];
  const notices: string[] = [];
  const files = listLogs(directory);
  if (files.length === 0 && after > 0) {
    throw new ChainDamageError(directory, 0, `the log after record ${after} is missing`);
  }
  let expected = after + 1;
  for (const file of files) {
    const content = readLog(file);
    const first = content.header?.firstRecord ?? expected;
    if (first > expected) {
      const reason = `it begins with record ${first}, but ${expected} is in no file`;
      throw new ChainDamageError(file, 0, reason);
    }
    if (content.tornBytes > 0) {
      notices.push(
        `${file}: torn tail of ${content.tornBytes} bytes at byte ${content.endPosition} cut: ${content.tornReason}`,
      );
    }
    for (const record of content.records) {
      if (record.number < expected) continue;
      records.push(record);
      expected += 1;
    }
  }
  return { records, notices };
}

/** Oldest first. */
export function listLogs(directory: string): string[] {
  return fs
    .readdirSync(directory)
    .filter((name) => /^\d{16}\.chainlog$/.test(name))
    .sort()
    .map((name) => path.join(directory, name));
}

function logName(firstRecord: number): string {
  return `${String(firstRecord).padStart(16, '0')}.chainlog`;
}

/** A new name is in the directory's own data, which a sync of the file does not cover. */
export function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
