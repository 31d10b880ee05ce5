/**
 * Replays recorded flow through the product's own command and holds the result to what a correct replay shows:
 *
 *   node .ci/replay.mjs lobster FILE.zip     levels 1 to 4 equal in every row
 *   node .ci/replay.mjs binance FILE.gz …    best bid and ask equal in every row
 */
import { spawnSync } from 'node:child_process';

const [kind, ...files] = process.argv.slice(2);
const run = spawnSync('npm', ['run', '--silent', 'replay', '--', ...files, '--json'], {
  encoding: 'utf8',
  maxBuffer: 1 << 26,
  stdio: ['ignore', 'pipe', 'inherit'],
});
if (run.status !== 0) process.exit(run.status ?? 1);
const report = JSON.parse(run.stdout);
const { rows, rowsEqual, levelsEqual, messagesPerSecond } = report;
console.log(
  `rows ${rows}, equal ${rowsEqual}, levels ${levelsEqual}, ${messagesPerSecond} messages/s`,
);
const checks =
  kind === 'lobster'
    ? [1, 2, 3, 4].map((level) => levelsEqual[level - 1] === 1)
    : [rowsEqual === rows, levelsEqual[0] === 1];
checks.push(rows > 0);
const held = checks.filter(Boolean).length;
console.log(`checks: ${held} of ${checks.length} held`);
process.exitCode = held === checks.length ? 0 : 1;
