// Drives the FIX door with QuickFIX/J, an engine that nobody here wrote, and prints "checks: N of M held".
// Needs Java 17 and Maven; the rest comes from Maven's registry. The exchange is started on free ports.
//
//   node .ci/quickfix.mjs
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const source = path.join(root, '.ci', 'quickfix');
const scratch = mkdtempSync(path.join(os.tmpdir(), 'plimsoll-quickfix-'));
const build = path.join(scratch, 'build');
const data = path.join(scratch, 'data');
const running = new Set();

function run(command, args, options = {}) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', cwd: root, ...options });
  if (status !== 0) throw error ?? new Error(`${command} ended with code ${status}`);
}

async function startExchange() {
  const ports = ['--port', '0', '--admin-port', '0', '--fixp-port', '0', '--fix-port', '0'];
  const sandbox = [
    '--oracle',
    'manual',
    '--no-bots',
    '--settlement',
    'off',
    '--data',
    data,
    '--admin-token',
    'quickfix-peer',
  ];
  const file = path.join(root, 'dist', 'main', 'start.js');
  const child = spawn(process.execPath, [file, ...ports, ...sandbox], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: root,
  });
  running.add(child);
  child.ended = new Promise((resolve) => child.once('exit', resolve));
  const ready = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the exchange ended with code ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(JSON.parse(line.slice('ready '.length)));
    });
  });
  return { child, ready };
}

async function admin({ adminPort, adminToken }, name, body) {
  const response = await fetch(`http://127.0.0.1:${adminPort}/admin/v1/${name}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, connection: 'close' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
  return response.json();
}

async function trader(ready) {
  const { accountId, apiKey, apiSecret } = await admin(ready, 'accounts', {});
  await admin(ready, 'deposits', { accountId, amount: '1000000' });
  return [apiKey, apiSecret];
}

/** The peer asks, in lines that begin with "please", for what only the outside can do. */
async function drive(exchange) {
  let { child, ready } = exchange;
  await admin(ready, 'prices', { market: 'BTC-PERP', index: '100000' });
  const keys = [...(await trader(ready)), ...(await trader(ready))];
  const classes = [path.join(build, 'classes'), path.join(build, 'lib', '*')].join(path.delimiter);
  const peer = spawn('java', ['-cp', classes, 'Peer', String(ready.fixPort), ...keys, scratch], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  running.add(peer);
  const ended = new Promise((resolve) => peer.once('exit', resolve));
  for await (const line of createInterface({ input: peer.stdout })) {
    if (line === 'please restart' || line === 'please kill') {
      child.kill(line === 'please kill' ? 'SIGKILL' : 'SIGTERM');
      await child.ended;
      running.delete(child);
      ({ child, ready } = await startExchange());
      await admin(ready, 'prices', { market: 'BTC-PERP', index: '100000' });
      peer.stdin.write(`${ready.fixPort}\n`);
    } else console.log(line);
  }
  return ended;
}

let code = 1;
try {
  if (!existsSync(path.join(root, 'dist', 'main', 'start.js'))) run('npm', ['run', 'build']);
  const lib = `-DoutputDirectory=${path.join(build, 'lib')}`;
  run('mvn', ['-q', '-B', '-f', path.join(source, 'pom.xml'), 'dependency:copy-dependencies', lib]);
  const classes = path.join(build, 'classes');
  run('javac', [
    '-d',
    classes,
    '-cp',
    path.join(build, 'lib', '*'),
    path.join(source, 'Peer.java'),
    '-sourcepath',
    source,
  ]);
  code = await drive(await startExchange());
} catch (error) {
  console.error(error.message);
} finally {
  for (const child of running) child.kill('SIGKILL');
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(code);
