import { readdirSync, readFileSync } from 'node:fs';

const NS_PER_US = 1_000;

/** Processor time of a process' threads so far, by thread, in µs; empty where the system does not tell. */
export function threadTimesOf(pid: number): Map<number, number> {
  const times = new Map<number, number>();
  try {
    for (const name of readdirSync(`/proc/${pid}/task`)) {
      const line = readFileSync(`/proc/${pid}/task/${name}/schedstat`, 'utf8');
      times.set(Number(name), Number(line.split(' ')[0]) / NS_PER_US);
    }
  } catch {
    // No Linux, no such figures; or a thread that has ended meanwhile.
  }
  return times;
}

/** What each thread has had since then: the main thread first, then the others, the busiest first. */
export function threadTimesSince(pid: number, before: ReadonlyMap<number, number>): number[] {
  const since = [...threadTimesOf(pid)].map(([thread, us]) => {
    return { thread, us: us - (before.get(thread) ?? 0) };
  });
  since.sort((a, b) => Number(b.thread === pid) - Number(a.thread === pid) || b.us - a.us);
  return since.map(({ us }) => us);
}
