import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';

/** Where there are fewer cores than threads, gateway and shards come first, and who follows journals catches up when they rest. */
export const NICENESS = 10;

const RETRY_MS = 200;
const TRIES = 20;

/** The thread that calls. On Linux a niceness belongs to a thread; elsewhere it would be the whole process's. */
export function letOthersBeforeThread(): void {
  if (process.platform === 'linux') lower(0);
}

/** A process that has just been started in a session of its own: threads and processes that it makes take it over. */
export function letOthersBeforeProcess(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    lower(child.pid);
    if (process.platform === 'linux') lowerSession(child, TRIES);
  } catch {
    // It has ended already; whoever started it hears so.
  }
}

/** Only ever down: an exchange that was started with less has no right to more. */
function lower(pid: number): void {
  if (os.getPriority(pid) < NICENESS) os.setPriority(pid, NICENESS);
}

/**
 * Where Linux groups processes by session (autogroup, see sched(7)), it shares cores out between sessions first: a niceness counts only
 * within one, and each has its own.
 */
function lowerSession(child: ChildProcess, tries: number): void {
  if (child.exitCode !== null || child.signalCode !== null) return;
  try {
    fs.writeFileSync(`/proc/${child.pid}/autogroup`, String(NICENESS));
  } catch (error) {
    // The kernel takes ten of these a second from all who are not root. Where it does not group there is no such file.
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || tries <= 1) return;
    setTimeout(() => lowerSession(child, tries - 1), RETRY_MS).unref();
  }
}
