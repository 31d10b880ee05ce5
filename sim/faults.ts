import type { Xorshift } from '../engine/testing/xorshift.js';

/** Everything that can go wrong, by the names that `--faults` takes. */
export const FAULTS = {
  kill: 'the process dies between two steps, inside of a write, or before its output left',
  power: 'power fails: what no sync covers is lost, in part or by sectors',
  flip: 'a byte of a journal or snapshot flips before a restart',
  full: 'the disk takes no more bytes for a while',
  sync: 'a sync fails, after which the journal refuses everything',
  snapshot: 'snapshots at random times; a crash may catch one half-written',
  slow: 'gateways that read slowly, rings that are full',
  channel: 'messages between shards that are lost, doubled, or late',
  vanish: 'gateways and clients that vanish and come back',
  bus: 'the bus loses messages, answers and acknowledgements, doubles deliveries, is away',
  chain: 'transactions that are lost or expire, forks, nodes that do not answer',
  door: 'requests of settlement to the exchange and answers that are lost',
} as const;

export type FaultName = keyof typeof FAULTS;
export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

/** Chances of each fault in a step, in 1/10,000. */
const CHANCES: Record<FaultName, number> = {
  kill: 60,
  power: 60,
  flip: 5_000,
  full: 40,
  sync: 10,
  snapshot: 120,
  slow: 60,
  channel: 0,
  vanish: 400,
  bus: 0,
  chain: 0,
  door: 0,
};

/** Throws the dice for faults. Each kind can be switched off without changing what else happens. */
export class FaultDice {
  private readonly random: Xorshift;
  private readonly enabled: ReadonlySet<FaultName>;

  constructor(random: Xorshift, enabled: ReadonlySet<FaultName>) {
    this.random = random;
    this.enabled = enabled;
  }

  strikes(fault: FaultName): boolean {
    const strikes = this.random.below(10_000) < CHANCES[fault];
    return strikes && this.enabled.has(fault);
  }
}
