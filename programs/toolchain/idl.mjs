// idl.mjs <crate dir> <out.json>: the Anchor IDL without anchor-cli. Anchor's `idl-build` feature generates
// tests that print the IDL in parts; this runs them with the native cargo and puts the parts together.
// The crate needs: [features] idl-build = ["anchor-lang/idl-build", "anchor-spl/idl-build"]
// Environment: CARGO (default "cargo"), IDL_TARGET (default $SBF_HOME/target-idl).
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const [crate, out] = process.argv.slice(2);
if (!crate || !out) {
  console.error('usage: idl.mjs <crate dir> <out.json>');
  process.exit(1);
}
const dir = path.resolve(crate);
const home = process.env.SBF_HOME ?? path.join(os.homedir(), '.cache', 'plimsoll-sbf');
const log = execFileSync(
  process.env.CARGO ?? 'cargo',
  [
    'test',
    '--lib',
    '--features',
    'idl-build',
    '__anchor_private_print_idl',
    '--',
    '--show-output',
    '--quiet',
    '--test-threads=1',
  ],
  {
    cwd: dir,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      CARGO_TARGET_DIR: process.env.IDL_TARGET ?? path.join(home, 'target-idl'),
      ANCHOR_IDL_BUILD_PROGRAM_PATH: dir,
      ANCHOR_IDL_BUILD_RESOLUTION: 'TRUE',
      ANCHOR_IDL_BUILD_NO_DOCS: 'FALSE',
      ANCHOR_IDL_BUILD_SKIP_LINT: 'TRUE',
    },
  },
);
const idl = {
  address: '',
  metadata: {},
  instructions: [],
  accounts: [],
  events: [],
  errors: [],
  types: [],
  constants: [],
};
const types = new Map();
for (const [, kind, body] of log.matchAll(
  /--- IDL begin (\w+) ---\n([\s\S]*?)--- IDL end \1 ---/g,
)) {
  const text = body.trim();
  if (kind === 'address') {
    idl.address = text.replace(/"/g, '');
    continue;
  }
  const part = JSON.parse(text);
  for (const t of part.types ?? []) types.set(t.name, t);
  if (kind === 'program') {
    const { types: _, address, ...rest } = part;
    Object.assign(idl, rest);
    if (!idl.address) idl.address = address;
  } else if (kind === 'event') idl.events.push(part.event);
  else if (kind === 'errors') idl.errors = part;
  else if (kind === 'const') idl.constants.push(part);
}
for (const k of ['accounts', 'events', 'errors', 'constants']) idl[k] ??= [];
idl.types = [...types.values()];
// anchor-lang 1.x prints full module paths (crate::Type); anchor-cli shortens them, so do we.
const short = (n) => n.split('::').pop();
const strip = (v) =>
  Array.isArray(v)
    ? v.map(strip)
    : v && typeof v === 'object'
      ? Object.fromEntries(
          Object.entries(v).map(([k, x]) => [
            k,
            k === 'name' && typeof x === 'string' ? short(x) : strip(x),
          ]),
        )
      : v;
if (new Set(idl.types.map((t) => short(t.name))).size !== idl.types.length)
  throw new Error('two types share a short name');
fs.mkdirSync(path.dirname(path.resolve(out)), { recursive: true });
fs.writeFileSync(out, `${JSON.stringify(strip(idl), null, 1)}\n`);
console.log(
  out,
  JSON.stringify(
    Object.fromEntries(
      Object.entries(idl)
        .filter(([, v]) => Array.isArray(v))
        .map(([k, v]) => [k, v.length]),
    ),
  ),
);
