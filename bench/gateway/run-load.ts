import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LoadAnswer, LoadTask } from './load-task.js';

/** Runs the client in a process of its own. */
export function runLoad(task: LoadTask): Promise<LoadAnswer> {
  const file = fileURLToPath(new URL('./load-client.js', import.meta.url));
  return new Promise((resolve, reject) => {
    const child = fork(file, [], { stdio: ['ignore', 2, 2, 'ipc'] });
    let answer: LoadAnswer | null = null;
    child.on('message', (message) => {
      answer = message as LoadAnswer;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (answer?.error !== undefined) reject(new Error(answer.error));
      else if (answer !== null) resolve(answer);
      else reject(new Error(`the client ended by ${signal ?? `code ${code}`}`));
    });
    child.send(task);
  });
}
