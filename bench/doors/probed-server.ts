import { pathToFileURL } from 'node:url';
import type { ServerProcess } from '../gateway/server-process.js';
import type { ProbeAnswer, ProbeQuestion } from './server-probe.js';

const PROBE = new URL('./server-probe.js', import.meta.url);

/** Options for Node with which a server can be asked. */
export const PROBE_OPTIONS: readonly string[] = ['--import', pathToFileURL(PROBE.pathname).href];

/** Asks the probe in a server that was started with `PROBE_OPTIONS`. */
export function askProbe({ child }: ServerProcess, question: ProbeQuestion): Promise<ProbeAnswer> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the server has ended'));
    child.once('close', ended);
    child.once('message', (answer: ProbeAnswer & { error?: string }) => {
      child.off('close', ended);
      if (answer.error !== undefined) reject(new Error(answer.error));
      else resolve(answer);
    });
    child.send(question);
  });
}
