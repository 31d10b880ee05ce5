import { describe, expect, it } from 'vitest';
import { FairTurns } from './fair-turns.js';

const ROUND_MS = 200;

/** Many that cannot be done, and what else there is; `stuck` says who fails. */
function queue(stuck: (id: number) => boolean) {
  const said = { nowMs: 1_000_000 };
  const turns = new FairTurns(() => said.nowMs);
  const open: { id: number }[] = [];
  const tried = new Map<number, number>();
  const round = async (most = 50): Promise<void> => {
    said.nowMs += ROUND_MS;
    const step = async ({ id }: { id: number }) => {
      tried.set(id, (tried.get(id) ?? 0) + 1);
      if (stuck(id)) throw new Error(`${id} is stuck`);
      return false;
    };
    await turns.step([...open], most, step).catch(() => {});
  };
  const add = (from: number, to: number) => {
    for (let id = from; id <= to; id++) open.push({ id });
  };
  return { said, open, tried, round, add };
}

describe('turns', () => {
  it('come to everybody, however many of the oldest are stuck', async () => {
    const { tried, round, add } = queue((id) => id <= 1_000);
    add(1, 1_001);
    for (let i = 0; i < 25; i++) await round();
    expect(tried.get(1_001)).toBeGreaterThan(0);
    add(1_002, 1_002);
    await round();
    expect(tried.get(1_002)).toBe(1);
  });

  it('come again to all that only wait, equally often', async () => {
    const { tried, round, add } = queue(() => false);
    add(1, 120);
    for (let i = 0; i < 12; i++) await round();
    const times = [...tried.values()];
    expect(times.length).toBe(120);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(2);
  });

  it('come less and less often to what fails, and at least every two minutes', async () => {
    const { said, tried, round, add } = queue(() => true);
    add(1, 1);
    for (let i = 0; i < 10 * 5; i++) await round();
    expect(tried.get(1)).toBe(5);
    for (let i = 0; i < 20; i++) {
      said.nowMs += 120_000;
      await round();
    }
    expect(tried.get(1)).toBe(25);
  });

  it('begin anew for what has moved, and forget who is gone', async () => {
    let isStuck = true;
    const { said, open, tried, round, add } = queue(() => isStuck);
    add(1, 1);
    for (let i = 0; i < 20; i++) await round();
    isStuck = false;
    said.nowMs += 120_000;
    await round();
    const before = tried.get(1) as number;
    await round();
    expect(tried.get(1)).toBe(before + 1);
    open.length = 0;
    await round();
    isStuck = true;
    add(1, 1);
    await round();
    expect(tried.get(1)).toBe(before + 2);
  });

  it('tell the trouble when nothing has moved', async () => {
    const turns = new FairTurns(() => 1);
    const fail = () => Promise.reject(new Error('no price'));
    await expect(turns.step([{ id: 1 }], 5, fail)).rejects.toThrow('no price');
  });
});
