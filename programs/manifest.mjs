// manifest.mjs write BUILDER | check FOLDER | builder: SHA-256 of the program's sources and of what was built from them.
// `check` compares sources and committed artifacts with the manifest, and the artifacts in FOLDER, which were just built, too.
// settlement/program/manifest.test.ts does the first half in every test run, without a compiler.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const here = import.meta.dirname;
const file = path.join(here, 'manifest.json');
const artifacts = ['artifacts/plimsoll.so', 'artifacts/plimsoll.json'];
const [mode, argument] = process.argv.slice(2);

const hashOf = (name, folder = here) =>
  createHash('sha256')
    .update(fs.readFileSync(path.join(folder, name)))
    .digest('hex');

function sources() {
  const crate = fs
    .readdirSync(path.join(here, 'programs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(here, path.join(entry.parentPath, entry.name)));
  return ['Anchor.toml', 'Cargo.toml', 'Cargo.lock', ...crate].sort();
}

const hashes = (names) => Object.fromEntries(names.map((name) => [name, hashOf(name)]));
const read = () => (fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null);

if (mode === 'builder') {
  console.log(read()?.builder ?? '');
} else if (mode === 'write') {
  const manifest = { builder: argument, sources: hashes(sources()), artifacts: hashes(artifacts) };
  fs.writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
} else if (mode === 'check') {
  const manifest = read();
  const now = { ...hashes(sources()), ...hashes(artifacts) };
  const then = { ...manifest.sources, ...manifest.artifacts };
  const names = new Set([...Object.keys(now), ...Object.keys(then)]);
  const wrong = [...names].filter((name) => now[name] !== then[name]);
  for (const name of wrong) console.log(`${name} is not what the manifest says`);
  let held = names.size - wrong.length;
  for (const name of artifacts) {
    const isSame = hashOf(path.basename(name), argument) === then[name];
    if (isSame) held++;
    else console.log(`${name} is not what its sources compile to`);
  }
  console.log(`checks: ${held} of ${names.size + artifacts.length} held`);
  process.exitCode = held === names.size + artifacts.length ? 0 : 1;
} else {
  console.error('usage: manifest.mjs write BUILDER | check FOLDER | builder');
  process.exitCode = 1;
}
