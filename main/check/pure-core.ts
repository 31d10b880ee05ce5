import { isBuiltin } from 'node:module';
import { blankOut, lineAt } from './blank-out.js';
import type { Finding } from './finding.js';
import { listReferences } from './imports.js';
import { isTestCode, type SourceFile } from './sources.js';

const pureFolders = ['engine/', 'risk/'];

/**
 * What reads the outside world or speaks to it. A journal replays to the same state only if nothing
 * but the messages in it decides, so time, chance and prices have to arrive inside of messages.
 * A dot before the name means some object's own member, which is not the global.
 */
const impureGlobals: ReadonlyArray<readonly [RegExp, string]> = [
  [/(?<![\w$.])Date\s*\.\s*now\b/g, 'Date.now'],
  [/\bnew\s+Date\b/g, 'new Date'],
  [/(?<![\w$.])performance\s*\.\s*now\b/g, 'performance.now'],
  [/(?<![\w$.])Math\s*\.\s*random\b/g, 'Math.random'],
  [/(?<![\w$.])console\s*\./g, 'console'],
  [/(?<![\w$.])process\s*\??\.\s*\w/g, 'process'],
  [/\bglobalThis\b/g, 'globalThis'],
  [/(?<![\w$.])set(?:Timeout|Interval|Immediate)\s*\(/g, 'a timer'],
];

/**
 * Lists what breaks the purity of `engine/` and `risk/`. Folders called `runtime` are the places
 * where threads, files and clocks of these two live; tests may do as they like.
 */
export function findImpurities(sources: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = [];
  for (const source of sources) {
    if (!mustBePure(source.path)) continue;
    for (const { specifier, line } of listReferences(source)) {
      if (!isBuiltin(specifier)) continue;
      const sentence = `Only a runtime/ folder of the core may import ${specifier}.`;
      findings.push({ file: source.path, line, sentence });
    }
    const code = blankOut(source.text, 'comments and strings');
    for (const [pattern, name] of impureGlobals) {
      for (const match of code.matchAll(pattern)) {
        const sentence = `Only a runtime/ folder of the core may use ${name}.`;
        findings.push({ file: source.path, line: lineAt(code, match.index), sentence });
      }
    }
  }
  return findings;
}

function mustBePure(path: string): boolean {
  const isCore = pureFolders.some((folder) => path.startsWith(folder));
  return isCore && !path.split('/').includes('runtime') && !isTestCode(path);
}
