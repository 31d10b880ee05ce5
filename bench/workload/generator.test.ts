import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sharedFolder } from '../shared-folder.js';
import { HEADER_WORDS, parseWorkload, R_QTY, R_TYPE, readWorkload, TYPE_MOVE } from './format.js';
import { generateWorkload, type Mix } from './generator.js';

const published = join(sharedFolder(), 'bench/workload.mjs');
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-workload-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the generator of workloads', () => {
  for (const mix of [1, 2] as Mix[]) {
    it.skipIf(!existsSync(published))(`writes the bytes of the published one, mix ${mix}`, () => {
      const file = join(folder, `mix${mix}.bin`);
      execFileSync(process.execPath, [published, String(mix), '60000', file]);
      const { workload, expected } = generateWorkload(mix, 60_000);
      const ours = Buffer.from(workload.words.buffer, 0, workload.words.byteLength);
      expect(ours.equals(readFileSync(file))).toBe(true);
      expect(JSON.parse(readFileSync(`${file}.json`, 'utf8'))).toMatchObject(expected);
    });
  }

  it('gives a workload that the reader accepts, from a file as from memory', () => {
    const { workload } = generateWorkload(1, 500);
    const file = join(folder, 'small.bin');
    writeFileSync(file, workload.words);
    expect(readWorkload(file)).toEqual(workload);
    expect(parseWorkload(workload.words, 'memory')).toEqual(workload);
  });
});

describe('the reader of workloads', () => {
  const broken = (change: (words: Int32Array) => void): (() => void) => {
    const words = generateWorkload(2, 100).workload.words.slice();
    change(words);
    return () => parseWorkload(words, 'x.bin');
  };

  it('names file, record and field of what it refuses', () => {
    expect(broken((words) => words.fill(7, 0, 1))).toThrow('x.bin: the first word must be');
    expect(broken((words) => words.fill(99, 1, 2))).toThrow('the file has 50100');
    expect(broken((words) => words.fill(-1, 2, 3))).toThrow('a timed record at least');
    const first = HEADER_WORDS;
    const type = first + R_TYPE;
    expect(broken((words) => words.fill(4, type, type + 1))).toThrow(
      'x.bin: record 0: type must be 0 to 3, but is 4',
    );
    expect(broken((words) => words.fill(TYPE_MOVE, type, type + 1))).toThrow(
      'record 0: order 1 does not exist yet',
    );
    const qty = first + R_QTY;
    expect(broken((words) => words.fill(0, qty, qty + 1))).toThrow('quantity must be positive');
    expect(broken((words) => words.fill(5, 3, 4))).toThrow('the header says 5');
  });

  it('refuses a file that is not whole words', () => {
    const file = join(folder, 'odd.bin');
    writeFileSync(file, 'abc');
    expect(() => readWorkload(file)).toThrow('whole int32 words');
  });
});
