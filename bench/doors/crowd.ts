import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { LatencyHistogram } from '../load/latency-histogram.js';
import type { CrowdAnswer, CrowdQuestion } from './crowd-task.js';

/** Many connections, shared by processes of their own: one alone would read the last frame of a tick when it has read all others. */
export class Crowd {
  private readonly children: readonly ChildProcess[];

  constructor(processes = 1) {
    const file = fileURLToPath(new URL('./crowd-client.js', import.meta.url));
    this.children = Array.from({ length: processes }, () => {
      return fork(file, [], { stdio: ['ignore', 2, 2, 'ipc'] });
    });
  }

  async ask(question: CrowdQuestion): Promise<CrowdAnswer> {
    const { children } = this;
    const answers = await Promise.all(
      children.map((child, i) => askOne(child, shareOf(question, i, children.length))),
    );
    return {
      frames: answers.reduce((sum, { frames }) => sum + frames, 0),
      newest: merged(answers.map(({ newest }) => newest)),
      oldest: merged(answers.map(({ oldest }) => oldest)),
    };
  }

  /** Ends the processes and with them all connections. */
  async close(): Promise<void> {
    await Promise.all(this.children.map(end));
  }
}

function shareOf(question: CrowdQuestion, i: number, processes: number): CrowdQuestion {
  if (question.kind !== 'open') return question;
  const upTo = (share: number) => Math.floor((question.connections * share) / processes);
  return { ...question, connections: upTo(i + 1) - upTo(i) };
}

function askOne(child: ChildProcess, question: CrowdQuestion): Promise<CrowdAnswer> {
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

function merged(encoded: readonly string[]): string {
  const all = new LatencyHistogram();
  for (const histogram of encoded) if (histogram !== '') all.addEncoded(histogram);
  return all.encode();
}

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once('exit', () => resolve());
    child.kill();
  });
}
