import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Gives a task to a fresh process and waits for its one answer. Standard output belongs to the report, so
 * whatever the process prints goes to standard error.
 */
export function runFork<Answer extends { error?: string | undefined }>(
  module: URL,
  task: object,
  execArgv: readonly string[] = [],
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(module), [], {
      execArgv: [...execArgv],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    let answer: Answer | null = null;
    child.on('message', (message) => {
      answer = message as Answer;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (answer?.error !== undefined) reject(new Error(answer.error));
      else if (answer !== null) resolve(answer);
      else reject(new Error(`the measuring process ended by ${signal ?? `code ${code}`}`));
    });
    child.send(task);
  });
}
