import { setTimeout } from 'node:timers/promises';

/** Resolves after so long, or at once when the signal is given. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {});
}
