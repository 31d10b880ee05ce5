import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BusLocation } from './provide-bus.js';
import { binaryForTests, makeFolder, removeFolder } from './server/server-for-tests.fixture.js';
import { startNatsServer } from './server/server-process.js';

const root = path.resolve(import.meta.dirname, '../..');
const binary = await binaryForTests();
const compiled = makeFolder();
const childFile = path.join(compiled, 'settlement/bus/kill-child.fixture.js');

/** The child is compiled by itself, so that the test needs no build and cannot meet an old one. */
beforeAll(() => {
  fs.writeFileSync(path.join(compiled, 'package.json'), '{ "type": "module" }');
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(compiled, 'node_modules'));
  const options = '--noCheck --target ES2023 --module NodeNext --skipLibCheck --types node'.split(
    ' ',
  );
  const source = fileURLToPath(new URL('./kill-child.fixture.ts', import.meta.url));
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  const places = ['--ignoreConfig', '--rootDir', root, '--outDir', compiled];
  execFileSync(process.execPath, [compiler, ...options, ...places, source], { cwd: root });
});
afterAll(() => removeFolder(compiled));

/** A child that is started again after each kill. */
class Child {
  output = '';
  errors = '';
  private running: ChildProcess | null = null;
  private readonly words: readonly string[];

  constructor(...words: string[]) {
    this.words = words;
  }

  async start(): Promise<void> {
    const child = spawn(process.execPath, [childFile, ...this.words]);
    this.running = child;
    child.stderr.on('data', (chunk) => {
      this.errors += chunk;
    });
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk) => {
        this.output += chunk;
        resolve();
      });
      child.once('close', () => reject(new Error(`the child ended: ${this.errors}`)));
    });
  }

  async kill(): Promise<void> {
    const child = this.running!;
    const closed = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await closed;
    // The kill may have cut the last line.
    this.output = this.output.slice(0, this.output.lastIndexOf('\n') + 1);
  }
}

interface Row {
  sequence: number;
  subject: string;
  number: number;
}

function rowsOf(file: string): Row[] {
  const lines = fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];
  return lines.map((line) => {
    const [sequence, subject, number] = line.split(' ');
    return { sequence: Number(sequence), subject: subject!, number: Number(number) };
  });
}

/** Highest number that each subject's publisher was told to be stored. */
function storedOf(output: string): Map<string, number> {
  const stored = new Map<string, number>();
  for (const line of output.split('\n')) {
    const [subject, number] = line.split(' ');
    if (number === undefined) continue;
    stored.set(subject!, Math.max(stored.get(subject!) ?? 0, Number(number)));
  }
  return stored;
}

/** Nothing is lost, each subject comes in order, and what came twice came twice in a row of sequences. */
function checkRows(rows: readonly Row[], stored: Map<string, number>): { repeated: number } {
  const reached = new Map<string, number>();
  const subjectOf = new Map<number, string>();
  let highest = 0;
  let repeated = 0;
  for (const { sequence, subject, number } of rows) {
    if (sequence <= highest) {
      expect(subjectOf.get(sequence)).toBe(`${subject} ${number}`);
      repeated++;
      continue;
    }
    highest = sequence;
    subjectOf.set(sequence, `${subject} ${number}`);
    expect(number).toBe((reached.get(subject) ?? 0) + 1);
    reached.set(subject, number);
  }
  expect(stored.size).toBe(3);
  for (const [subject, number] of stored) {
    expect(reached.get(subject) ?? 0).toBeGreaterThanOrEqual(number);
  }
  return { repeated };
}

/** Until the reader has had everything that was stored and nothing more comes. */
async function drain(file: string, stored: Map<string, number>): Promise<Row[]> {
  const endMs = Date.now() + 60_000;
  let length = -1;
  for (;;) {
    const rows = rowsOf(file);
    const reached = (subject: string) =>
      rows.some((row) => row.subject === subject && row.number >= stored.get(subject)!);
    const isStill = rows.length === length;
    if ((isStill && [...stored.keys()].every(reached)) || Date.now() > endMs) return rows;
    length = rows.length;
    await sleep(300);
  }
}

interface Victims {
  readonly location: BusLocation;
  /** Kills the server, if there is one; it comes back by itself. */
  readonly killServer: (() => void) | null;
}

async function killAtRandom({ location, killServer }: Victims, rounds: number, file: string) {
  const where = JSON.stringify(location);
  const publisher = new Child('publish', where);
  const reader = new Child('read', where, file);
  await Promise.all([publisher.start(), reader.start()]);
  let readerKills = 0;
  for (let round = 0; round < rounds; round++) {
    await sleep(Math.random() * 250);
    const victim = round % (killServer === null ? 2 : 3);
    if (victim === 0) {
      await publisher.kill();
      await publisher.start();
    } else if (victim === 1) {
      await reader.kill();
      readerKills++;
      await reader.start();
    } else killServer!();
  }
  await sleep(200);
  // After a last outage the publisher must be able to store again.
  const before = storedOf(publisher.output);
  const goesOn = () => {
    const now = storedOf(publisher.output);
    return SUBJECTS.every((subject) => {
      return (now.get(subject) ?? 0) > Math.max(before.get(subject) ?? 0, LEAST_OF_EACH);
    });
  };
  for (let n = 0; n < 600 && !goesOn(); n++) await sleep(100);
  await publisher.kill();
  const stored = storedOf(publisher.output);
  const rows = await drain(file, stored);
  await reader.kill();
  expect(reader.errors).toBe('');
  return { ...checkRows(rows, stored), rows: rows.length, readerKills, errors: publisher.errors };
}

/** Of each subject, however slow the machine is between the kills. */
const LEAST_OF_EACH = 50;
const SUBJECTS = ['fills.0', 'fills.1', 'fills.2'];
/** So many kills on each bus. */
const kills = Number(process.env.PLIMSOLL_KILLS ?? 2);
const timeoutMs = 240_000 + kills * 10_000;

/** Whoever begins behind a writer that was killed before it said what it had written is told once, and asks again. */
function otherThanLateEnds(errors: string): string[] {
  const lateEnd = /^fills\.\d: BusConflictError: .*: its writer was killed before it said so$/;
  return errors.split('\n').filter((line) => line !== '' && !lateEnd.test(line));
}

describe(`kill -9 at ${kills} random moments under load`, () => {
  it(
    'the embedded log loses nothing, keeps the order, and repeats only what was not acknowledged',
    async () => {
      const folder = makeFolder();
      const location = { kind: 'embedded' as const, folder: path.join(folder, 'bus') };
      const result = await killAtRandom(
        { location, killServer: null },
        kills,
        path.join(folder, 'rows'),
      );
      expect(otherThanLateEnds(result.errors)).toEqual([]);
      expect(result.rows).toBeGreaterThan(100);
      // A message may be written and not yet acknowledged when the reader dies: one each time.
      expect(result.repeated).toBeLessThanOrEqual(result.readerKills);
      removeFolder(folder);
    },
    timeoutMs,
  );

  it.skipIf(binary === null)(
    'NATS loses nothing and keeps the order, its server killed too',
    async () => {
      const folder = makeFolder();
      const server = await startNatsServer({ binary: binary!, folder });
      const result = await killAtRandom(
        {
          location: { kind: 'nats', address: server.address, replicas: 1 },
          killServer: () => {
            if (server.pid > 0) process.kill(server.pid, 'SIGKILL');
          },
        },
        kills,
        path.join(folder, 'rows'),
      );
      expect(result.rows).toBeGreaterThan(100);
      // Acknowledgements may be on their way when reader or server die.
      expect(result.repeated).toBeLessThanOrEqual(kills * 1_000);
      await server.close();
      removeFolder(folder);
    },
    timeoutMs,
  );
});
