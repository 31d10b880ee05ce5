import os from 'node:os';
import { describe, expect, it } from 'vitest';
import { DiskWatch } from './disk-watch.js';
import { Health } from './health.js';
import type { Log } from './log.js';

const GB = 1e9;
const MINUTE_MS = 60_000;

/** A disk whose free bytes are told minute by minute. */
function watched() {
  const health = new Health([]);
  const logged: string[] = [];
  const log = { warn: (_: object, sentence: string) => logged.push(sentence) } as unknown as Log;
  let freeBytes: number | null = null;
  let atMs = 0;
  const watch = new DiskWatch({
    dataDir: 'data',
    health,
    log,
    freeBytes: async () => {
      if (freeBytes === null) throw new Error('ENOSYS: function not implemented, statfs');
      return freeBytes;
    },
    nowMs: () => atMs,
  });
  const warning = async (free: number | null) => {
    freeBytes = free;
    await watch.look();
    atMs += MINUTE_MS;
    const { warnings } = JSON.parse(health.answer().body) as { warnings?: string[] };
    return warnings?.join() ?? null;
  };
  return { watch, warning, logged };
}

describe('the room on the disk', () => {
  it('is warned of when little is left, once in the log, until there is room again', async () => {
    const { watch, warning, logged } = watched();
    const low =
      'the disk of the data folder has 1000 MB left; orders are refused when nothing is left';
    expect(await warning(2 * GB)).toBeNull();
    expect(await warning(1 * GB)).toBe(low);
    expect(await warning(1 * GB)).toBe(low);
    expect(logged).toEqual([low]);
    expect(await warning(2 * GB)).toBeNull();
    await warning(1 * GB);
    expect(logged).toHaveLength(2);
    expect(watch.freeBytes).toBe(1 * GB);
  });

  it('is warned of hours before it ends, at the rate of the last ten minutes', async () => {
    const { warning } = watched();
    // 100 MB a minute: 40 GB last 400 minutes, 35 GB 350.
    const seen = [];
    for (let free = 40 * GB; free >= 35 * GB; free -= GB / 10) seen.push(await warning(free));
    const first = seen.findIndex((sentence) => sentence !== null);
    expect(first).toBe(41);
    expect(seen[first]).toBe(
      'the disk of the data folder has 35900 MB left, and as it goes it is full in 359 minutes; orders are refused when nothing is left',
    );
    // Nothing more is written: the rate falls, and is no danger after ten minutes at the latest.
    const rest = [];
    for (let minute = 0; minute < 11; minute++) rest.push(await warning(35 * GB));
    expect(rest.at(-1)).toBeNull();
  });

  it('is not judged by the first minutes, nor where nobody can tell', async () => {
    const { watch, warning } = watched();
    for (const free of [40, 30, 20, 10]) expect(await warning(free * GB)).toBeNull();
    expect(await warning(null)).toBeNull();
    expect(watch.freeBytes).toBeNull();
  });

  it('is that of the disk on which the folder lies', async () => {
    const log = { warn: () => {} } as unknown as Log;
    const watch = new DiskWatch({ dataDir: os.tmpdir(), health: new Health([]), log });
    await watch.start();
    watch.stop();
    expect(watch.freeBytes).toBeGreaterThan(0);
  });
});
