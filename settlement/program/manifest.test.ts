import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { packageFile } from '../../main/package-root.js';

const folder = packageFile('programs');

interface Manifest {
  builder: string;
  sources: Record<string, string>;
  artifacts: Record<string, string>;
}

const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;

function sha256(name: string): string {
  return createHash('sha256')
    .update(readFileSync(join(folder, name)))
    .digest('hex');
}

test('the committed program and IDL are those of the manifest', () => {
  expect(Object.keys(manifest.artifacts)).toEqual([
    'artifacts/plimsoll.so',
    'artifacts/plimsoll.json',
  ]);
  for (const [name, hash] of Object.entries(manifest.artifacts)) {
    expect([name, sha256(name)]).toEqual([name, hash]);
  }
});

test('the sources are those that they were built from: after a change, run programs/build.sh', () => {
  const crate = readdirSync(join(folder, 'programs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const names = ['Anchor.toml', 'Cargo.lock', 'Cargo.toml', ...crate].sort();
  expect(Object.keys(manifest.sources).sort()).toEqual(names);
  for (const name of names) expect([name, sha256(name)]).toEqual([name, manifest.sources[name]]);
});
