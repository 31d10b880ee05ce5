import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { CrowdAnswer, CrowdQuestion } from './crowd-task.js';

/** Many connections in a process of their own. */
export class Crowd {
  private readonly child: ChildProcess;

  constructor() {
    const file = fileURLToPath(new URL('./crowd-client.js', import.meta.url));
    this.child = fork(file, [], { stdio: ['ignore', 2, 2, 'ipc'] });
  }

  ask(question: CrowdQuestion): Promise<CrowdAnswer> {
    const { child } = this;
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error('the process of the crowd has ended'));
      child.once('close', ended);
      child.once('message', (answer: CrowdAnswer) => {
        child.off('close', ended);
        if (answer.error !== undefined) reject(new Error(answer.error));
        else resolve(answer);
      });
      child.send(question);
    });
  }

  /** Ends the process and with it all connections. */
  close(): Promise<void> {
    const { child } = this;
    return new Promise((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) {
        resolve();
        return;
      }
      child.once('exit', () => resolve());
      child.kill();
    });
  }
}
