import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { binaryForTests } from '../../settlement/bus/server/server-for-tests.fixture.js';
import { SettlementDrill } from '../testing/settlement/settlement-drill.js';

/** A sample of one layout with every change; `.ci/run` has a step of its own with more. */
const KILLS = Number(process.env.PLIMSOLL_SETTLEMENT_KILLS ?? 2);
const IS_SAMPLE = process.env.PLIMSOLL_SETTLEMENT_KILLS === undefined;
const KILLS_A_CHECK = 3;
const SECONDS_A_KILL = 60;
const SECONDS_BESIDES = 300;

const nats = await binaryForTests();

describe('kill -9 of exchange, bus, chain or settlement under load', () => {
  it.skipIf(nats === null).each([{ bus: 'nats', layout: 'inline' } as const])(
    `settles each fill and moves each payment once, over ${KILLS} kills: bus $bus, layout $layout`,
    ({ bus, layout }) => drill(bus, layout),
    (KILLS * SECONDS_A_KILL + SECONDS_BESIDES) * 1_000,
  );

  it.skipIf(IS_SAMPLE && nats !== null).each([{ bus: 'embedded', layout: 'spread' } as const])(
    `settles each fill and moves each payment once, over ${KILLS} kills: bus $bus, layout $layout`,
    ({ bus, layout }) => drill(bus, layout),
    (KILLS * SECONDS_A_KILL + SECONDS_BESIDES) * 1_000,
  );
});

async function drill(bus: 'nats' | 'embedded', layout: 'inline' | 'spread'): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-settlement-kill-'));
  const seed = Number(process.env.PLIMSOLL_SEED ?? Date.now() % 1_000_000_007);
  console.log(`settlement drill in ${folder}: PLIMSOLL_SEED=${seed}`);
  const drill = await SettlementDrill.start({ folder, bus, layout, seed });
  try {
    let kills = 0;
    let fills = 0;
    for (; kills < KILLS; kills += KILLS_A_CHECK) {
      await drill.round(Math.min(KILLS_A_CHECK, KILLS - kills));
      const sides = await drill.check();
      expect(sides.fills).toBeGreaterThan(fills);
      fills = sides.fills;
    }
    expect(await drill.finish()).toEqual({ code: 0, left: [] });
    const { orders, deposits, withdrawals, killedStarts } = drill;
    const killed = [...drill.killed].map(([victim, count]) => `${victim} ${count}`).join(', ');
    console.log(
      `settlement drill: ${orders} orders, ${fills} fills, ${deposits} deposits, ${withdrawals} withdrawals; killed ${killed}, starts ${killedStarts}`,
    );
    expect(withdrawals).toBeGreaterThan(0);
  } catch (error) {
    await drill.abandon();
    throw error;
  }
  fs.rmSync(folder, { recursive: true });
}
