/**
 * A Java client over sbe-tool's codecs against the running exchange: negotiate, establish, orders, a cut connection, retransmission,
 * terminate.
 *
 *   node .ci/fixp-java.mjs [REQUESTS]       by default 20,000
 *
 * Needs a JDK from 17 on, and Maven, which gets sbe-tool.
 */
import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { base58 } from '@scure/base';
import { root, run, SbeTool } from './sbe/sbe-tool.mjs';

const requests = process.argv[2] ?? '20000';
const work = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-fixp-java-'));
let exchange = null;
try {
  run('npm', ['run', '--silent', 'build'], { cwd: root });
  const tool = new SbeTool(work);
  tool.compile('plimsoll', 'gateway/fixp/plimsoll-sbe.xml', 'plimsoll.sbe', 'FixpPeer.java');
  exchange = await start();
  const pair = generateKeyPairSync('ed25519');
  const seed = pair.privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const key = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const { accountId } = await admin('accounts', { publicKey: base58.encode(key) });
  await admin('deposits', { accountId, amount: '1000000' });
  await admin('prices', { market: 'BTC-PERP', index: '100000' });
  const port = String(exchange.ready.fixpPort);
  const args = [port, seed.toString('hex'), key.toString('hex'), requests];
  process.exitCode = await ended(
    spawn('java', tool.arguments('plimsoll', 'FixpPeer', ...args), { stdio: 'inherit' }),
  );
} finally {
  if (exchange !== null) {
    exchange.child.kill('SIGTERM');
    await ended(exchange.child);
  }
  fs.rmSync(work, { recursive: true, force: true });
}

async function start() {
  const ports = ['--port', '0', '--admin-port', '0', '--fixp-port', '0', '--fix-port', '0'];
  const how = ['--oracle', 'manual', '--no-bots', '--settlement', 'off'];
  const args = [...ports, '--data', path.join(work, 'data'), ...how];
  const child = spawn(process.execPath, [path.join(root, 'dist/main/start.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('ready ')) return { child, ready: JSON.parse(line.slice('ready '.length)) };
  }
  throw new Error('the exchange did not get ready');
}

async function admin(what, body) {
  const { adminPort, adminToken } = exchange.ready;
  const response = await fetch(`http://127.0.0.1:${adminPort}/admin/v1/${what}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}` },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${what}: ${response.status} ${await response.text()}`);
  return response.json();
}

function ended(child) {
  return new Promise((resolve) => child.once('exit', (code) => resolve(code ?? 1)));
}
