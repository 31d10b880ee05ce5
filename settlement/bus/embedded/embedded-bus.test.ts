import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describeBus } from '../bus-suite.fixture.js';
import { openEmbeddedBus } from './embedded-bus.js';

describeBus('the embedded log', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bus-'));
  return {
    open: async (options) => openEmbeddedBus({ folder, ...options }),
    remove: async () => fs.rmSync(folder, { recursive: true, force: true }),
  };
});
