import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../config/config.js';
import { groupOptions } from './shard-options.js';

const SPREAD = { version: 1, layout: 'spread', markets: [1, 2, 3] } as const;

describe('how often a shard writes a snapshot', () => {
  it('is more often among others, whose messages a recovery keeps in memory', () => {
    const config = readConfig(null);
    expect(groupOptions(config, 'inline', null).settings.snapshotEveryMessages).toBe(5_000_000);
    const placement = { ...SPREAD, markets: [...SPREAD.markets] };
    const spread = groupOptions(config, 'spread', placement);
    expect(spread.settings.snapshotEveryMessages).toBe(1_000_000);
  });

  it('is what the operator says, in every layout', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-options-'));
    const file = path.join(folder, 'own.toml');
    fs.writeFileSync(file, '[snapshots]\neveryMessages = 20000\n');
    const config = readConfig(file);
    fs.rmSync(folder, { recursive: true });
    for (const placement of [null, { ...SPREAD, markets: [...SPREAD.markets] }]) {
      const layout = placement === null ? 'inline' : 'spread';
      const { settings } = groupOptions(config, layout, placement);
      expect(settings.snapshotEveryMessages).toBe(20_000);
    }
  });
});
