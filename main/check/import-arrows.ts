import type { Finding } from './finding.js';
import { listReferences, resolveReference } from './imports.js';
import { isTestCode, type SourceFile } from './sources.js';

interface Arrows {
  /** Beginnings of paths that the folder's product code may import; its own folder always may. */
  readonly product: readonly string[];
  /** Beginnings of paths that not even its tests may import. */
  readonly neverInTests?: readonly string[];
}

/** What a message is made of: every folder that speaks to a shard needs these three. */
const engineMessages = ['engine/messages/', 'engine/units/', 'engine/assert.ts'];
const everything = [''];

/**
 * The table "Folders" of ARCHITECTURE.md. Arrows point inward: the engine knows nobody, so that it
 * can be replayed, simulated and measured alone, and a change at the edge cannot alter a trade.
 *
 * Tests may import whatever helps them, across folders: a test of the margin actor may drive a
 * gateway. Only the tests of `engine/` and `risk/` stay away from `main/`, which assembles the whole
 * exchange: a core that needs all of it to be tested is not a core any more.
 */
export const arrows: Readonly<Record<string, Arrows>> = {
  engine: { product: [], neverInTests: ['main/'] },
  risk: { product: ['engine/'], neverInTests: ['main/'] },
  // A price source speaks in ticks, and needs nothing else of the engine.
  oracle: { product: ['engine/units/', 'engine/assert.ts'] },
  // It hosts the rings and encodes what it hands on; margin is decided behind messages. Of the formulas it may show what they say.
  gateway: {
    product: [
      'engine/',
      'risk/messages/',
      'risk/arithmetic/',
      'risk/liquidation-price/',
      'risk/margin-tiers/',
      'risk/requirement/',
    ],
  },
  // A bus in files and a server's folder are locked and synced as a journal is; amounts are written as at the other doors.
  settlement: {
    product: engineMessages.concat(
      'engine/runtime/journal/lock-file.ts',
      'engine/runtime/journal/directories.ts',
      'engine/units/decimal.ts',
    ),
  },
  programs: { product: [] },
  bench: { product: everything },
  // A client must work from what is published, or others could not write one.
  sdk: { product: ['gateway/protocol/'] },
  sim: { product: everything.concat('!web/') },
  main: { product: everything },
  // The terminal is a client like any other.
  web: { product: ['sdk/', 'gateway/protocol/'] },
};

/** Lists the imports that the table does not allow; workers count as imports. */
export function findForbiddenArrows(sources: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = [];
  for (const source of sources) {
    for (const { specifier, line } of listReferences(source)) {
      const target = resolveReference(source.path, specifier);
      if (target === null) continue;
      const sentence = whyForbidden(source.path, target);
      if (sentence !== null) findings.push({ file: source.path, line, sentence });
    }
  }
  return findings;
}

function whyForbidden(from: string, target: string): string | null {
  const folder = topFolder(from);
  const rule = arrows[folder];
  if (rule === undefined) return `${folder}/ is not a folder of the design.`;
  if (target.startsWith('../')) return `The import of ${target} leaves the repository.`;
  if (isTestCode(from)) {
    if (!startsWithAny(target, rule.neverInTests ?? [])) return null;
    return `Not even a test in ${folder}/ may import ${target}.`;
  }
  if (topFolder(target) !== folder && !isAllowed(target, rule.product)) {
    return `${folder}/ may not import ${target}; it may import ${describe(rule.product)}.`;
  }
  const measures = folder === 'bench' || folder === 'sim';
  if (isTestCode(target) && !measures) return `Product code may not import test code (${target}).`;
  return null;
}

function isAllowed(target: string, beginnings: readonly string[]): boolean {
  const excluded = beginnings
    .filter((entry) => entry.startsWith('!'))
    .map((entry) => entry.slice(1));
  return startsWithAny(target, beginnings) && !startsWithAny(target, excluded);
}

function startsWithAny(target: string, beginnings: readonly string[]): boolean {
  return beginnings.some((beginning) => target.startsWith(beginning));
}

function describe(beginnings: readonly string[]): string {
  if (beginnings.length === 0) return 'nothing of ours';
  const excluded = beginnings.find((entry) => entry.startsWith('!'));
  if (excluded !== undefined) return `everything but ${excluded.slice(1)}`;
  return beginnings.join(', ');
}

function topFolder(path: string): string {
  return path.slice(0, path.indexOf('/') + 1).replace('/', '');
}
