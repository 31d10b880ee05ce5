import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/**
 * Gives a task to a fresh process and waits for its one answer. Standard output belongs to the report, so
 * whatever the process prints goes to standard error. `onNote` hears of what it sends as `{ note }` before.
 */
export function runFork<Answer extends { error?: string | undefined }>(
  module: URL,
  task: object,
  execArgv: readonly string[] = [],
  onNote: (note: string) => void = () => {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(module), [], {
      execArgv: [...execArgv],
      stdio: ['ignore', 2, 2, 'ipc'],
    });
    let answer: Answer | null = null;
    child.on('message', (message: Answer | { note: string }) => {
      if ('note' in message) onNote(message.note);
      else answer = message;
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
