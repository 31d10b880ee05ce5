import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { describeBus } from '../bus-suite.fixture.js';
import { openEmbeddedBus } from './embedded-bus.js';

describeBus('the embedded log', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bus-'));
  return {
    open: async (options) => openEmbeddedBus({ folder, ...options }),
    remove: async () => fs.rmSync(folder, { recursive: true, force: true }),
  };
});

it('answers what it has already behind what was asked for before', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'plimsoll-bus-'));
  const bus = openEmbeddedBus({ folder });
  try {
    const data = new Uint8Array([1]);
    await bus.publish('fills.1', data, 'known');
    const answers: string[] = [];
    const publish = async (id: string) => {
      await bus.publish('fills.1', data, id);
      answers.push(id);
    };
    await Promise.all([publish('new'), publish('newer'), publish('known')]);
    expect(answers).toEqual(['new', 'newer', 'known']);
    expect((await bus.last('fills.1'))?.messageId).toBe('newer');
  } finally {
    await bus.close();
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
