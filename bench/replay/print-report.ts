import type { ReplayReport } from './replay.js';

/** The report for a reader: what was compared first, then the counters. */
export function printReport(
  report: ReplayReport & { readonly messagesPerSecond: number },
  isComplete: boolean,
): string {
  const { rows, rowsEqual, levelsEqual, executions, executionsAtQueueHead } = report;
  const { messagesPerSecond, ...counters } = report;
  const lines = [
    `rows compared             ${count(rows)}${isComplete ? '' : ' (not the whole recording)'}`,
    `rows equal                ${count(rowsEqual)} (${percent(rowsEqual / Math.max(rows, 1))})`,
  ];
  levelsEqual.forEach((share, level) => {
    lines.push(`  level ${level + 1} equal`.padEnd(26) + percent(share));
  });
  lines.push(
    `executions                ${count(executions)}`,
    `  at the head of a queue  ${count(executionsAtQueueHead)}`,
    `messages per second       ${count(messagesPerSecond)}`,
    '',
  );
  for (const [name, value] of Object.entries(counters)) {
    if (COMPARED.has(name)) continue;
    const text = typeof value === 'number' ? count(value) : String(value);
    lines.push(`${name.padEnd(26)}${text}`);
  }
  return `${lines.join('\n')}\n`;
}

const COMPARED = new Set([
  'rows',
  'rowsEqual',
  'levelsEqual',
  'executions',
  'executionsAtQueueHead',
]);

function count(value: number): string {
  return value.toLocaleString('en');
}

/** Never rounded up to a whole 100 %. */
function percent(share: number): string {
  return `${(Math.floor(share * 1e6) / 1e4).toFixed(4)} %`;
}
