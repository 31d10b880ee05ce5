import { R_POSITION } from '../../engine/kernel/layout.js';
import type { ShardCore } from '../../engine/shard/shard-core.js';
import type { MarginActor } from '../../risk/margin/margin-actor.js';
import { FlowRandom } from '../workload/random.js';

const POSITIONS = 4;
const CHECKS = 400_000;
/** So few that everything stays in the first caches. */
const HOT = 64;

export interface MarginCheckFigures {
  /** Nanoseconds of a check with reservation, call into the kernel included, of any account, and of the same few. */
  anyNs: number;
  hotNs: number;
}

/** The margin check of an order that opens, by accounts with four positions: as often undone, so that all are alike. */
export function measureMarginCheck(core: ShardCore, accounts: number): MarginCheckFigures {
  const { markets, accounts: homes, kernel } = (core.home as MarginActor).state;
  const able: Float64Array[] = [];
  for (let account = 1; account <= accounts && able.length < accounts / 8; account++) {
    const held = markets.all.filter(({ rows }) => rows.get(account, R_POSITION) !== 0);
    const [first] = held;
    if (held.length !== POSITIONS || first === undefined) continue;
    able.push(Float64Array.of(first.block, account, homes.at(account), first.rows.at(account)));
  }
  if (able.length < HOT) throw new Error('too few accounts have four positions');
  const order = new FlowRandom(3);
  const any = Array.from({ length: 16_384 }, () => able[order.below(able.length)] as Float64Array);
  const measure = (chosen: readonly Float64Array[]): number => {
    const { tryReserve, addOpen } = kernel.calls;
    const startMs = performance.now();
    for (let i = 0; i < CHECKS; i++) {
      const [block = 0, account = 0, record = 0, row = 0] = chosen[
        i % chosen.length
      ] as Float64Array;
      const side = i & 1;
      if (tryReserve(block, account, record, row, side, 131_072, 10, 0) !== 0) {
        throw new Error('an order was refused');
      }
      addOpen(row, side, -10, 0);
    }
    return ((performance.now() - startMs) * 1e6) / CHECKS;
  };
  measure(any);
  return { anyNs: measure(any), hotNs: measure(able.slice(0, HOT)) };
}
