import { runFork } from '../run-fork.js';
import type { LoadAnswer, LoadTask } from './load-task.js';

/** Runs the client in a process of its own. `onWarm`: from now on it measures, of an open loop. */
export function runLoad(task: LoadTask, onWarm: () => void = () => {}): Promise<LoadAnswer> {
  return runFork<LoadAnswer>(new URL('./load-client.js', import.meta.url), task, [], onWarm);
}
