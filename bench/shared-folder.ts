import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with peers and published workloads; PLIMSOLL_SHARED names another one. */
export function sharedFolder(): string {
  return resolve(repositoryRoot(), process.env.PLIMSOLL_SHARED ?? '../shared');
}

/** This file lies in `bench/`, or compiled in `dist/bench/`. */
export function repositoryRoot(): string {
  const above = resolve(dirname(fileURLToPath(import.meta.url)), '..');
  return above.endsWith('dist') ? resolve(above, '..') : above;
}
