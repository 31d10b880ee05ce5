import { R_POSITION } from '../../engine/kernel/layout.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import { MARK_TICKS } from './population.js';

const POSITIONS = 4;
const CHECKS = 400_000;
const LOTS = 10;
/** So few that everything stays in the first caches. */
const HOT = 64;
/** Far enough from each other that nothing is fetched along. */
const STEP = 7919;

export interface MarginCheckFigures {
  /** Nanoseconds of a check with reservation, call into the kernel included, of any account, and of the same few. */
  anyNs: number;
  hotNs: number;
}

/** The margin check of an order that opens, by accounts with four positions: as often undone, so that all are alike. */
export function measureMarginCheck(core: ShardCore, accounts: number): MarginCheckFigures {
  const { markets, accounts: homes, kernel } = (core.home as MarginActor).state;
  const able: number[] = [];
  for (let account = 1; account <= accounts; account++) {
    const held = markets.all.filter(({ rows }) => rows.get(account, R_POSITION) !== 0);
    const [first] = held;
    if (held.length !== POSITIONS || first === undefined) continue;
    able.push(first.block, account, homes.at(account), first.rows.at(account));
  }
  const terms = Int32Array.from(able);
  const count = terms.length / 4;
  if (count < HOT) throw new Error('too few accounts have four positions');
  const { tryReserve, addOpen } = kernel.calls;
  const measure = (among: number): number => {
    const startUs = cpuUs();
    for (let i = 0; i < CHECKS; i++) {
      const at = ((i * STEP) % among) * 4;
      const row = terms[at + 3] as number;
      const block = terms[at] as number;
      const account = terms[at + 1] as number;
      const record = terms[at + 2] as number;
      const side = i & 1;
      if (tryReserve(block, account, record, row, side, MARK_TICKS, LOTS, 0) !== 0) {
        throw new Error('an order was refused');
      }
      addOpen(row, side, -LOTS, 0);
    }
    return ((cpuUs() - startUs) * 1e3) / CHECKS;
  };
  measure(count);
  return { anyNs: measure(count), hotNs: measure(HOT) };
}

/** Of the process: other processes do not count. */
export function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
