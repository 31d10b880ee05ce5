import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseServerAddress, withoutSecrets } from '../nats/server-address.js';
import { findNatsServer } from './find-nats-server.js';
import { NATS_SERVER_VERSION } from './install-nats-server.js';
import { makeFolder, removeFolder } from './server-for-tests.fixture.js';

let folder: string;
let bin: string;
let cache: string;
beforeEach(() => {
  folder = makeFolder();
  bin = path.join(folder, 'bin');
  cache = path.join(folder, 'cache');
  fs.mkdirSync(bin);
});
afterEach(() => removeFolder(folder));

/** A program that does what the shell lines say. */
function program(file: string, lines: string): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `#!/bin/sh\n${lines}\n`, { mode: 0o755 });
}

function find(more: { NATS_URL?: string; mayInstall?: boolean } = {}) {
  const { mayInstall = false, ...environment } = more;
  return findNatsServer({
    environment: { PATH: bin, PLIMSOLL_CACHE: cache, ...environment },
    mayInstall,
  });
}

describe('finding a NATS server', () => {
  it('takes the address before anything else', async () => {
    program(path.join(bin, 'nats-server'), 'echo "nats-server: v2.12.0"');
    const address = { servers: ['127.0.0.1:4333'] };
    expect(await find({ NATS_URL: 'nats://127.0.0.1:4333' })).toEqual({ kind: 'address', address });
    await expect(find({ NATS_URL: 'nats://' })).rejects.toThrow(
      /must look like nats:\/\/HOST:PORT/,
    );
  });

  it('takes PATH before the cache, and the cache when PATH has none that will do', async () => {
    const inPath = path.join(bin, 'nats-server');
    const cached = path.join(cache, `nats-server-${NATS_SERVER_VERSION}`);
    program(inPath, 'echo "nats-server: v2.12.3"');
    program(cached, `echo "nats-server: v${NATS_SERVER_VERSION}"`);
    expect(await find()).toMatchObject({ kind: 'binary', path: inPath, version: '2.12.3' });
    for (const useless of ['echo "nats-server: v2.9.10"', 'echo hello', 'exit 3']) {
      program(inPath, useless);
      expect(await find()).toMatchObject({ kind: 'binary', path: cached, origin: 'cache' });
    }
  });

  it('says what it tried, and what takes its place', async () => {
    program(path.join(bin, 'nats-server'), 'echo "nats-server: v2.9.10"');
    expect(await find()).toEqual({
      kind: 'none',
      sentence: `no NATS server (${bin}/nats-server is v2.9.10, and 2.11 is needed): an embedded log takes its place`,
    });
    fs.rmSync(path.join(bin, 'nats-server'));
    const found = await find();
    expect(found).toMatchObject({
      sentence: expect.stringMatching(/none is in PATH or in the cache/),
    });
  });

  it('leaves nothing in the cache when it cannot install', async () => {
    program(path.join(bin, 'python3'), 'echo "no route to the index" >&2; exit 1');
    program(path.join(bin, 'go'), 'echo "no network" >&2; exit 1');
    const found = await find({ mayInstall: true });
    expect(found).toMatchObject({
      kind: 'none',
      sentence: expect.stringMatching(/pip: no route to the index; go: no network/),
    });
    expect(fs.readdirSync(cache)).toEqual([]);
  });

  it('keeps what go has built only when it runs', async () => {
    const build = (lines: string) =>
      program(
        path.join(bin, 'go'),
        `printf '#!/bin/sh\\n${lines}\\n' > "$GOBIN/nats-server"; /bin/chmod +x "$GOBIN/nats-server"`,
      );
    build('exit 1');
    expect(await find({ mayInstall: true })).toMatchObject({ kind: 'none' });
    expect(fs.readdirSync(cache)).toEqual([]);
    build(`echo "nats-server: v${NATS_SERVER_VERSION}"`);
    expect(await find({ mayInstall: true })).toMatchObject({ kind: 'binary', origin: 'installed' });
    expect(fs.readdirSync(cache)).toEqual([`nats-server-${NATS_SERVER_VERSION}`]);
    expect(await find()).toMatchObject({ kind: 'binary', origin: 'cache' });
  });
});

describe('addresses of servers', () => {
  it.each([
    ['nats://10.0.0.1', { servers: ['10.0.0.1:4222'] }],
    ['127.0.0.1:5000', { servers: ['127.0.0.1:5000'] }],
    ['tls://bus.example:5000', { servers: ['tls://bus.example:5000'] }],
    [
      'nats://ann:se%40cret@a:1, nats://b:2',
      { servers: ['a:1', 'b:2'], user: 'ann', pass: 'se@cret' },
    ],
    ['nats://token@a:1', { servers: ['a:1'], token: 'token' }],
  ])('reads %s', (text, address) => {
    expect(parseServerAddress(text)).toEqual(address);
  });

  it.each(['', 'http://a:1', 'nats://a:99999', 'nats://'])('refuses %j', (text) => {
    expect(() => parseServerAddress(text)).toThrow(/must look like/);
  });

  it('keeps secrets out of messages', () => {
    expect(() => parseServerAddress('http://ann:secret@a:1')).toThrow(/^(?!.*secret)/);
    const address = parseServerAddress('nats://ann:secret@a:1');
    expect(withoutSecrets(address)).toBe('a:1');
  });
});
