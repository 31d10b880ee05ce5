import { execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SLOT_WORDS } from '../../messages/layout.js';
import { journalDirectory } from './directories.js';
import { JournalReader } from './journal-reader.js';
import { makeScratch, openToy, removeScratch, segmentsOf } from './scratch.fixture.js';
import { epochFrame, toyFrame, varyingSizes } from './toy-shard.fixture.js';

const root = path.resolve(import.meta.dirname, '../../..');
let child: string;

/** The child is compiled by itself, so that the test needs no build and cannot meet an old one. */
beforeAll(() => {
  const out = makeScratch();
  fs.writeFileSync(path.join(out, 'package.json'), '{ "type": "module" }');
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(out, 'node_modules'));
  const options = '--noCheck --target ES2023 --module NodeNext --skipLibCheck --types node'.split(
    ' ',
  );
  const source = fileURLToPath(new URL('./kill-child.fixture.ts', import.meta.url));
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  const places = ['--ignoreConfig', '--rootDir', root, '--outDir', out];
  execFileSync(process.execPath, [compiler, ...options, ...places, source], { cwd: root });
  child = path.join(out, 'engine/runtime/journal/kill-child.fixture.js');
});
afterAll(removeScratch);

/** Runs the child until it has acknowledged something, kills it, returns the last acknowledged. */
async function runAndKill(dataDir: string, policy: string, afterMs: number): Promise<number> {
  const running = spawn(process.execPath, [child, dataDir, policy]);
  let output = '';
  let errors = '';
  running.stdout.on('data', (chunk) => {
    output += chunk;
  });
  running.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  // The first line is what it has found.
  while (output.split('\n').length < 3 && running.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  running.kill('SIGKILL');
  await new Promise((resolve) => running.once('close', resolve));
  expect(errors).toBe('');
  // The kill may have cut the last line.
  return Math.max(0, ...output.split('\n').slice(0, -1).map(Number));
}

describe('kill -9 while appending', () => {
  it.each(['always', 'batch', 'never'])('loses nothing acknowledged under %s', async (policy) => {
    const dataDir = makeScratch();
    for (let round = 0; round < 4; round++) {
      const acknowledged = await runAndKill(dataDir, policy, 20 + round * 45);
      const before = segmentsOf(dataDir).length;
      const opened = openToy(dataDir);
      expect(opened.report.sequence).toBeGreaterThanOrEqual(acknowledged);
      expect(acknowledged).toBeGreaterThan(0);
      expect(opened.report.epoch).toBe(round + 2);
      await opened.close();
      expect(segmentsOf(dataDir).length).toBeLessThanOrEqual(before);
    }
    expect(segmentsOf(dataDir).length).toBeGreaterThan(3);
    expectWhatTheChildrenSent(dataDir);
  });
});

function expectWhatTheChildrenSent(dataDir: string): void {
  const reader = new JournalReader(journalDirectory(dataDir, 0), 0);
  let epoch = 0;
  while (reader.next()) {
    const { frame } = reader;
    const { firstSequence } = frame;
    const begins = frame.epoch > epoch;
    const sent = begins
      ? epochFrame(firstSequence, epoch + 1)
      : toyFrame(firstSequence, varyingSizes(firstSequence));
    const words = frame.messages.words.subarray(0, frame.messages.length * SLOT_WORDS);
    expect(words).toEqual(sent.messages.words.subarray(0, sent.messages.length * SLOT_WORDS));
    epoch = frame.epoch;
  }
  expect(reader.tornTail).toBeNull();
  expect(epoch).toBe(4);
}
