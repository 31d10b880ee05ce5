import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Config, readConfig } from '../config/config.js';
import { createShardIn, placementFor, readPlacement, SPREAD_MARKETS_MAX } from './placement.js';

const folders: string[] = [];

function configWith(dataDir: string, ...ids: number[]): Config {
  const config = readConfig(null);
  const [market] = config.markets;
  if (market === undefined) throw new Error('the defaults have markets');
  return { ...config, dataDir, markets: ids.map((marketId) => ({ ...market, marketId })) };
}

function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-placement-'));
  folders.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of folders.splice(0)) fs.rmSync(folder, { recursive: true });
});

describe('where markets live in layout spread', () => {
  it('is decided once: new markets come behind, whatever the configuration’s order', () => {
    const folder = scratch();
    expect(placementFor(configWith(folder, 5, 2), 'spread')?.markets).toEqual([5, 2]);
    expect(placementFor(configWith(folder, 2, 5), 'spread')?.markets).toEqual([5, 2]);
    expect(placementFor(configWith(folder, 1, 2), 'spread')?.markets).toEqual([5, 2, 1]);
    expect(placementFor(configWith(folder, 7, 5), 'spread')?.markets).toEqual([5, 2, 1, 7]);
    expect(readPlacement(folder)?.markets).toEqual([5, 2, 1, 7]);
  });

  it('keeps folders of other layouts apart, both ways', () => {
    const spread = scratch();
    placementFor(configWith(spread, 1), 'spread');
    for (const layout of ['inline', 'compact'] as const) {
      expect(() => placementFor(configWith(spread, 1), layout)).toThrow(
        /was made by layout spread .*start it with --layout spread, or name another folder/,
      );
    }
    const alone = scratch();
    expect(placementFor(configWith(alone, 1), 'compact')).toBeNull();
    fs.mkdirSync(path.join(alone, 'shard-0'));
    expect(placementFor(configWith(alone, 1), 'inline')).toBeNull();
    expect(() => placementFor(configWith(alone, 1), 'spread')).toThrow(
      /was made by layout inline or compact .*start it with --layout inline or --layout compact/,
    );
    expect(createShardIn(0, alone).routing).toBeNull();
    expect(createShardIn(2, spread).routing?.shards).toBe(3);
  });

  it('is refused when there are too many or no markets, or the file is none', () => {
    const ids = Array.from({ length: SPREAD_MARKETS_MAX + 1 }, (_, i) => i + 1);
    expect(() => placementFor(configWith(scratch(), ...ids), 'spread')).toThrow(
      /at most 64 markets, but there are 65/,
    );
    expect(() => placementFor(configWith(scratch()), 'spread')).toThrow(/at least one market/);
    const folder = scratch();
    for (const text of ['', '{}', '{"version":1,"layout":"spread","markets":[1,1]}']) {
      fs.writeFileSync(path.join(folder, 'placement.json'), text);
      expect(() => placementFor(configWith(folder, 1), 'spread')).toThrow(/restore it from a copy/);
    }
  });
});
