import { statfs } from 'node:fs/promises';
import type { Health } from './health.js';
import type { Log } from './log.js';

const LOOK_EVERY_MS = 10_000;
/** Below that it is said whatever the rate: a burst of orders fills so much in minutes. */
const LOW_BYTES = 1024 ** 3;
/** Time to buy a disk, or to move what is old. */
const SOON_MS = 6 * 3_600_000;
/** Over how long the rate is taken, and how long it has to be known for. */
const RATE_OVER_MS = 600_000;
const RATE_KNOWN_AFTER_MS = 300_000;

interface Look {
  atMs: number;
  freeBytes: number;
}

export interface DiskWatchOptions {
  dataDir: string;
  health: Health;
  log: Log;
  /** Bytes that this process may still write below the folder. */
  freeBytes?: (dataDir: string) => Promise<number>;
  nowMs?: () => number;
}

/**
 * Watches the room for journals and histories, which only grow. When it comes to an end the exchange takes no orders any more, and
 * loses none that it has answered; before that `/health` and the log have a warning.
 */
export class DiskWatch {
  /** As of the last look; null: it has not been possible to tell. */
  freeBytes: number | null = null;
  private readonly options: DiskWatchOptions;
  private readonly looks: Look[] = [];
  private hasWarned = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(options: DiskWatchOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer);
  }

  /** Some file systems, of containers and networks, do not tell. */
  async look(): Promise<void> {
    const { dataDir, freeBytes = freeBytesOf, nowMs = () => performance.now() } = this.options;
    try {
      this.note({ atMs: nowMs(), freeBytes: await freeBytes(dataDir) });
    } catch {
      this.freeBytes = null;
    }
  }

  private note(look: Look): void {
    this.freeBytes = look.freeBytes;
    this.looks.push(look);
    while (look.atMs - (this.looks[0] as Look).atMs > RATE_OVER_MS) this.looks.shift();
    const sentence = sentenceOf(look, this.leftMs());
    const { health, log } = this.options;
    if (sentence === null) health.clear('disk');
    else {
      health.warn('disk', sentence);
      if (!this.hasWarned) log.warn({ freeBytes: look.freeBytes }, sentence);
    }
    this.hasWarned = sentence !== null;
  }

  /** Until nothing is left when it goes on as in the last minutes; infinite while that is not known, or nothing is used up. */
  private leftMs(): number {
    const [first, last] = [this.looks[0] as Look, this.looks.at(-1) as Look];
    const passedMs = last.atMs - first.atMs;
    const used = first.freeBytes - last.freeBytes;
    if (passedMs < RATE_KNOWN_AFTER_MS || used <= 0) return Number.POSITIVE_INFINITY;
    return (last.freeBytes / used) * passedMs;
  }
}

/** Bytes that this process may still write there. Rejects where the file system does not tell. */
export async function freeBytesOf(dataDir: string): Promise<number> {
  const { bavail, blocks, bsize } = await statfs(dataDir);
  if (blocks === 0) throw new Error(`${dataDir} is on a file system without a size`);
  return bavail * bsize;
}

/** Null: there is room enough. */
function sentenceOf({ freeBytes }: Look, leftMs: number): string | null {
  if (freeBytes >= LOW_BYTES && leftMs >= SOON_MS) return null;
  const megabytes = Math.floor(freeBytes / 1e6);
  const until =
    leftMs < SOON_MS
      ? `, and as it goes it is full in ${Math.max(1, Math.round(leftMs / 60_000))} minutes`
      : '';
  return `the disk of the data folder has ${megabytes} MB left${until}; orders are refused when nothing is left`;
}
