import type { FaultName } from './faults.js';
import { type SettlementResult, SettlementSimulation } from './settlement/settlement-simulation.js';
import { Simulation, type SimulationResult } from './simulation.js';
import { compareLayouts } from './spread/compare-layouts.js';
import { type SpreadResult, SpreadSimulation } from './spread/spread-simulation.js';

export interface SeedOptions {
  seed: number;
  steps: number;
  faults: ReadonlySet<FaultName>;
}

export interface SeedResult extends SimulationResult {
  spread: SpreadResult;
  /** Commands after which one shard and several were found equal. */
  layoutsCompared: number;
  settlement: SettlementResult;
}

/** A failure with all that is needed to see it again. */
export class SeedFailure extends Error {
  override readonly name = 'SeedFailure';
  readonly part: string;
  readonly step: number;

  constructor(part: string, step: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.part = part;
    this.step = step;
  }
}

/** All that is simulated for a seed: one shard with its clients, several over channels, both layouts side by side, and settlement to the chain. */
export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const { seed, steps, faults } = options;
  const single = new Simulation(seed, steps, faults);
  const result = await explained('one shard', single, () => single.run());
  const several = new SpreadSimulation(seed, steps, faults);
  const spread = await explained('several shards', several, () => several.run());
  const layouts = { step: steps };
  const layoutsCompared = await explained('layouts side by side', layouts, () =>
    compareLayouts(seed, steps),
  );
  const settling = new SettlementSimulation(seed, steps, faults);
  const settlement = await explained('settlement', settling, () => settling.run());
  return { ...result, spread, layoutsCompared, settlement };
}

async function explained<T>(
  part: string,
  where: { step: number },
  run: () => T | Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new SeedFailure(part, where.step, error);
  }
}
