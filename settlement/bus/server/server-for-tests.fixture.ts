import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findNatsServer } from './find-nats-server.js';

/**
 * The server for tests: null when none can be had, and then the tests that need it are skipped. Where
 * `PLIMSOLL_REQUIRE_NATS=1` is set, that is an error instead.
 */
export async function binaryForTests(): Promise<string | null> {
  // Tests start their own server and never touch an operator's one.
  const { NATS_URL: _, ...environment } = process.env;
  const found = await findNatsServer({ environment });
  if (found.kind === 'binary') return found.path;
  const sentence = found.kind === 'none' ? found.sentence : 'NATS_URL is not for tests';
  if (process.env.PLIMSOLL_REQUIRE_NATS === '1') throw new Error(sentence);
  console.warn(`NATS tests are skipped: ${sentence}`);
  return null;
}

export function makeFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-nats-'));
}

export function removeFolder(folder: string): void {
  fs.rmSync(folder, { recursive: true, force: true });
}
