import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LockedError } from '../../../engine/runtime/journal/lock-file.js';
import { openBus, provideBus } from '../provide-bus.js';
import { bytesOf } from '../reading.fixture.js';
import { binaryForTests, makeFolder, removeFolder } from './server-for-tests.fixture.js';
import { startNatsServer } from './server-process.js';

const binary = await binaryForTests();
let folder: string;
beforeEach(() => {
  folder = makeFolder();
});
afterEach(() => removeFolder(folder));

async function eventually(holds: () => boolean): Promise<void> {
  for (let n = 0; n < 3_000 && !holds(); n++) await sleep(20);
  expect(holds()).toBe(true);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A process that has ended and that nobody has waited for yet is no server any more.
    return !/\) Z /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

describe.skipIf(binary === null)('a server of our own', () => {
  it('wants its token, comes back on the same port when it dies, and ends with a close', async () => {
    const troubles: string[] = [];
    const onTrouble = (sentence: string) => troubles.push(sentence);
    const server = await startNatsServer({ binary: binary!, folder, onTrouble });
    const { servers } = server.address;
    await expect(connect({ servers, token: 'another', maxReconnectAttempts: 0 })).rejects.toThrow();
    const { pid } = server;
    process.kill(pid, 'SIGKILL');
    await eventually(() => server.pid !== 0 && server.pid !== pid);
    expect(troubles).toEqual(['nats-server ended with SIGKILL, and is started again']);
    let connection = null;
    for (let n = 0; n < 3_000 && connection === null; n++) {
      connection = await connect({ ...server.address }).catch(() => null);
      await sleep(20);
    }
    await connection!.close();
    const last = server.pid;
    await server.close();
    expect(isAlive(last)).toBe(false);
    const again = await startNatsServer({ binary: binary!, folder });
    expect(again.address).toEqual(server.address);
    await again.close();
  });

  it('does not run twice in one folder', async () => {
    const server = await startNatsServer({ binary: binary!, folder });
    await expect(startNatsServer({ binary: binary!, folder })).rejects.toThrow(LockedError);
    await server.close();
  });

  it('stops a server that a killed predecessor has left behind', async () => {
    const server = await startNatsServer({ binary: binary!, folder });
    await server.close();
    const config = path.join(folder, 'nats-server.conf');
    const leftover = spawn(binary!, ['-c', config], { stdio: 'ignore' });
    fs.writeFileSync(path.join(folder, 'nats-server.pid'), String(leftover.pid));
    await sleep(100);
    const again = await startNatsServer({ binary: binary!, folder });
    expect(isAlive(leftover.pid!)).toBe(false);
    expect(again.pid).not.toBe(leftover.pid);
    expect(again.address).toEqual(server.address);
    await again.close();
  });

  it('does not touch a process that only has the number of a server', async () => {
    const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)']);
    fs.writeFileSync(path.join(folder, 'nats-server.pid'), String(other.pid));
    const server = await startNatsServer({ binary: binary!, folder });
    expect(isAlive(other.pid!)).toBe(true);
    await server.close();
    other.kill();
  });

  it('says why a server does not start', async () => {
    const broken = path.join(folder, 'broken');
    fs.writeFileSync(broken, '#!/bin/sh\nexit 7\n', { mode: 0o755 });
    await expect(startNatsServer({ binary: broken, folder })).rejects.toThrow(
      /nats-server does not start: it ended with code 7/,
    );
    // The folder is free again.
    const server = await startNatsServer({ binary: binary!, folder });
    await server.close();
  });

  it('is provided with a sentence, and opened by its location', async () => {
    const { NATS_URL: _, ...environment } = process.env;
    const provided = await provideBus({ folder, environment });
    expect(provided.sentence).toMatch(/^nats-server \d+\.\d+\.\d+ .* carries fills to settlement$/);
    const bus = await openBus(JSON.parse(JSON.stringify(provided.location)));
    await bus.publish('fills.1', bytesOf(1), 'a');
    expect(bus.status().kind).toBe('nats');
    await bus.close();
    await provided.close();
  });
});

it('provides the embedded log when no server can be had, and says so', async () => {
  const environment = { PATH: folder, PLIMSOLL_CACHE: folder };
  const provided = await provideBus({ folder, environment, mayInstall: false });
  expect(provided.sentence).toMatch(/^no NATS server \(.*\): an embedded log takes its place$/);
  const bus = await openBus(provided.location);
  await bus.publish('fills.1', bytesOf(1), 'a');
  expect(bus.status().kind).toBe('embedded');
  await bus.close();
  await provided.close();
});
