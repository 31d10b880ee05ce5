import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { Xorshift } from '../../engine/testing/xorshift.js';
import { expectSameBalances, expectSoundBatches } from './testing/ledger-check.js';
import { RandomJournal } from './testing/random-journal.js';
import { makeScratch, openLedger, removeScratch } from './testing/scratch.js';

/** Compiled; `npm test` compiles before it starts. */
const SOURCE = fileURLToPath(new URL('./ledger-child.fixture.js', import.meta.url));
const CHILD = path.resolve('dist', path.relative(path.resolve(), SOURCE));
const KILLS = Number(process.env.PLIMSOLL_KILLS ?? 4);
/** Catches what hangs; the more kills, the longer the journal that each child makes, too. */
const WITHIN_MS = 240_000 + KILLS * 15_000;
const SEED = 77;
/** Enough for twice as many rounds as all kills together let happen. */
const STEPS = 250 * KILLS;
const ROUNDS_MAX = 15;
/** Where a child waits for its end: so many rounds behind those after which it is due. */
const ROUNDS_BEHIND = 20;

afterEach(removeScratch);

/** Kills a settlement a moment after so many rounds; true when it had come to the end before. */
async function settleAndKill(dataDir: string, rounds: number, delayMs: number): Promise<boolean> {
  const running = spawn(process.execPath, [
    ...[CHILD, dataDir, String(SEED), String(STEPS)],
    String(rounds + ROUNDS_BEHIND),
  ]);
  let output = '';
  let errors = '';
  let isDue = false;
  running.stdout.on('data', (chunk) => {
    output += chunk;
    if (isDue || output.length < rounds) return;
    isDue = true;
    setTimeout(() => running.kill('SIGKILL'), delayMs);
  });
  running.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  await new Promise((resolve) => running.once('close', resolve));
  expect(errors).toBe('');
  return output.includes('done');
}

describe('kill -9 while settling', () => {
  it(
    'leaves a ledger that goes on, with each item in one batch and every balance right',
    async () => {
      const dataDir = makeScratch('disk');
      const random = new Xorshift(Date.now() % 1_000_003);
      let killedBetween = 0;
      let items = 0;
      let kills = 0;
      for (; kills < KILLS || killedBetween <= KILLS / 2; kills++) {
        const rounds = random.between(1, ROUNDS_MAX);
        expect(await settleAndKill(dataDir, rounds, random.between(0, 8))).toBe(false);
        const ledger = openLedger(dataDir);
        const { streams, batch } = ledger.status();
        expectSoundBatches(ledger);
        const ingested = streams.reduce((sum, { ingestedItem }) => sum + ingestedItem, 0);
        expect(ingested).toBeGreaterThanOrEqual(items);
        items = ingested;
        if (batch.settled > 0) killedBetween++;
        ledger.close();
      }
      expect(await settleAndKill(dataDir, Number.MAX_VALUE, 0)).toBe(true);
      const ledger = openLedger(dataDir);
      expectSameBalances(ledger, new RandomJournal(SEED, 25).run(STEPS));
      const batches = expectSoundBatches(ledger);
      expect(ledger.batches.lastSettledSequence()).toBe(batches);
      console.log(
        `killed ${kills} times, ${killedBetween} of them in the midst; ${batches} batches`,
      );
    },
    WITHIN_MS,
  );
});
