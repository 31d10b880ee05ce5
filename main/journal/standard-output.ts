import fs from 'node:fs';
import type { Output } from './command-line.js';

/**
 * Writes on the spot. A long dump never returns to the event loop, so that a stream would keep all of it
 * in memory and not notice that a reader such as `head` is gone.
 */
export const standardOutput: Output = {
  out: (text) => {
    writeWhole(1, text);
  },
  note: (text) => {
    writeWhole(2, `journal: ${text}\n`);
  },
};

const PAUSE = new Int32Array(new SharedArrayBuffer(4));
const PAUSE_MS = 2;

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let done = 0; done < bytes.length; ) {
    try {
      done += fs.writeSync(fd, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') process.exit(0);
      // The other end made the pipe non-blocking and reads slowly.
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(PAUSE, 0, 0, PAUSE_MS);
    }
  }
}
