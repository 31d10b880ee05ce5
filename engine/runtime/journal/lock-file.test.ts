import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { processFields } from '../process-fields.js';
import { takeLock } from './lock-file.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-lock-'));
const file = path.join(folder, 'lock');
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const isLinux = process.platform === 'linux';

it.skipIf(!isLinux)(
  'is taken over from a process that was killed and that nobody has reaped',
  async () => {
    // The shell becomes a program that never asks how its child has ended.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [line] = await once(parent.stdout, 'data');
    const pid = Number(String(line));
    // While it still is the shell, it might ask.
    const program = () => fs.readFileSync(`/proc/${parent.pid}/comm`, 'utf8').trim();
    await expect.poll(program).toBe('sleep');
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    try {
      const started = `${boot}:${processFields(pid)[19]}`;
      fs.writeFileSync(file, `${JSON.stringify({ pid, host: os.hostname(), started })}\n`);
      expect(() => takeLock(folder)).toThrow(
        `process ${pid} on ${os.hostname()} has this shard open`,
      );
      process.kill(pid, 'SIGKILL');
      await expect.poll(() => processFields(pid)[0]).toBe('Z');
      const giveBack = takeLock(folder);
      expect(JSON.parse(fs.readFileSync(file, 'utf8'))).toMatchObject({ pid: process.pid });
      giveBack();
      expect(fs.existsSync(file)).toBe(false);
    } finally {
      parent.kill('SIGKILL');
    }
  },
);
