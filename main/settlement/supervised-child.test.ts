import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { SupervisedChild, type SupervisedOptions } from './supervised-child.js';

/** Says who it is, how it was started and what it was told first; ends when its parent lets it go. */
const CHILD = `
process.once('message', (start) => process.send({ pid: process.pid, args: process.argv.slice(2), start }));
process.once('disconnect', () => process.exit(0));
`;

interface Ready {
  pid: number;
  args: string[];
  start: { wasReady: boolean };
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-child-'));
const module = pathToFileURL(path.join(folder, 'child.mjs'));
const children: SupervisedChild<Ready>[] = [];
const readies: Ready[] = [];
const endings: string[] = [];
const { execPath } = process;

function supervise(change: Partial<SupervisedOptions<Ready>> = {}): SupervisedChild<Ready> {
  fs.writeFileSync(module, CHILD);
  const child = new SupervisedChild<Ready>({
    name: 'the child',
    module,
    args: (last) => [String(last?.pid ?? 'first')],
    start: (last) => ({ wasReady: last !== null }),
    onReady: (ready) => readies.push(ready),
    onEnded: (sentence) => endings.push(sentence),
    ...change,
  });
  children.push(child);
  child.start();
  return child;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const LONG = { timeout: 60_000 };

describe('a supervised process', () => {
  afterEach(async () => {
    process.execPath = execPath;
    for (const child of children.splice(0)) await child.stop();
    readies.length = 0;
    endings.length = 0;
  });

  it('is started again when it was killed, and is told what it had before', async () => {
    const child = supervise();
    await expect.poll(() => readies.length, LONG).toBe(1);
    const [first] = readies;
    expect(first).toMatchObject({ args: ['first'], start: { wasReady: false }, pid: child.pid });
    process.kill(first?.pid as number, 'SIGKILL');
    await expect.poll(() => readies.length, LONG).toBe(2);
    const [, second] = readies;
    expect(second).toMatchObject({ args: [String(first?.pid)], start: { wasReady: true } });
    expect(endings).toEqual(['the child ended by SIGKILL and is started again in 250 ms']);
    expect(child.restarts).toBe(1);
    expect(child.trouble).toBe(endings[0]);
  });

  it('ends when it is let go, and is not started again', async () => {
    const child = supervise();
    await expect.poll(() => readies.length, LONG).toBe(1);
    await child.stop();
    expect(isRunning(readies[0]?.pid as number)).toBe(false);
    expect(child.pid).toBeNull();
    expect(endings).toEqual([]);
    expect(child.restarts).toBe(0);
    expect(child.trouble).toBeNull();
  });

  it('says why it ended, and waits longer each time', async () => {
    const failing = pathToFileURL(path.join(folder, 'failing.mjs'));
    fs.writeFileSync(failing, "process.stderr.write('no luck\\n'); process.exitCode = 3;");
    supervise({ module: failing });
    await expect.poll(() => endings.length, LONG).toBeGreaterThanOrEqual(2);
    expect(endings.slice(0, 2)).toEqual([
      'the child ended with code 3 and is started again in 250 ms: no luck',
      'the child ended with code 3 and is started again in 500 ms: no luck',
    ]);
  });

  it('is tried again when there could not even be a process', async () => {
    const nothing = path.join(folder, 'nothing');
    process.execPath = nothing;
    supervise();
    await expect.poll(() => endings.length, LONG).toBeGreaterThanOrEqual(1);
    expect(endings[0]).toMatch(
      /^the child ended before it began \(spawn .*ENOENT\) and is started/,
    );
    process.execPath = execPath;
    await expect.poll(() => readies.length, LONG).toBe(1);
  });
});
