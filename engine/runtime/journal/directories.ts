import fs from 'node:fs';
import path from 'node:path';

/** A file of a shard that is named after a sequence: a segment or a snapshot. */
export interface SequencedFile {
  path: string;
  /** Segment: its first sequence. Snapshot: the last sequence that it contains. */
  sequence: number;
}

export function shardDirectory(dataDir: string, shardId: number): string {
  return path.join(dataDir, `shard-${shardId}`);
}
export function journalDirectory(dataDir: string, shardId: number): string {
  return path.join(shardDirectory(dataDir, shardId), 'journal');
}
export function snapshotDirectory(dataDir: string, shardId: number): string {
  return path.join(shardDirectory(dataDir, shardId), 'snapshots');
}

/** Numbers of the shards that have a folder in the data directory, ascending. */
export function listShards(dataDir: string): number[] {
  const shards: number[] = [];
  for (const name of fs.readdirSync(dataDir)) {
    const match = /^shard-(\d+)$/.exec(name);
    if (match !== null) shards.push(Number(match[1]));
  }
  return shards.sort((a, b) => a - b);
}

/** Sixteen digits hold every safe integer, so that names sort like numbers. */
export function sequencedName(sequence: number, ending: 'journal' | 'snapshot'): string {
  return `${String(sequence).padStart(16, '0')}.${ending}`;
}

/** The segments or snapshots of a folder, lowest sequence first; a missing folder has none. */
export function listSequenced(directory: string, ending: 'journal' | 'snapshot'): SequencedFile[] {
  if (!fs.existsSync(directory)) return [];
  const files: SequencedFile[] = [];
  for (const name of fs.readdirSync(directory)) {
    const match = /^(\d{16})\.(\w+)$/.exec(name);
    if (match === null || match[2] !== ending) continue;
    files.push({ path: path.join(directory, name), sequence: Number(match[1]) });
  }
  return files.sort((a, b) => a.sequence - b.sequence);
}

/** Creates a folder with its parents so that they are still there after a power failure. */
export function makeDurableDirectory(directory: string): void {
  const first = fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = path.dirname(path.resolve(first));
  for (let at = path.resolve(directory); at !== top; at = path.dirname(at)) syncDirectory(at);
  syncDirectory(top);
}

/** A new name is in the directory's own data, which a sync of the file does not cover. */
export function syncDirectory(directory: string): void {
  const fd = fs.openSync(directory, 'r');
  try {
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}

/** Waits until what was written to a file is on the disk, after cutting it when a length is given. */
export function syncFile(file: string, cutToBytes?: number): void {
  const fd = fs.openSync(file, 'r+');
  try {
    if (cutToBytes !== undefined) fs.ftruncateSync(fd, cutToBytes);
    fs.fsyncSync(fd);
  } finally {
    fs.closeSync(fd);
  }
}
