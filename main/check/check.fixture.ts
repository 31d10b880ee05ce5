import type { SourceFile } from './sources.js';

/** Sources from an object of path and text, for the tests of the checks. */
export function sourcesOf(files: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(files).map(([path, text]) => ({ path, text }));
}
