import { fork } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { packageFile } from '../package-root.js';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-tell-'));
afterEach(() => fs.rmSync(folder, { recursive: true }));

it('does not end whose parent was killed while it spoke', async () => {
  const module = packageFile('dist/main/settlement/tell-parent.js');
  const done = path.join(folder, 'done');
  const child = path.join(folder, 'child.mjs');
  // So much that it is not sent at once; then the parent is gone, and whoever has told it goes on.
  fs.writeFileSync(
    child,
    `import { tellParent } from ${JSON.stringify(module)};
     import fs from 'node:fs';
     tellParent({ ready: true });
     setInterval(() => tellParent({ much: 'x'.repeat(1_000_000) }), 1);
     process.once('disconnect', () => setTimeout(() => {
       fs.writeFileSync(${JSON.stringify(done)}, '');
       process.exit(0);
     }, 50));`,
  );
  const parent = path.join(folder, 'parent.mjs');
  fs.writeFileSync(
    parent,
    `import { fork } from 'node:child_process';
     const child = fork(${JSON.stringify(child)}, { detached: true, stdio: 'ignore' });
     child.once('message', () => { child.channel.ref(); process.send('heard'); while (true); });`,
  );
  const running = fork(parent, { stdio: 'ignore' });
  await once(running, 'message');
  running.kill('SIGKILL');
  await expect.poll(() => fs.existsSync(done)).toBe(true);
});
