import { randomInt } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { processFields } from '../process-fields.js';
import { makeDurableDirectory } from './directories.js';

/** Field 22 of all: ticks since the boot. */
const STARTED = 19;

/** Another process, or another thread of this one, has the shard open. */
export class LockedError extends Error {
  override readonly name = 'LockedError';
}

interface Holder {
  pid: number;
  host: string;
  /** When the process started and in which boot, '' where the system does not tell. */
  started: string;
}

/**
 * Takes `lock` in a shard's folder, so that two processes never append to one journal, and returns what
 * gives it back. The lock of a process that is gone is taken over.
 */
export function takeLock(shardDir: string): () => void {
  makeDurableDirectory(shardDir);
  const file = path.join(shardDir, 'lock');
  const mine = JSON.stringify(holderOf(process.pid));
  const temporary = `${file}.${process.pid}.${randomInt(2 ** 32)}`;
  fs.writeFileSync(temporary, `${mine}\n`, { mode: 0o600 });
  try {
    // A link appears with its content, and only one of several processes can make it.
    for (let attempt = 0; !tryLink(temporary, file); attempt++) {
      if (attempt === 10 || !isStale(file)) throw new LockedError(whoHolds(file));
      moveAside(file);
    }
  } finally {
    fs.rmSync(temporary, { force: true });
  }
  return () => {
    if (readHolder(file)?.pid === process.pid) fs.rmSync(file, { force: true });
  };
}

function tryLink(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Of several processes that see a stale lock only one moves it; a fresh lock is put back. */
function moveAside(file: string): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  if (!isStale(aside)) tryLink(aside, file);
  fs.rmSync(aside, { force: true });
}

/**
 * A process id alone can be given again, above all in containers, where ids start at 1: it counts
 * together with the time at which its process started. Of another host nothing is known.
 */
function isStale(file: string): boolean {
  const holder = readHolder(file);
  if (holder === null) return !fs.existsSync(file) || fs.readFileSync(file, 'utf8') === '';
  if (holder.host !== os.hostname()) return false;
  if (!isAlive(holder.pid)) return true;
  return holder.started !== '' && holder.started !== holderOf(holder.pid).started;
}

function whoHolds(file: string): string {
  const holder = readHolder(file);
  if (holder === null) return `${file} is not a lock of this program; remove it if nothing runs`;
  const who = `process ${holder.pid} on ${holder.host}`;
  return `${file} says that ${who} has this shard open; stop it, or remove the file if it is gone`;
}

function holderOf(pid: number): Holder {
  return { pid, host: os.hostname(), started: startOf(pid) };
}

function startOf(pid: number): string {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}:${processFields(pid)[STARTED]}`;
  } catch {
    return '';
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !isZombie(pid);
}

/** It has ended, and nobody has asked how: it keeps its id for ever where the first process of a container reaps nothing. */
function isZombie(pid: number): boolean {
  try {
    return ['Z', 'X'].includes(processFields(pid)[0] ?? '');
  } catch {
    return false;
  }
}

function readHolder(file: string): Holder | null {
  try {
    const holder = JSON.parse(fs.readFileSync(file, 'utf8')) as Holder;
    return Number.isInteger(holder.pid) ? holder : null;
  } catch {
    return null;
  }
}
