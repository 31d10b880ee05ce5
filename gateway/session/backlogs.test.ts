import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TestExchange, until } from '../testing/exchange.js';
import { Backlogs } from './backlogs.js';

const BOUNDS = {
  publicBufferBytesMax: 100,
  privateBufferBytesMax: 1_000,
  allBuffersBytesMax: 4_000,
};

function backlogs(count: number, waitingBytes: number) {
  const all = new Backlogs(BOUNDS);
  const cut: number[] = [];
  const list = Array.from({ length: count }, (_, i) => {
    return { waitingBytes, cut: () => cut.push(i) };
  });
  for (const one of list) all.add(one);
  return { all, cut, list };
}

describe('what may wait for a socket', () => {
  it.each([
    [0, 100, 1_000],
    [4, 100, 1_000],
    [8, 100, 500],
    [80, 50, 50],
  ])('is of %i that read slowly %i bytes of public data and %i in all', (count, open, most) => {
    const { all } = backlogs(count, 1);
    expect([all.publicBytesMax, all.bytesMax]).toEqual([open, most]);
  });

  it('is cut when it is more than a part of what there is for all, and not before', () => {
    const { all, cut, list } = backlogs(4, 1_000);
    all.sweep();
    expect(cut).toEqual([]);
    all.add({ waitingBytes: 1, cut: () => cut.push(4) });
    all.sweep();
    expect(cut).toEqual([0, 1, 2, 3]);
    for (const one of list) all.delete(one);
    expect(all.bytesMax).toBe(1_000);
  });
});

describe('what waits for sockets that were told to go', () => {
  it('is half of what there is for all within a minute, beyond which they are cut', () => {
    const all = new Backlogs(BOUNDS);
    expect(all.mayLinger(1_500, 0)).toBe(true);
    expect(all.mayLinger(501, 1_000)).toBe(false);
    expect(all.mayLinger(500, 59_999)).toBe(true);
    expect(all.mayLinger(1, 59_999)).toBe(false);
    expect(all.mayLinger(2_000, 60_000)).toBe(true);
  });
});

describe('strangers who ask and do not read', () => {
  const STRANGERS = 6;
  const REQUESTS = 15_000;
  let exchange: TestExchange;
  const sockets: net.Socket[] = [];

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await exchange.close();
  });

  /** A WebSocket by hand, which asks for much and reads nothing but the first answer. */
  function ask(): void {
    const { hostname, port } = new URL(exchange.url);
    const socket = net.connect(Number(port), hostname);
    sockets.push(socket);
    socket.on('error', () => {});
    const head = [
      'GET /v1 HTTP/1.1',
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol: plimsoll.json',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    socket.once('data', () => {
      socket.pause();
      for (let id = 1; id <= REQUESTS; id++) socket.write(frame(`{"op":"instruments","id":${id}}`));
    });
  }

  it('cannot use up the memory: there is an end to what waits for all of them', async () => {
    exchange = new TestExchange();
    const rates = { requestsPerSecond: 1e9, requestsBurst: 1e9, loginTimeoutMs: 600_000 };
    const each = { publicBufferBytesMax: 1e9, privateBufferBytesMax: 1e9 };
    await exchange.start({ limits: { ...rates, ...each, allBuffersBytesMax: 1024 * 1024 } });
    for (let n = 0; n < STRANGERS; n++) ask();
    const reader = await exchange.client(1);
    await until(() => sockets.every((socket) => socket.bytesRead > 0), 'all have come in');
    // Cut sockets are gone, whether their clients read or not; who reads stays.
    await until(() => exchange.connections === 1, 'all but the reader are cut');
    expect((await reader.request('instruments', {})).type).toBe('done');
  });
});

/** A text frame as a client masks it, here with zeros. */
function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
