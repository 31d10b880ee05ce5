import { describe, expect, it } from 'vitest';
import { clientFrame, FrameReader, headBytes, MASK_BYTE } from './ws-frames.js';

function reader() {
  const seen: string[] = [];
  const frames = new FrameReader({
    message: (bytes, from, to) => seen.push(bytes.toString('latin1', from, to)),
    ping: (payload) => seen.push(`ping ${payload}`),
    closed: (code, reason) => seen.push(`closed ${code} ${reason}`),
  });
  return { seen, frames };
}

/** A server's frame: not masked. */
function serverFrame(text: string, opcode = 2): Buffer {
  const payload = Buffer.from(text, 'latin1');
  if (payload.length < 126) {
    return Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]);
  }
  const head = Buffer.from([0x80 | opcode, 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, payload]);
}

describe('frames of a client', () => {
  it.each([0, 1, 125, 126, 40_000])('carry %d masked bytes', (length) => {
    const payload = Buffer.alloc(length, 7);
    const frame = clientFrame(payload);
    const head = headBytes(length);
    expect(frame.length).toBe(head + length);
    expect((frame[1] as number) & 0x80).toBe(0x80);
    expect([...frame.subarray(head)].every((byte) => (byte ^ MASK_BYTE) === 7)).toBe(true);
  });
});

describe('the reader of frames', () => {
  it('finds messages however the stream is cut', () => {
    const stream = Buffer.concat([
      serverFrame('one'),
      serverFrame('x'.repeat(300)),
      serverFrame('hi', 9),
      serverFrame('three'),
    ]);
    for (const size of [1, 2, 3, 7, 200, stream.length]) {
      const { seen, frames } = reader();
      for (let at = 0; at < stream.length; at += size) frames.push(stream.subarray(at, at + size));
      expect(seen).toEqual(['one', 'x'.repeat(300), 'ping hi', 'three']);
    }
  });

  it('tells why a server closes', () => {
    const { seen, frames } = reader();
    frames.push(serverFrame('\x0f\xa0slow', 8));
    expect(seen).toEqual(['closed 4000 slow']);
  });
});
