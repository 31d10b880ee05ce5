import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CrashReport, formatCrashReport } from './crash-report.js';
import { END_MS, PricePath } from './price-path.js';
import { runCrash } from './run-crash.js';

function withoutTimes({ conditions, engine, priceToFirstOrderMs, ...rest }: CrashReport) {
  return { ...rest, frames: engine.frames, prices: priceToFirstOrderMs.prices };
}

describe('the crash scenario', () => {
  it('comes down every rung, owes nothing to anybody, and is the same in every run', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-crash-'));
    try {
      const [csv, svg] = ['crash.csv', 'crash.svg'].map((name) => path.join(folder, name));
      const report = runCrash({ accounts: 120, csv: csv as string, svg: svg as string });
      expect(report.liquidations.begun).toBeGreaterThan(20);
      expect(report.liquidations.ended).toBe(report.liquidations.begun);
      expect(report.accountsInDebt).toBe(0);
      expect(report.deleveraging.lots).toBeLessThanOrEqual(report.deleveraging.leastLots);
      const { before, after, fees, shortfalls, dust, debts } = report.fundMicroUsd;
      const moved = BigInt(fees) + BigInt(dust) - BigInt(shortfalls) - BigInt(debts);
      expect(BigInt(after)).toBe(BigInt(before) + moved);
      const again = runCrash({ accounts: 120, csv: null, svg: null });
      expect(withoutTimes(again)).toEqual(withoutTimes(report));
      expect(formatCrashReport(report)).toContain('invariants: 301 checks');
      expect(fs.readFileSync(csv as string, 'utf8').split('\n')).toHaveLength(303);
      expect(fs.readFileSync(svg as string, 'utf8')).toMatch(/^<svg [\s\S]*<\/svg>\n$/);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });

  it('falls by 30 % in two minutes, and the oracle is silent twice', () => {
    const path = new PricePath(1_000_000);
    const prices = new Map<number, number | null>();
    for (let ms = 0; ms <= END_MS; ms += 1_000) prices.set(ms, path.next(ms));
    expect(Math.abs((prices.get(120_000) as number) - 700_000)).toBeLessThanOrEqual(1_000);
    expect([...prices.values()].filter((price) => price === null)).toHaveLength(19);
    expect([55_000, 97_000].map((ms) => prices.get(ms))).toEqual([null, null]);
  });
});
