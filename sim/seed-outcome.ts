import { runSeed, SeedFailure, type SeedOptions, type SeedResult } from './run-seed.js';

/** What a seed has come to, as plain data. */
export type SeedOutcome = { ok: true; result: SeedResult } | { ok: false; failure: FailedSeed };

export interface FailedSeed {
  part: string;
  step: number;
  message: string;
  /** Of the cause; empty: it was no error. */
  stack: string;
}

/** Also what a thread of the pool runs. Throws what is not the simulation's own. */
export default async function seedOutcome(options: SeedOptions): Promise<SeedOutcome> {
  try {
    return { ok: true, result: await runSeed(options) };
  } catch (error) {
    if (!(error instanceof SeedFailure)) throw error;
    const { cause, message, part, step } = error;
    const stack = cause instanceof Error ? (cause.stack ?? '') : '';
    return { ok: false, failure: { part, step, message, stack } };
  }
}
