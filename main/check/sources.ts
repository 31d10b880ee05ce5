import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A source with its path from the root of the repository, with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** The top-level folders of the design; code anywhere else has no owner. */
export const folders = [
  'engine',
  'risk',
  'oracle',
  'gateway',
  'settlement',
  'programs',
  'bench',
  'sdk',
  'sim',
  'main',
  'web',
] as const;

const skippedFolders = new Set(['node_modules', 'dist', 'target', 'out']);

/** Reads every TypeScript source below the folders of the design. */
export function readSources(root: string): SourceFile[] {
  const paths: string[] = [];
  for (const folder of folders) {
    if (existsSync(join(root, folder))) collectPaths(root, folder, paths);
  }
  const sources = paths.filter((path) => /\.tsx?$/.test(path));
  return sources.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** Those of the files that are Markdown. */
export function readDocuments(root: string, paths: readonly string[]): SourceFile[] {
  const documents = paths.filter((path) => path.endsWith('.md'));
  return documents.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

/** Every file at the root and below the folders of the design. */
export function listPaths(root: string): string[] {
  const paths = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
  for (const folder of [...folders, '.ci']) {
    if (existsSync(join(root, folder))) collectPaths(root, folder, paths);
  }
  return paths;
}

/** Checks by `x.test.ts`, `x.fuzz.ts` and `x.bench.ts`, and what only they use. */
export function isTestCode(path: string): boolean {
  return /\.(test|fuzz|bench|fixture)\.tsx?$/.test(path) || path.split('/').includes('testing');
}

/** The files that the test runner starts by itself: tests, and what vitest.config.ts has run before each of them. */
export function isTestEntry(path: string): boolean {
  return /\.(test|setup)\.tsx?$/.test(path);
}

function collectPaths(root: string, folder: string, into: string[]): void {
  const entries = readdirSync(join(root, folder), { withFileTypes: true });
  // A fixed order, so that two machines print the same findings in the same order.
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      if (!skippedFolders.has(entry.name)) collectPaths(root, path, into);
    } else {
      into.push(path);
    }
  }
}
