import { posix } from 'node:path';
import { blankOut, lineAt } from './blank-out.js';
import type { SourceFile } from './sources.js';

/** One reference from a source to another module. */
export interface ModuleReference {
  readonly specifier: string;
  readonly line: number;
  /** `worker`: named in `new URL('./x.js', …)`, which starts a thread with it. */
  readonly kind: 'import' | 'worker';
}

const referencePatterns: ReadonlyArray<readonly [ModuleReference['kind'], RegExp]> = [
  // import … from 'x', export … from 'x'; no statement between contains a quote or a semicolon.
  ['import', /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*(['"])([^'"\n]+)\1/g],
  // import 'x', for its effect only.
  ['import', /\bimport\s*(['"])([^'"\n]+)\1/g],
  // import('x'), as an expression or in a type.
  ['import', /\bimport\s*\(\s*(['"`])([^'"`\n]+)\1/g],
  ['worker', /\bnew\s+URL\s*\(\s*(['"`])([^'"`\n]+)\1\s*,\s*import\.meta\.url/g],
];

/** Lists what a source refers to, in the order of the lines. */
export function listReferences(source: SourceFile): ModuleReference[] {
  const code = blankOut(source.text, 'comments');
  const outsideOfStrings = blankOut(source.text, 'comments and strings');
  const found: ModuleReference[] = [];
  for (const [kind, pattern] of referencePatterns) {
    for (const match of code.matchAll(pattern)) {
      // An import that stands inside of a string, such as a test case's, is text and not a reference.
      if (outsideOfStrings[match.index] === ' ') continue;
      const specifierAt = match.index + match[0].lastIndexOf(match[2]!);
      found.push({ specifier: match[2]!, line: lineAt(code, specifierAt), kind });
    }
  }
  return found.sort((a, b) => a.line - b.line);
}

/** The path of a relative reference from the root of the repository; null for packages. */
export function resolveReference(from: string, specifier: string): string | null {
  if (!specifier.startsWith('.')) return null;
  const path = posix.join(posix.dirname(from), specifier);
  return path.replace(/\.js(x?)$/, '.ts$1');
}
