import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ChildAnswer, ChildTask } from './child.js';

/** Measures in a fresh process. */
export function runChild(task: ChildTask): Promise<ChildAnswer> {
  const file = fileURLToPath(new URL('./child.js', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(file, [], {
      execArgv: ['--expose-gc'],
      // Standard output belongs to the report.
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    let answer: ChildAnswer | null = null;
    child.on('message', (message) => {
      answer = message as ChildAnswer;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (answer === null)
        reject(new Error(`${task.engine}: ended by ${signal ?? `code ${code}`}`));
      else if (answer.error !== undefined) reject(new Error(`${task.engine}: ${answer.error}`));
      else resolve(answer);
    });
    child.send(task);
  });
}
