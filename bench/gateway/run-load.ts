import { runFork } from '../run-fork.js';
import type { LoadAnswer, LoadTask } from './load-task.js';

/** Runs the client in a process of its own. */
export function runLoad(task: LoadTask): Promise<LoadAnswer> {
  return runFork<LoadAnswer>(new URL('./load-client.js', import.meta.url), task);
}
