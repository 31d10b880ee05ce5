import { execFileSync } from 'node:child_process';
import { type CommandLine, HELP, parseCommandLine, UsageError } from './command-line.js';
import type { SeedResult } from './run-seed.js';
import type { FailedSeed } from './seed-outcome.js';
import { outcomesOf } from './seed-pool.js';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  let line: CommandLine | null;
  try {
    line = parseCommandLine(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${HELP}`);
    return 2;
  }
  if (line === null) {
    process.stdout.write(HELP);
    return 0;
  }
  return runAll(line);
}

async function runAll(line: CommandLine): Promise<number> {
  let failed = 0;
  const { steps, faults } = line;
  const count = line.lastSeed - line.firstSeed + 1;
  const seeds = Array.from({ length: count }, (_, i) => ({
    seed: line.firstSeed + i,
    steps,
    faults,
  }));
  for await (const [{ seed }, outcome] of outcomesOf(seeds)) {
    if (outcome.ok) tell(line, outcome.result);
    else {
      failed++;
      tellFailure(line, seed, outcome.failure);
    }
  }
  if (count > 1 && !line.json) {
    process.stdout.write(`checks: ${count - failed} of ${count} held\n`);
  }
  return failed === 0 ? 0 : 1;
}

function tell(line: CommandLine, result: SeedResult): void {
  if (line.json) {
    process.stdout.write(`${JSON.stringify({ ok: true, ...result })}\n`);
    return;
  }
  const { seed, steps, sequence, stateHash, counts, spread, layoutsCompared, settlement } = result;
  process.stdout.write(
    `seed ${seed}: ok, ${steps} steps, sequence ${sequence}, stateHash ${stateHash.slice(0, 16)}\n` +
      `  one shard: ${countsOf(counts)}\n` +
      `  ${spread.shards} shards: ${countsOf(spread.counts)}\n` +
      `  layouts side by side: equal after each of ${layoutsCompared} commands\n` +
      `  settlement: engine, ledger and chain equal after ${settlement.batches} batches, hash ${settlement.hash.slice(0, 16)}: ` +
      `${countsOf(settlement.counts)}\n`,
  );
}

function countsOf(counts: Record<string, number>): string {
  const happened = Object.entries(counts).filter(([, count]) => count > 0);
  return happened.map(([name, count]) => `${name} ${count}`).join(', ');
}

/** Seed, step, commit and message: enough to see it again on any machine. */
function tellFailure(line: CommandLine, seed: number, failure: FailedSeed): void {
  const commit = currentCommit();
  const { part, message, stack } = failure;
  const step = Math.min(failure.step, line.steps);
  if (line.json) {
    process.stdout.write(`${JSON.stringify({ ok: false, seed, part, step, commit, message })}\n`);
    return;
  }
  const faults = line.faultList === 'all' ? '' : ` --faults ${line.faultList}`;
  process.stdout.write(
    `seed ${seed}: FAILED with ${part} at step ${step}, commit ${commit}\n  ${message}\n` +
      `  again: npm run sim -- --seed ${seed} --steps ${Math.max(step, 1)}${faults}\n`,
  );
  if (stack !== '') process.stderr.write(`${stack}\n`);
}

function currentCommit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
    const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${isChanged ? ' with local changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
