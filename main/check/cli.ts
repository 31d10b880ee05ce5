import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { findDeadFiles } from './dead-files.js';
import { findBrokenDocuments } from './documents.js';
import { findLongFiles } from './file-length.js';
import { type Finding, formatFinding } from './finding.js';
import { findForbiddenArrows } from './import-arrows.js';
import { findImpurities } from './pure-core.js';
import { listPaths, readDocuments, readSources } from './sources.js';

const help = `Usage: npm run check

Runs the types, lint, format and the rules of this repository: which folder may import which, no
file that nothing leads to, no clock, chance or input in the core, no file of more than 500 lines,
no document that names what is not there.
Prints every finding as file:line: sentence, and fails when there is any.
`;

/**
 * Runs the repository's rules. Arguments such as `types=held` are the results of what ran before;
 * they enter the closing count, so that it speaks of all checks.
 */
export function runChecks(root: string, before: readonly string[]): boolean {
  const sources = readSources(root);
  const paths = listPaths(root);
  const packageEntries = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const checks: Record<string, Finding[]> = {
    'import-arrows': findForbiddenArrows(sources),
    'dead-files': findDeadFiles(sources, packageEntries),
    'pure-core': findImpurities(sources),
    'file-length': findLongFiles(sources),
    documents: findBrokenDocuments(readDocuments(root, paths), paths),
  };
  const results = new Map(before.map((entry) => entry.split('=', 2) as [string, string]));
  for (const [name, findings] of Object.entries(checks)) {
    for (const finding of findings) print(formatFinding(finding));
    results.set(name, findings.length === 0 ? 'held' : 'failed');
  }
  const failed = [...results].filter(([, result]) => result !== 'held').map(([name]) => name);
  if (failed.length > 0) print(`failed: ${failed.join(', ')}`);
  print(`checks: ${results.size - failed.length} of ${results.size} held`);
  return failed.length === 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const args = process.argv.slice(2);
if (args.includes('--help')) {
  process.stdout.write(help);
} else {
  // This file runs from dist/main/check, three folders below the root.
  const root = resolve(import.meta.dirname, '../../..');
  process.exitCode = runChecks(root, args) ? 0 : 1;
}
