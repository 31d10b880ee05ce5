import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Frame } from '../../shard/frame.js';
import { journalDirectory, listSequenced } from './directories.js';
import { type OpenedShard, type OpenShardOptions, openShard } from './open-shard.js';
import { stateHash } from './state-hash.js';
import { epochFrame, ToyShard, toyFrame } from './toy-shard.fixture.js';

/** A new folder below the system's temporary one; tests remove it with `removeScratch`. */
export function makeScratch(): string {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-journal-'));
  made.push(dir);
  return dir;
}

export function removeScratch(): void {
  for (const dir of made.splice(0)) fs.rmSync(dir, { recursive: true, force: true });
}

const made: string[] = [];

export function openToy(
  dataDir: string,
  options: Partial<OpenShardOptions> = {},
): OpenedShard<ToyShard> {
  return openShard(dataDir, 0, () => new ToyShard(), { policy: 'never', ...options });
}

/** Journals and applies one frame, as a host does. */
export function run(opened: OpenedShard<ToyShard>, frame: Frame): void {
  opened.journal.append(frame);
  opened.journal.write();
  opened.shard.applyFrame(frame);
  opened.shard.events.reset();
}

export function beginEpoch(opened: OpenedShard<ToyShard>): void {
  run(opened, epochFrame(opened.journal.nextSequence, opened.journal.epoch));
}

/** A data directory with one start and the given frames; returns the state hash after each sequence. */
export async function writeToyJournal(
  dataDir: string,
  frames: readonly (readonly number[])[],
  options: Partial<OpenShardOptions> = {},
): Promise<Map<number, string>> {
  const opened = openToy(dataDir, options);
  const hashes = new Map([[opened.shard.sequence, stateHash(opened.shard)]]);
  beginEpoch(opened);
  hashes.set(opened.shard.sequence, stateHash(opened.shard));
  for (const sizes of frames) {
    run(opened, toyFrame(opened.journal.nextSequence, sizes));
    hashes.set(opened.shard.sequence, stateHash(opened.shard));
  }
  await opened.close();
  return hashes;
}

export function segmentsOf(dataDir: string): string[] {
  return listSequenced(journalDirectory(dataDir, 0), 'journal').map((file) => file.path);
}
