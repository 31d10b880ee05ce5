import fs from 'node:fs';
import path from 'node:path';
import {
  listShards,
  makeDurableDirectory,
  syncDirectory,
} from '../../engine/runtime/journal/directories.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import { createShardCore, createSpreadShardCore } from '../compose.js';
import type { Config, Layout } from '../config/config.js';
import { StartError } from '../config/problem.js';

/** As many as a margin actor can know. */
export const SPREAD_MARKETS_MAX = 64;
const FILE = 'placement.json';
const VERSION = 1;

/**
 * Which shard hosts which market in layout `spread`: the market's place in this list is its shard's number. It is in a file of
 * the data folder, because every part has to agree on it before any journal is read; markets are added at the end, and none
 * ever moves.
 */
export interface SpreadPlacement {
  version: number;
  layout: 'spread';
  /** Market ids by shard. */
  markets: number[];
}

/** Null: the folder has everything in one shard, or nothing yet. */
export function readPlacement(dataDir: string): SpreadPlacement | null {
  const file = path.join(dataDir, FILE);
  if (!fs.existsSync(file)) return null;
  let found: Partial<SpreadPlacement> | null = null;
  try {
    found = JSON.parse(fs.readFileSync(file, 'utf8'));
  } catch {
    // The sentence below says it.
  }
  const markets = found?.markets;
  const sound =
    found?.version === VERSION &&
    found.layout === 'spread' &&
    Array.isArray(markets) &&
    markets.length > 0 &&
    markets.every((id, i) => Number.isInteger(id) && id > 0 && markets.indexOf(id) === i);
  if (sound) return found as SpreadPlacement;
  throw new StartError(
    `${file} must be {"version":${VERSION},"layout":"spread","markets":[ids by shard]}; restore it from a copy`,
  );
}

/** A new shard of the kind that the folder has. */
export function createShardIn(shardId: number, dataDir: string): ShardCore {
  return readPlacement(dataDir) === null ? createShardCore() : createSpreadShardCore(shardId);
}

/**
 * The placement for a start in this layout, written down before anything else happens; null for the layouts with one shard.
 * Refuses a folder that another kind of layout has made.
 */
export function placementFor(config: Config, layout: Layout): SpreadPlacement | null {
  const { dataDir } = config;
  const known = readPlacement(dataDir);
  if (layout !== 'spread') {
    if (known === null) return null;
    throw new StartError(
      `${dataDir} was made by layout spread and has a shard for each of ${known.markets.length} markets, which layout ${layout} cannot open; ` +
        'start it with --layout spread, or name another folder with --data',
    );
  }
  if (known === null && listShards(dataDir).length > 0) {
    throw new StartError(
      `${dataDir} was made by layout inline or compact and has everything in one shard, which layout spread cannot open; ` +
        'start it with --layout inline or --layout compact, or name another folder with --data',
    );
  }
  const markets = [...(known?.markets ?? [])];
  for (const { marketId } of config.markets)
    if (!markets.includes(marketId)) markets.push(marketId);
  if (markets.length === 0) {
    throw new StartError(`${config.file}: layout spread needs at least one market`);
  }
  if (markets.length > SPREAD_MARKETS_MAX) {
    throw new StartError(
      `${config.file}: layout spread takes at most ${SPREAD_MARKETS_MAX} markets, but there are ${markets.length}, those listed before included`,
    );
  }
  const placement: SpreadPlacement = { version: VERSION, layout: 'spread', markets };
  if (markets.length !== known?.markets.length) writePlacement(dataDir, placement);
  return placement;
}

/** The old file or the whole new one, also after a power failure. */
function writePlacement(dataDir: string, placement: SpreadPlacement): void {
  makeDurableDirectory(dataDir);
  const file = path.join(dataDir, FILE);
  const temporary = `${file}.new`;
  const handle = fs.openSync(temporary, 'w', 0o600);
  try {
    fs.writeSync(handle, `${JSON.stringify(placement)}\n`);
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
  fs.renameSync(temporary, file);
  syncDirectory(dataDir);
}
