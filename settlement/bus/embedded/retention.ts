import fs from 'node:fs';
import path from 'node:path';
import type { StreamLimits } from '../streams.js';
import { listSegments } from './log-folder.js';
import { readStamped } from './stamped-file.js';

export function readersFolder(folder: string): string {
  return path.join(folder, 'readers');
}

/** Where a durable reader keeps its position. */
export function positionPath(folder: string, durable: string): string {
  return path.join(readersFolder(folder), durable, 'position');
}

/**
 * Removes the oldest segments as the limits say; the newest one always stays.
 *
 * @param newestBytes what the newest segment will have
 * @returns bytes of the whole stream afterwards
 */
export function removeOldSegments(
  folder: string,
  limits: StreamLimits,
  newestBytes: number,
): number {
  const segments = listSegments(folder);
  const old = segments.slice(0, -1).map((segment, index) => {
    const { size, mtimeMs } = fs.statSync(segment.path);
    return { ...segment, size, mtimeMs, last: segments[index + 1]!.firstSequence - 1 };
  });
  let total = old.reduce((sum, { size }) => sum + size, newestBytes);
  if (old.length === 0) return total;
  const floor = lowestFloor(folder);
  const oldestMs = limits.maxAgeMs === null ? 0 : Date.now() - limits.maxAgeMs;
  for (const { path: file, size, mtimeMs, last } of old) {
    const isRead = total > limits.trimAboveBytes && last <= floor;
    const mayDrop = limits.whenFull === 'dropOldest' && total > limits.maxBytes;
    if (!isRead && !mayDrop && mtimeMs >= oldestMs) break;
    fs.rmSync(file);
    total -= size;
  }
  return total;
}

/** All durable readers have acknowledged up to here; −1 as long as there is none. */
function lowestFloor(folder: string): number {
  if (!fs.existsSync(readersFolder(folder))) return -1;
  const floors = fs
    .readdirSync(readersFolder(folder))
    .map((durable) => readStamped(positionPath(folder, durable))?.[0] ?? 0);
  return floors.length === 0 ? -1 : Math.min(...floors);
}
