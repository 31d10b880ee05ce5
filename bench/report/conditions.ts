import { availableParallelism, cpus, loadavg, totalmem } from 'node:os';

/** Under which circumstances figures came about: without them a figure means nothing. */
export interface Conditions {
  cpu: string;
  cores: number;
  memoryGb: number;
  node: string;
  platform: string;
  startedAt: string;
  /** Runnable processes before the benchmark began; near or above `cores` the machine was not ours. */
  loadBefore: number;
  rounds: number;
}

export function conditionsNow(rounds: number): Conditions {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    startedAt: new Date().toISOString(),
    loadBefore: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    rounds,
  };
}

export function formatConditions(conditions: Conditions): string {
  const { cpu, cores, memoryGb, node, platform, loadBefore, rounds, startedAt } = conditions;
  return (
    `${cpu}, ${cores} cores, ${memoryGb} GB, ${platform}, Node ${node}; ` +
    `${rounds} rounds, load before ${loadBefore}, ${startedAt}`
  );
}
