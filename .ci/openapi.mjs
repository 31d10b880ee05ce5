/**
 * Lets others judge the REST interface: openapi-spec-validator reads the document of a running exchange, and schemathesis makes
 * requests of it, right and wrong ones, signed like any client's, and compares every answer with it.
 *
 *   node .ci/openapi.mjs                      needs Python 3 with venv, and pip
 *   PLIMSOLL_FULL=1 node .ci/openapi.mjs      more requests
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const PACKAGES = ['openapi-spec-validator==0.9.0', 'schemathesis==4.32.5'];
const EXAMPLES = process.env.PLIMSOLL_FULL ? 200 : 40;
/** So that there is something to read of the market; and how long it may take until somebody sells, where others load the machine too. */
const TRADED_MS = 8_000;
const FILLED_WITHIN_MS = 120_000;
const LIMITS = '[gateway]\nrestRequestsPerSecond = 1000000\nrestRequestsBurst = 1000000\n';
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'unsupported_method',
];

/**
 * Signs as PROTOCOL.md says. The HTTP parser of uWebSockets waits forever for a header whose name has other characters than letters,
 * digits and hyphens, so such headers are left out.
 */
const HOOKS = `
import base64, hashlib, hmac, os, re, time
from urllib.parse import urlsplit
import requests
import schemathesis

class Sign(requests.auth.AuthBase):
    def __call__(self, request):
        for name in [name for name in request.headers if not re.fullmatch('[A-Za-z0-9-]+', name)]:
            del request.headers[name]
        parts = urlsplit(request.url)
        asked = parts.path + ('?' + parts.query if parts.query else '')
        now = str(int(time.time() * 1000))
        text = f'plimsoll-rest:v1:plimsoll:{now}:{request.method}:{asked}'.encode()
        digest = hmac.new(os.environ['SECRET'].encode(), text, hashlib.sha256).digest()
        request.headers['plimsoll-key'] = os.environ['KEY']
        request.headers['plimsoll-timestamp'] = now
        request.headers['plimsoll-signature'] = base64.urlsafe_b64encode(digest).rstrip(b'=').decode()
        return request

schemathesis.auth.set_from_requests(Sign())
`;

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-openapi-'));
const bin = (name) => path.join(folder, 'venv', 'bin', name);
const checks = [];

function check(sentence, holds) {
  console.log(`${holds ? 'held' : 'FAILED'}: ${sentence}`);
  checks.push(holds);
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  return { ok: result.status === 0, out: `${result.stdout}${result.stderr}` };
}

function install() {
  const made = run('python3', ['-m', 'venv', path.join(folder, 'venv')]);
  const installed = made.ok && run(bin('pip'), ['install', '--quiet', ...PACKAGES]);
  if (!installed.ok) throw new Error(`pip could not install ${PACKAGES}: ${installed.out}`);
}

/** The exchange as anybody starts it, with its bots, so that there is something to read. */
function startExchange() {
  const config = path.join(folder, 'openapi.toml');
  fs.writeFileSync(config, LIMITS);
  const ports = ['--port', '0', '--admin-port', '0', '--fixp-port', '0', '--fix-port', '0'];
  const own = [
    '--config',
    config,
    '--data',
    path.join(folder, 'data'),
    '--layout',
    'inline',
    '--settlement',
    'off',
  ];
  const stdio = ['ignore', 'pipe', 'inherit'];
  const child = spawn(process.execPath, ['dist/main/start.js', ...ports, ...own], { stdio });
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the exchange ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) resolve({ child, ...JSON.parse(line.slice(6)) });
    });
  });
}

/** An account with a fill, a deposit and an order. */
async function trade({ port, adminPort, adminToken }) {
  const admin = async (name, body) => {
    const headers = { authorization: `Bearer ${adminToken}` };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await fetch(`http://127.0.0.1:${adminPort}/admin/v1/${name}`, request)).json();
  };
  const { accountId, apiKey, apiSecret } = await admin('accounts', {});
  await admin('deposits', { accountId, amount: '10000' });
  const { PlimsollClient } = await import('../dist/sdk/client.js');
  const { apiKeyLogin } = await import('../dist/sdk/login.js');
  const login = apiKeyLogin(apiKey, apiSecret);
  const client = await PlimsollClient.connect({ url: `ws://127.0.0.1:${port}/v1`, login });
  let fills = 0;
  client.on('fill', () => fills++);
  await client.subscribe('private');
  for (const end = Date.now() + FILLED_WITHIN_MS; fills === 0; await sleep(200)) {
    if (Date.now() > end) throw new Error('the bots sell nothing');
    const buy = { market: 'BTC-PERP', side: 'buy', qty: '0.01', orderType: 'market' };
    // Without anybody to buy from it ends, or is refused.
    await client.place(buy).catch(() => {});
  }
  await client.place({ market: 'BTC-PERP', side: 'buy', qty: '0.01', price: '95000' });
  await client.close();
  return { KEY: apiKey, SECRET: apiSecret };
}

async function judge(exchange) {
  await sleep(TRADED_MS);
  const keys = await trade(exchange);
  const url = `http://127.0.0.1:${exchange.port}/v1/openapi.json`;
  const document = path.join(folder, 'openapi.json');
  fs.writeFileSync(document, await (await fetch(url)).text());
  const valid = run(bin('openapi-spec-validator'), [document]);
  check(`the document is valid OpenAPI 3.1: ${valid.out.trim()}`, valid.ok);
  fs.writeFileSync(path.join(folder, 'hooks.py'), HOOKS);
  const options = ['--checks', CHECKS.join(), '--max-examples', String(EXAMPLES)];
  const phases = ['--phases', 'coverage,fuzzing', '--request-timeout', '20'];
  const { ok, out } = run(bin('schemathesis'), ['run', ...options, ...phases, url], {
    cwd: folder,
    env: { ...process.env, ...keys, SCHEMATHESIS_HOOKS: 'hooks' },
  });
  const [line, generated] = /(\d+) generated, .*/.exec(out) ?? ['nothing was asked', '0'];
  if (!ok) console.log(out);
  check(`every answer is as the document says: ${line}`, ok);
  check('hundreds of requests were made', Number(generated) > 300);
}

try {
  install();
  const exchange = await startExchange();
  exchange.child.removeAllListeners('exit');
  try {
    await judge(exchange);
  } finally {
    exchange.child.kill('SIGTERM');
    await new Promise((resolve) => exchange.child.once('exit', resolve));
  }
} finally {
  fs.rmSync(folder, { recursive: true, force: true });
}
const held = checks.filter(Boolean).length;
console.log(`checks: ${held} of ${checks.length} held`);
process.exitCode = held === checks.length ? 0 : 1;
