import { execFileSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { NICENESS } from './niceness.js';

// In a process of its own: who is not root cannot take a niceness back.
const compiled = pathToFileURL(path.resolve('dist/main/niceness.js')).href;

function nicenessAfter(before: number): number {
  const program = `
    import os from 'node:os';
    import { letOthersBeforeThread } from '${compiled}';
    os.setPriority(0, ${before});
    letOthersBeforeThread();
    console.log(os.getPriority(0));`;
  const args = ['--input-type=module', '-e', program];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

describe.runIf(process.platform === 'linux')('a thread that follows trading', () => {
  it('lets it go first', () => {
    const own = os.getPriority();
    expect(nicenessAfter(own)).toBe(Math.max(own, NICENESS));
  });

  it('keeps what the exchange was started with when that is less', () => {
    const less = Math.max(os.getPriority(), NICENESS + 5);
    expect(nicenessAfter(less)).toBe(less);
  });
});
