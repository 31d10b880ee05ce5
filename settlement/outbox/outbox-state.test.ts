import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OutboxPosition, readPosition, writePosition } from './outbox-state.js';

let folder: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-outbox-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

const position: OutboxPosition = {
  sequence: 1_000,
  epoch: 3,
  timeMs: 1_767_225_600_000,
  accountItems: 70,
  marketItems: new Map([
    [1, 500],
    [7, 0],
  ]),
};

it('keeps a position, and replaces it as a whole', () => {
  const file = path.join(folder, 'made', 'shard-2.position');
  expect(readPosition(file, 2)).toBeNull();
  writePosition(file, 2, position);
  expect(readPosition(file, 2)).toEqual(position);
  writePosition(file, 2, { ...position, sequence: 1_001 });
  expect(readPosition(file, 2)).toEqual({ ...position, sequence: 1_001 });
  expect(fs.readdirSync(path.dirname(file))).toEqual(['shard-2.position']);
});

it('says what is wrong with one that cannot be used', () => {
  const file = path.join(folder, 'shard-3.position');
  writePosition(file, 3, position);
  expect(readPosition(file, 4)).toBe(`${file} belongs to shard 3`);
  const bytes = fs.readFileSync(file);
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] as number) ^ 1;
    fs.writeFileSync(file, changed);
    expect(readPosition(file, 3)).toBe(`${file} is damaged`);
    fs.writeFileSync(file, bytes.subarray(0, at));
    expect(readPosition(file, 3)).toBe(`${file} is damaged`);
  }
  fs.rmSync(file);
  fs.mkdirSync(file);
  expect(readPosition(file, 3)).toMatch(/cannot be read/);
});
