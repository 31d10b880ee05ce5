import fs from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeScratch, removeScratch } from '../testing/scratch.js';
import { ChainLog, readLogs } from './chain-log.js';
import { FILE_HEADER_BYTES, RECORD_HEADER_BYTES } from './log-format.js';
import { ChainDamageError, readLog } from './log-reader.js';

afterAll(removeScratch);

const payloads = Array.from({ length: 6 }, (_, i) => Buffer.alloc(40 + i * 97, i + 1));

/** A log of which `together` records at a time were written and synced. */
async function writeLog(
  together: number,
): Promise<{ folder: string; file: string; bytes: Buffer }> {
  const folder = makeScratch();
  const log = new ChainLog(folder);
  log.startFile(0);
  for (let i = 0; i < payloads.length; i += together) {
    for (const payload of payloads.slice(i, i + together)) log.append(payload);
    await log.durable();
  }
  await log.close();
  const file = path.join(folder, fs.readdirSync(folder)[0] as string);
  return { folder, file, bytes: fs.readFileSync(file) };
}

/** What of the log is read from these bytes, or 'damaged'. */
function read(file: string, bytes: Buffer): { records: number; torn: number } | 'damaged' {
  fs.writeFileSync(file, bytes);
  try {
    const { records, tornBytes } = readLog(file);
    for (const [i, record] of records.entries()) {
      expect(record.number).toBe(i + 1);
      expect(record.payload.equals(payloads[i] as Buffer)).toBe(true);
    }
    return { records: records.length, torn: tornBytes };
  } catch (error) {
    expect(error).toBeInstanceOf(ChainDamageError);
    return 'damaged';
  }
}

function startOf(record: number): number {
  const before = payloads.slice(0, record - 1);
  return before.reduce((at, { length }) => at + RECORD_HEADER_BYTES + length, FILE_HEADER_BYTES);
}

describe('a log', () => {
  it('cut anywhere gives what is whole and calls the rest torn', async () => {
    const { file, bytes } = await writeLog(1);
    for (let length = FILE_HEADER_BYTES; length <= bytes.length; length++) {
      const found = read(file, bytes.subarray(0, length));
      const whole = payloads.filter((_, i) => startOf(i + 2) <= length).length;
      expect(found).toEqual({ records: whole, torn: length - startOf(whole + 1) });
    }
  });

  it('with any one byte changed is refused, never read as something else', async () => {
    const { file, bytes } = await writeLog(1);
    for (let at = 0; at < bytes.length; at += 3) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] as number) ^ 0x41;
      // Bytes 12 to 15 of the header are padding, which its CRC covers all the same.
      expect(read(file, changed), `byte ${at}`).toBe('damaged');
    }
  });

  it('of which a power failure kept the end of an unfinished write only is cut before it', async () => {
    const { file, bytes } = await writeLog(3);
    // The second write, records 4 to 6, was never synced: its first sectors were not written.
    const lost = Buffer.from(bytes);
    lost.fill(0, startOf(4), startOf(5) + 20);
    expect(read(file, lost)).toEqual({ records: 3, torn: bytes.length - startOf(4) });
    // The same in the first write is damage: the second could only begin when it was on the disk.
    const damaged = Buffer.from(bytes);
    damaged.fill(0, startOf(2), startOf(3));
    expect(read(file, damaged)).toBe('damaged');
  });

  it('of another chain at the same place of the disk is not taken for its own', async () => {
    const { file, bytes } = await writeLog(1);
    const other = await writeLog(1);
    const mixed = Buffer.concat([bytes.subarray(0, startOf(3)), other.bytes.subarray(startOf(3))]);
    expect(read(file, mixed)).toBe('damaged');
  });

  it('that lacks a file in between is refused', async () => {
    const { folder } = await writeLog(1);
    const log = new ChainLog(folder);
    log.startFile(9);
    await log.close();
    expect(readLogs(folder, 9).records).toEqual([]);
    expect(() => readLogs(folder, 6)).toThrow(/begins with record 10, but 7 is in no file/);
    expect(() => readLogs(makeScratch(), 1)).toThrow(/log after record 1 is missing/);
  });
});
