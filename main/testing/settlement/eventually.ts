import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 100;

/**
 * Asks again and again until the answer is not null. Errors count as "not yet": what is asked may be starting again. Rejects after a
 * while with the last one.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null> | T | null,
  withinMs: number,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  for (let why = 'it was never so'; ; await sleep(EVERY_MS)) {
    try {
      const answer = await ask();
      if (answer !== null) return answer;
    } catch (error) {
      why = (error as Error).message;
    }
    if (performance.now() > endMs) throw new Error(`${what}: not within ${withinMs} ms: ${why}`);
  }
}
