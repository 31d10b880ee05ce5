import type { Finding } from './finding.js';
import { listReferences, resolveReference } from './imports.js';
import { isTestCode, isTestEntry, type SourceFile } from './sources.js';

/** The parts of package.json that name files to start with. */
export interface PackageEntries {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
}

/** Examples are started by their readers and by nothing else. */
const startedByHand = ['sdk/examples/'];

/** The terminal is bundled from its own page, by its own tool. */
const otherBuilds = ['web/', 'programs/'];

/** Stand-ins of files of the same name one folder up, when the kernel is compiled (`main/build-kernel.mjs`). */
const standIns = 'engine/kernel/wasm/';

/**
 * Lists the files that nothing leads to. Product code is alive when a command, an export or a worker
 * leads to it: a file that only its own test imports is dead, however green the test is. Fixtures,
 * benchmarks and fuzz files are alive when a test or a command leads to them, so a fuzz file that
 * nothing runs is found too.
 */
export function findDeadFiles(
  sources: readonly SourceFile[],
  packageEntries: PackageEntries,
): Finding[] {
  const byPath = new Map(sources.map((source) => [source.path, source]));
  const entries = listEntries(packageEntries);
  const byHand = sources.filter(({ path }) => startsWithAny(path, startedByHand));
  const tests = sources.filter(({ path }) => isTestEntry(path));
  const paths = (files: readonly SourceFile[]) => files.map(({ path }) => path);

  const alive = reach(byPath, [...entries.keys(), ...paths(byHand)], () => true);
  const aliveByTests = reach(byPath, paths(tests), isTestCode);
  const findings: Finding[] = [];
  for (const [entry, namedBy] of entries) {
    if (byPath.has(entry)) continue;
    const sentence = `${namedBy} leads to ${entry}, which does not exist.`;
    findings.push({ file: 'package.json', line: 1, sentence });
  }
  for (const { path } of sources) {
    if (path.endsWith('.d.ts') || startsWithAny(path, otherBuilds)) continue;
    if (alive.has(path) || aliveByTests.has(path)) continue;
    if (path.startsWith(standIns) && alive.has(path.replace('/wasm/', '/'))) continue;
    const sentence = 'No command, export, worker or test runner leads to this file.';
    findings.push({ file: path, line: 1, sentence });
  }
  return findings;
}

/** Sources that package.json names, as targets in `dist` or below, each with what names it. */
function listEntries(entries: PackageEntries): Map<string, string> {
  const found = new Map<string, string>();
  for (const part of ['scripts', 'bin', 'exports'] as const) {
    for (const [name, value] of Object.entries(entries[part] ?? {})) {
      // An export may also be an object of conditions: its text names the same files.
      for (const [word] of JSON.stringify(value).matchAll(/[^\s"]+\.js(?![\w.])/g)) {
        const target = word.replace(/^(\.\/)?(dist\/)?/, '').replace(/\.js$/, '.ts');
        found.set(target, `${part}.${name}`);
      }
    }
  }
  return found;
}

/** Follows references from the given files; only those that pass `mayEnter` are followed into. */
function reach(
  byPath: ReadonlyMap<string, SourceFile>,
  from: readonly string[],
  mayEnter: (path: string) => boolean,
): Set<string> {
  const reached = new Set<string>();
  const open = [...from];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const source = byPath.get(path);
    if (source === undefined || reached.has(path)) continue;
    reached.add(path);
    for (const { specifier } of listReferences(source)) {
      const target = resolveReference(path, specifier);
      if (target !== null && mayEnter(target)) open.push(target);
    }
  }
  return reached;
}

function startsWithAny(path: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => path.startsWith(beginning));
}
