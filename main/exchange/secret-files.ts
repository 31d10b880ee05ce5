import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { StartError } from '../config/problem.js';

const OPERATOR_KEY_BYTES = 32;
const TOKEN_BYTES = 24;

/** 32 random bytes from which API secrets follow; made at the first start. Whoever has them can make any secret. */
export function operatorKey(dataDir: string): Uint8Array {
  const file = path.join(dataDir, 'operator.key');
  const text = readOrCreate(file, () => randomBytes(OPERATOR_KEY_BYTES).toString('hex'));
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new StartError(`${file} must hold 64 hexadecimal digits; restore it from a copy`);
  }
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** The token that was given, or else one that is made at the first start and stays. */
export function adminToken(dataDir: string, given: string | null): string {
  if (given !== null) return given;
  const file = path.join(dataDir, 'admin.token');
  const text = readOrCreate(file, () => randomBytes(TOKEN_BYTES).toString('base64url'));
  if (text.length > 0) return text;
  throw new StartError(`${file} is empty; write a token into it or remove it`);
}

/** Only the owner may read it, from its first moment on; a crash leaves the old file or the whole new one. */
export function readOrCreate(file: string, make: () => string): string {
  try {
    return fs.readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw new StartError(`${file} cannot be read: ${(error as Error).message}`);
    }
  }
  const text = make();
  const temporary = `${file}.${process.pid}`;
  const handle = fs.openSync(temporary, 'w', 0o600);
  try {
    fs.writeSync(handle, `${text}\n`);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(temporary, file);
  return text;
}
