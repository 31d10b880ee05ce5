/**
 * Drives the Binance dialect with ccxt in Python, against the exchange as operators start it:
 *
 *   node .ci/ccxt-python.mjs [LAYOUT]
 *
 * Installs ccxt into a virtual environment of its own (PLIMSOLL_CCXT_VENV keeps one from run to run). The Python
 * program prints one line for each check and "checks: N of M held".
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { startExchange } from './exchange.mjs';

const VERSION = 'ccxt==4.5.90';

function run(program, args) {
  const { status } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${program} ${args[0]} ended with code ${status}`);
}

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-ccxt-python-'));
let code = 1;
try {
  const venv = process.env.PLIMSOLL_CCXT_VENV ?? path.join(folder, 'venv');
  const python = path.join(venv, 'bin', 'python');
  if (!fs.existsSync(python)) run('python3', ['-m', 'venv', venv]);
  run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', VERSION]);
  const exchange = await startExchange(path.join(folder, 'data'), process.argv[2]);
  try {
    await exchange.admin('prices', { market: 'BTC-PERP', index: '100000' });
    const keys = [];
    for (let i = 0; i < 2; i++) {
      const { accountId, apiKey, apiSecret } = await exchange.admin('accounts', {});
      await exchange.admin('deposits', { accountId, amount: '10000' });
      keys.push({ apiKey, apiSecret });
    }
    const given = JSON.stringify({ host: `127.0.0.1:${exchange.port}`, keys });
    const program = path.join(import.meta.dirname, 'ccxt-client.py');
    const options = { stdio: ['ignore', 'inherit', 'inherit'], timeout: 600_000 };
    code = spawnSync(python, [program, given], options).status ?? 1;
  } finally {
    await exchange.stop();
  }
} finally {
  fs.rmSync(folder, { recursive: true });
}
process.exit(code);
