import fs from 'node:fs';
import path from 'node:path';
import { destination, type Logger, pino } from 'pino';

export type Log = ReturnType<typeof openLog>;

/**
 * Structured log of a process: one JSON object a line in DATA/log/FILE, warnings and worse also as a sentence
 * on standard error. Keys, tokens, secrets and signatures are never handed to it, and would be blacked out.
 */
export function openLog(dataDir: string, name = 'exchange.log'): Logger {
  const folder = path.join(dataDir, 'log');
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = logFile(path.join(folder, name));
  const secrets = ['token', 'apiSecret', 'secret', 'signature', 'operatorKey', 'authorization'];
  const redact = { paths: secrets.flatMap((name) => [name, `*.${name}`]), censor: '[secret]' };
  const hooks = {
    logMethod(this: Logger, args: unknown[], method: (...rest: unknown[]) => void, level: number) {
      if (level >= WARN) process.stderr.write(`plimsoll: ${sentenceOf(args)}\n`);
      method.apply(this, args);
    },
  };
  return pino({ level: 'info', base: null, redact, hooks: hooks as never }, file);
}

/**
 * On a full disk nobody is helped by an end: its warnings are sentences as well, and lines wait for room, as many as memory can spare.
 */
function logFile(dest: string) {
  const file = destination({ dest, sync: true, mode: 0o600, maxLength: WAITING_BYTES_MAX });
  let hasFailed = false;
  file.on('error', (error) => {
    if (!hasFailed) process.stderr.write(`plimsoll: ${dest} cannot be written: ${error.message}\n`);
    hasFailed = true;
  });
  file.on('write', () => {
    hasFailed = false;
  });
  return file;
}

const WAITING_BYTES_MAX = 4 * 1024 ** 2;
const WARN = 40;

function sentenceOf(args: readonly unknown[]): string {
  return String(args.find((argument) => typeof argument === 'string') ?? 'see the log');
}
