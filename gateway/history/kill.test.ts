import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { historyFile, openForReading } from './database.js';
import { RandomExchange } from './testing/random-exchange.js';
import { dump, makeScratch, removeScratch } from './testing/scratch.js';

/** Compiled; `npm test` compiles before it starts. */
const SOURCE = fileURLToPath(new URL('./feeder-child.fixture.js', import.meta.url));
const CHILD = path.resolve('dist', path.relative(path.resolve(), SOURCE));
const KILLS = Number(process.env.PLIMSOLL_KILLS ?? 4);

afterEach(removeScratch);

const FEED_WITHIN_MS = 600_000;

/** Kills a feeder some time after it has begun; true when it had come to the end before. */
async function feedAndKill(dataDir: string, afterMs: number): Promise<boolean> {
  const running = spawn(process.execPath, [CHILD, dataDir]);
  let output = '';
  let errors = '';
  running.stdout.on('data', (chunk) => {
    output += chunk;
  });
  running.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const closed = new Promise((resolve) => running.once('close', resolve));
  await Promise.race([new Promise((resolve) => running.stdout.once('data', resolve)), closed]);
  const timer = setTimeout(() => running.kill('SIGKILL'), afterMs);
  await closed;
  clearTimeout(timer);
  expect(errors).toBe('');
  return output.includes('done');
}

function positionOf(dataDir: string): number {
  const database = openForReading(historyFile(dataDir, 0));
  const sequence = database.prepare('SELECT sequence FROM position').pluck().get();
  database.close();
  return (sequence as number | undefined) ?? 0;
}

describe('kill -9 while feeding', () => {
  it('leaves a history that goes on to the same rows as one that was never killed', async () => {
    const dataDir = makeScratch();
    const exchange = new RandomExchange(dataDir, 71);
    exchange.start();
    for (let i = 0; i < 800; i++) exchange.step();
    const end = exchange.written();
    await exchange.stop();
    const random = new Xorshift(Date.now() % 1_000_003);
    let killedBetween = 0;
    let kills = 0;
    // Machines differ in what they get done until then, the same one from time to time.
    for (let afterMsMax = 80; kills < KILLS || killedBetween === 0; kills++) {
      await feedAndKill(dataDir, random.between(1, afterMsMax));
      const sequence = positionOf(dataDir);
      if (sequence === 0) afterMsMax *= 2;
      else if (sequence < end) killedBetween++;
      else {
        fs.rmSync(path.join(dataDir, 'history'), { recursive: true });
        killedBetween = 0;
      }
    }
    expect(await feedAndKill(dataDir, FEED_WITHIN_MS)).toBe(true);
    const killed = dump(dataDir);
    expect(positionOf(dataDir)).toBe(end);
    expect(killedBetween).toBeGreaterThan(0);
    fs.rmSync(path.join(dataDir, 'history'), { recursive: true });
    expect(await feedAndKill(dataDir, FEED_WITHIN_MS)).toBe(true);
    expect(dump(dataDir)).toEqual(killed);
    expect(killed.fills?.length).toBeGreaterThan(300);
    console.log(`killed ${kills} times, ${killedBetween} of them between beginning and end`);
  }, 300_000);
});
