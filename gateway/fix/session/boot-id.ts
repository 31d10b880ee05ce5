import fs from 'node:fs';

const LINUX_BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * Names the time since this machine was switched on: what a process has written is there for the next one, unless the power
 * went away between. Empty where the system has no name for it.
 */
export function bootId(): string {
  try {
    return fs.readFileSync(LINUX_BOOT_ID, 'utf8').trim();
  } catch {
    return '';
  }
}
