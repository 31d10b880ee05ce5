import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Layout } from './config/config.js';
import { KillDrill } from './testing/kill-drill.js';

/** A sample with every change; `.ci/run` has a step of its own with more. */
const KILLS = Number(process.env.PLIMSOLL_KILLS ?? 4);
const SECONDS_A_KILL = 20;
const SECONDS_BESIDES = 180;

describe('an exchange that is killed', () => {
  it.each<{ names: string; layouts: readonly Layout[] }>([
    { names: 'inline and compact in turns', layouts: ['inline', 'compact'] },
    { names: 'spread', layouts: ['spread'] },
  ])(
    `comes back with all that it acknowledged, at ${KILLS} random moments under load: $names`,
    async ({ layouts }) => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-kill-'));
      const seed = Number(process.env.PLIMSOLL_SEED ?? Date.now() % 1_000_000_007);
      console.log(`kill drill: PLIMSOLL_SEED=${seed}`);
      const drill = new KillDrill(folder, seed);
      // A machine that pauses may come to hardly any work between some of them.
      for (let i = 0; i < KILLS || drill.orders <= KILLS; i++) {
        await drill.round(layouts[i % layouts.length] as Layout);
      }
      expect(await drill.finish()).toBe(0);
      expect(drill.checkedOrders).toBe(drill.orders);
      expect(drill.orders).toBeGreaterThan(KILLS);
      const { orders, killedStarts } = drill;
      console.log(
        `kill drill: ${orders} acknowledged orders, none was lost; ${killedStarts} starts killed besides`,
      );
      fs.rmSync(folder, { recursive: true });
    },
    (SECONDS_BESIDES + KILLS * SECONDS_A_KILL) * 1000,
  );
});
