import os from 'node:os';

/** Where there are fewer cores than threads, gateway and shards come first, and who follows journals catches up when they rest. */
export const NICENESS = 10;

/**
 * The thread that calls. Only ever down: an exchange that was started with less has no right to more. On Linux a niceness belongs to a
 * thread; elsewhere it would be the whole process's.
 *
 * Bus, chain and settlement are in sessions of their own, between which Linux shares cores out (autogroup, sched(7)). A lower share for
 * those gave trading a third more orders on two cores, but on a machine that others load as well deposits took minutes instead of
 * seconds; so they keep theirs.
 */
export function letOthersBeforeThread(): void {
  if (process.platform !== 'linux') return;
  if (os.getPriority() < NICENESS) os.setPriority(0, NICENESS);
}
