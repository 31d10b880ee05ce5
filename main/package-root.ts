import fs from 'node:fs';
import path from 'node:path';

/**
 * A file of the package by its path from the root. Sources run from the root (tests) and compiled from `dist`, so the root is
 * looked for upwards: it is where package.json is.
 */
export function packageFile(fromRoot: string): string {
  let folder = import.meta.dirname;
  while (!fs.existsSync(path.join(folder, 'package.json'))) {
    const parent = path.dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return path.join(folder, fromRoot);
}
