import fs from 'node:fs';
import path from 'node:path';
import { crc32c } from '@node-rs/crc32';
import { syncFile } from '../../engine/runtime/journal/directories.js';

/** A place in a shard's journal at the end of a frame, with the numbers of the last items up to there. */
export interface OutboxPosition {
  sequence: number;
  epoch: number;
  timeMs: number;
  accountItems: number;
  /** By market. */
  marketItems: ReadonlyMap<number, number>;
}

export const BEGINNING: OutboxPosition = {
  sequence: 0,
  epoch: 0,
  timeMs: 0,
  accountItems: 0,
  marketItems: new Map(),
};

const VERSION = 1;

/** CRC32C of the text behind it, as eight digits, then the text. Replaced as a whole: a crash leaves the old file or the new one. */
export function writePosition(file: string, shardId: number, position: OutboxPosition): void {
  const markets = [...position.marketItems];
  const text = JSON.stringify({ version: VERSION, shardId, ...position, marketItems: markets });
  const next = `${file}.next`;
  fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  fs.writeFileSync(next, `${crcOf(text)} ${text}\n`, { mode: 0o600 });
  // Or a power failure could leave the new name with nothing in it.
  syncFile(next);
  fs.renameSync(next, file);
}

/** A sentence: there is something that cannot be used. Null: there is nothing. */
export function readPosition(file: string, shardId: number): OutboxPosition | string | null {
  let content: string;
  try {
    content = fs.readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    return `${file} cannot be read: ${(error as Error).message}`;
  }
  const text = content.slice(9, -1);
  if (content !== `${crcOf(text)} ${text}\n`) return `${file} is damaged`;
  const stored = JSON.parse(text) as Stored;
  if (stored.version !== VERSION) return `${file} has version ${stored.version}, not ${VERSION}`;
  if (stored.shardId !== shardId) return `${file} belongs to shard ${stored.shardId}`;
  const { sequence, epoch, timeMs, accountItems } = stored;
  return { sequence, epoch, timeMs, accountItems, marketItems: new Map(stored.marketItems) };
}

type Stored = Omit<OutboxPosition, 'marketItems'> & {
  version: number;
  shardId: number;
  marketItems: [number, number][];
};

function crcOf(text: string): string {
  return crc32c(text).toString(16).padStart(8, '0');
}
