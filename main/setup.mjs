/**
 * Brings a clone into a state in which a command can run, then runs it:
 *
 *   node main/setup.mjs build                      install and compile only
 *   node main/setup.mjs run main/start.js -- ARGS  … then run dist/main/start.js in this process
 *   node main/setup.mjs tool vitest run -- ARGS    … then run a development tool
 *   node main/setup.mjs check main/check/cli.js    … then types, lint, format, repository rules
 *
 * The scripts in package.json say `exec node …`: a shell between npm and this process would die of a
 * SIGTERM without handing it on, npm would report the end, and the exchange would go on running.
 *
 * It is plain JavaScript without dependencies, because it has to work before anything is installed.
 * Everything it says goes to standard error: standard output belongs to the command.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const inRoot = (...parts) => path.join(root, ...parts);
const nodeVersionMin = [20, 19];
const lockHeartbeatMs = 1_000;
const lockStaleMs = 15_000;
const lockPollMs = 100;

/** Folders that tsconfig.json compiles; a change in any of them calls for a build. */
const sourceFolders = 'engine risk oracle gateway settlement bench sdk sim main'.split(' ');

/** What else decides what is built. */
const buildFiles = [
  'tsconfig.json',
  'main/build.mjs',
  'main/build-kernel.mjs',
  'main/rare-functions.mjs',
];

/** A tool is started with Node itself, so that no shell and no PATH is involved. */
const tools = {
  tsc: 'node_modules/typescript/bin/tsc',
  vitest: 'node_modules/vitest/vitest.mjs',
  biome: 'node_modules/@biomejs/biome/bin/biome',
};

async function main() {
  refuseOldNode();
  const [verb, ...rest] = process.argv.slice(2);
  const divider = rest.indexOf('--');
  const own = divider < 0 ? rest : rest.slice(0, divider);
  const passed = divider < 0 ? [] : rest.slice(divider + 1);
  if (verb === 'build') return setUp();
  if (verb === 'run' && own.length === 1) return runTarget(own[0], passed);
  if (verb === 'tool' && own[0] in tools) {
    await setUp();
    return exitLike(await runTool(own[0], [...own.slice(1), ...passed]));
  }
  if (verb === 'check' && own.length === 1) return check(own[0], passed);
  fail('usage: node main/setup.mjs build | run TARGET.js | tool NAME | check TARGET.js [-- ARGS]');
}

/** The target runs in this process: signals and the exit code need no forwarding. */
async function runTarget(target, args) {
  await setUp();
  const file = inRoot('dist', target);
  if (!fs.existsSync(file)) fail(`there is no ${sourceOf(target)} to run`);
  process.argv = [process.argv[0], file, ...args];
  await import(pathToFileURL(file).href);
}

/** All checks run even when one fails, so that one run shows everything there is to repair. */
async function check(target, args) {
  const typesHold = await setUp({ typeErrorsAreFatal: false });
  const lintHolds = (await runTool('biome', ['check', '.'])).code === 0;
  if (!fs.existsSync(inRoot('dist', target))) fail(`there is no ${sourceOf(target)} to run`);
  const verdict = (holds) => (holds ? 'held' : 'failed');
  const before = [`types=${verdict(typesHold)}`, `lint-and-format=${verdict(lintHolds)}`];
  exitLike(await runNode(inRoot('dist', target), [...before, ...args]));
}

/** Installs and builds when needed; returns whether the types hold. */
async function setUp({ typeErrorsAreFatal = true } = {}) {
  if (isInstalled() && isBuilt()) return true;
  const release = await takeLock();
  try {
    if (!isInstalled()) await install();
    if (isBuilt() || (await build())) return true;
  } finally {
    release();
  }
  if (typeErrorsAreFatal) fail('the sources do not compile, see above');
  return false;
}

function lockDigest() {
  const digest = createHash('sha256').update(fs.readFileSync(inRoot('package-lock.json')));
  // Native addons belong to one platform: a folder carried to another one must be installed anew.
  return digest.update(`${process.platform}-${process.arch}`).digest('hex');
}

function isInstalled() {
  return readOrEmpty(inRoot('node_modules/.plimsoll-lock')) === lockDigest();
}

async function install() {
  const digest = lockDigest();
  say('installing the packages of package-lock.json (npm ci, up to two minutes) …');
  // A production setting in the environment must not drop the compiler; the .npmrc keeps npm quiet.
  const args = ['ci', '--include=dev', '--loglevel=error', '--no-audit', '--no-fund'];
  const npm = process.env.npm_execpath ?? '';
  const result = npm.endsWith('npm-cli.js')
    ? await runNode(npm, args, ['ignore', 2, 2])
    : await run('npm', args, ['ignore', 2, 2]);
  if (result.code !== 0) fail('npm ci failed, see above');
  fs.writeFileSync(inRoot('node_modules/.plimsoll-lock'), digest);
}

/**
 * Digest of names, sizes and times of all sources. Times are compared for equality and not for
 * order, so that checking out an older version or deleting a file also calls for a build.
 */
function sourcesDigest() {
  const digest = createHash('sha256').update(lockDigest());
  for (const file of [...buildFiles, ...sourceFolders.flatMap(listSources)]) {
    const { size, mtimeMs } = fs.statSync(inRoot(file), { throwIfNoEntry: false }) ?? {};
    digest.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return digest.digest('hex');
}

function listSources(folder) {
  if (!fs.existsSync(inRoot(folder))) return [];
  const names = fs.readdirSync(inRoot(folder), { recursive: true }).map(String);
  const sources = names.filter((name) => name.endsWith('.ts') && !name.includes('node_modules'));
  return sources.sort().map((name) => path.join(folder, name));
}

function isBuilt() {
  return readOrEmpty(inRoot('dist/.plimsoll-build')) === sourcesDigest();
}

/** The digest is taken before the compiler reads, so that an edit during the build is not lost. */
async function build() {
  const digest = sourcesDigest();
  // Without its stamp a half-finished or failed build is never taken for a good one.
  fs.rmSync(inRoot('dist/.plimsoll-build'), { force: true });
  say('compiling …');
  const types = await runTool('tsc', ['-p', 'tsconfig.json', '--noEmit'], ['ignore', 2, 2]);
  const args = [root, ...sourceFolders];
  const compiled = await runNode(inRoot('main/build.mjs'), args, ['ignore', 2, 2]);
  removeOrphans();
  if (types.code !== 0 || compiled.code !== 0) return false;
  fs.writeFileSync(inRoot('dist/.plimsoll-build'), digest);
  return true;
}

/** What the compiler writes besides a file for each source. */
const sharedOutput = /^(_virtual|chunks)\b/;

/** The output of a deleted source would go on working unnoticed. */
function removeOrphans() {
  if (!fs.existsSync(inRoot('dist'))) return;
  for (const name of fs.readdirSync(inRoot('dist'), { recursive: true }).map(String)) {
    if (!/\.js(\.map)?$/.test(name) || sharedOutput.test(name)) continue;
    if (!fs.existsSync(inRoot(sourceOf(name)))) fs.rmSync(inRoot('dist', name));
  }
}

function sourceOf(target) {
  return target.replace(/\.js(\.map)?$/, '.ts');
}

/**
 * Two commands started together must not install or compile into the same folders at once. The
 * holder touches the lock file every second; a lock left behind by a killed process goes stale.
 */
async function takeLock() {
  const file = inRoot('.plimsoll-setup.lock');
  const mine = `${os.hostname()} ${process.pid} ${Date.now()}`;
  for (let saidWaiting = false; ; saidWaiting = true) {
    try {
      fs.writeFileSync(file, mine, { flag: 'wx' });
      break;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isStale(file)) removeStale(file);
    else if (!saidWaiting) say('waiting for another command that installs or compiles …');
    await new Promise((resolve) => setTimeout(resolve, lockPollMs));
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    fs.utimes(file, now, now, () => {});
  }, lockHeartbeatMs);
  const removeMine = () => {
    if (readOrEmpty(file) === mine) fs.rmSync(file, { force: true });
  };
  process.on('exit', removeMine);
  return () => {
    clearInterval(heartbeat);
    process.off('exit', removeMine);
    removeMine();
  };
}

function isStale(file) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (Date.now() - stat.mtimeMs > lockStaleMs) return true;
  const [host, pid] = readOrEmpty(file).split(' ');
  // A process id says something only on the machine that gave it.
  return host === os.hostname() && pid !== undefined && !isAlive(Number(pid));
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * Moving is atomic: of several waiters only one gets the file. If a faster waiter has put a fresh
 * lock in place meanwhile, it is put back, unless yet another one has taken its place.
 */
function removeStale(file) {
  const aside = `${file}.${process.pid}`;
  try {
    fs.renameSync(file, aside);
    if (!isStale(aside)) fs.linkSync(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  fs.rmSync(aside, { force: true });
}

function runTool(name, args, stdio) {
  return runNode(inRoot(tools[name]), args, stdio);
}

function runNode(file, args, stdio) {
  return run(process.execPath, [file, ...args], stdio);
}

/** Runs a child to its end, handing on the signals that this process gets meanwhile. */
function run(command, args, stdio = 'inherit') {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio });
    // A terminal sends Ctrl-C to the child as well, and a second one means "at once" to many tools.
    const forward = (signal) => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve({ code, signal });
    });
  });
}

/** Ends this process the way its child ended, so that a caller sees no difference. */
function exitLike({ code, signal }) {
  if (signal === null) process.exit(code);
  process.kill(process.pid, signal);
}

function refuseOldNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = nodeVersionMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  const needed = nodeVersionMin.join('.');
  fail(`Plimsoll needs Node ${needed} or newer, and this is Node ${process.versions.node}.`);
}

function readOrEmpty(file) {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}

await main();
