import { runFork } from '../run-fork.js';
import type { ChildAnswer, ChildTask } from './child.js';

/** Measures in a fresh process. */
export async function runChild(task: ChildTask): Promise<ChildAnswer> {
  const module = new URL('./child.js', import.meta.url);
  try {
    return await runFork<ChildAnswer>(module, task, ['--expose-gc']);
  } catch (error) {
    throw new Error(`${task.engine}: ${error instanceof Error ? error.message : error}`);
  }
}
