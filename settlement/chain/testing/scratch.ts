import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const made: string[] = [];

/** A new folder below the system's temporary one; tests remove all with `removeScratch`. */
export function makeScratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-chain-'));
  made.push(folder);
  return folder;
}

export function removeScratch(): void {
  for (const folder of made.splice(0)) fs.rmSync(folder, { recursive: true, force: true });
}
