import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Frame, FrameReader } from './frame-reader.js';
import { FixBody, frameOf, sealed, timeOf, timestampOf } from './frame-writer.js';
import { MSG, TAG } from './tags.js';

const BYTES_MAX = 1_024;
const SOH = '\u0001';

function frame(sequence: number, text = 'hello', type: string = MSG.TestRequest): Buffer {
  const head = { type, sequence, target: 'CLIENT', sendingTimeMs: 1_767_225_600_123 };
  return frameOf({ ...head, originalTimeMs: null }, new FixBody().field(TAG.TestReqID, text).text);
}

/** Frames of a stream that comes in these pieces. */
function read(pieces: readonly Uint8Array[]): { frames: Frame[]; reader: FrameReader } {
  const reader = new FrameReader(BYTES_MAX);
  const frames: Frame[] = [];
  for (const piece of pieces) {
    reader.push(piece, (one) => {
      frames.push(one);
      return true;
    });
  }
  return { frames, reader };
}

/** Cuts bytes at these places. */
function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length];
  ends.sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end));
}

const sequences = (frames: readonly Frame[]) => frames.map(({ message }) => message.sequence);

describe('a stream of frames', () => {
  it('gives the same messages, however it is cut into pieces', () => {
    const value = fc.stringMatching(/^[\x20-\x7e\xa0-\xff]{1,40}$/);
    const values = fc.array(value, { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.array(fc.nat(4_000), { maxLength: 30 }), (texts, places) => {
        const bytes = Buffer.concat(texts.map((text, i) => frame(i + 1, text)));
        const { frames, reader } = read(cutAt(bytes, places));
        expect(sequences(frames)).toEqual(texts.map((_, i) => i + 1));
        expect(frames.map(({ message }) => message.get(TAG.TestReqID))).toEqual(texts);
        expect(reader.garbled).toBe(0);
      }),
    );
  });

  it('goes on behind whatever is garbled, and counts it', () => {
    const good = frame(2);
    const wrongSum = Buffer.from(frame(1));
    wrongSum[wrongSum.length - 2] = wrongSum[wrongSum.length - 2] === 0x30 ? 0x31 : 0x30;
    const garbled: Record<string, Buffer> = {
      'a wrong checksum': wrongSum,
      'no frame at all': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
      'a length that is too short': Buffer.from(
        `8=FIX.4.4${SOH}9=5${SOH}35=0${SOH}34=1${SOH}10=000${SOH}`,
      ),
      'a length that is none': Buffer.from(`8=FIX.4.4${SOH}9=x${SOH}35=0${SOH}10=000${SOH}`),
      'a huge length': Buffer.from(`8=FIX.4.4${SOH}9=9999999${SOH}35=0${SOH}`),
      'a length of ten digits': Buffer.from(`8=FIX.4.4${SOH}9=9999999999${SOH}35=0${SOH}`),
      'MsgType at another place': sealed('FIX.4.4', `34=1${SOH}35=0${SOH}`),
      'an endless beginning': Buffer.from(`8=FIX${'x'.repeat(200)}`),
    };
    for (const [name, bytes] of Object.entries(garbled)) {
      const { frames, reader } = read([bytes]);
      const { garbled: before } = reader;
      reader.push(good, (one) => {
        expect({ name, garbled: reader.garbled }).toEqual({ name, garbled: 0 });
        frames.push(one);
        return true;
      });
      expect({ name, found: sequences(frames) }).toEqual({ name, found: [2] });
      expect({ name, before }).toEqual({ name, before: 1 });
    }
  });

  it('finds the frame that a wrong length would have swallowed', () => {
    const body = `35=0${SOH}34=1${SOH}`;
    const short = Buffer.from(`8=FIX.4.4${SOH}9=${body.length + 60}${SOH}${body}10=000${SOH}`);
    const { frames } = read([short, frame(2), frame(3)]);
    expect(sequences(frames)).toEqual([2, 3]);
  });

  it('takes any bytes without an error, keeps its bound, and reads the next frame', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .constantFrom('8=FIX.4.4', SOH, '9=', '9=12', '35=A', '10=123', '=')
        .map((text) => Buffer.from(text)),
      fc.integer({ min: 1, max: 9 }).map((sequence) => frame(sequence)),
      fc.tuple(fc.nat(80), fc.nat(255)).map(([at, byte]) => {
        const bytes = Buffer.from(frame(1));
        bytes[at % bytes.length] = byte;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const { reader } = read(pieces);
        expect(reader.capacity).toBeLessThanOrEqual(4 * BYTES_MAX + 4_096);
        const found: number[] = [];
        // Whatever was left open is passed over when enough has come.
        for (let i = 0; i < 40; i++) {
          reader.push(frame(77), ({ message }) => {
            found.push(message.sequence);
            return true;
          });
        }
        expect(found.at(-1)).toBe(77);
      }),
      { numRuns: 500 },
    );
  });

  it('does not grow over a hundred thousand bad messages', () => {
    const reader = new FrameReader(BYTES_MAX);
    const bad = Buffer.from(`8=FIX.4.4${SOH}9=70${SOH}35=D${SOH}${'y'.repeat(90)}`);
    for (let i = 0; i < 100_000; i++) reader.push(bad, () => true);
    expect(reader.capacity).toBeLessThanOrEqual(4 * BYTES_MAX + 4_096);
    expect(reader.garbled).toBeGreaterThan(10_000);
  });

  it('reads data fields by their length, whatever is in them', () => {
    const data = `a${SOH}10=000${SOH}8=FIX=b`;
    const body = `35=A${SOH}34=1${SOH}95=${data.length}${SOH}96=${data}${SOH}108=30${SOH}`;
    const { frames } = read([sealed('FIX.4.4', body)]);
    expect(frames[0]?.message.get(TAG.RawData)).toBe(data);
    expect(frames[0]?.message.get(TAG.HeartBtInt)).toBe('30');
  });

  it.each([
    ['a field without a number', 'x=1', 0],
    ['a number that begins with zero', '011=1', 0],
    ['no equals sign', '58', 0],
    ['no value', '58=', 4],
    ['a data length that is too long', `95=50${SOH}96=abc`, 6],
    ['a data length that is too short', `95=1${SOH}96=abc`, 6],
  ])('says what is wrong with %s', (_name, field, reason) => {
    const { frames } = read([sealed('FIX.4.4', `35=0${SOH}34=7${SOH}${field}${SOH}`)]);
    expect(frames[0]?.message.malformed).toMatchObject({ reason });
    expect(frames[0]?.message.sequence).toBe(7);
  });
});

describe('a frame', () => {
  it('has the length and checksum that FIX says', () => {
    // BodyLength counts from 35= to the SOH before 10=; the checksum is the sum of all bytes before 10=, modulo 256.
    const text = frame(1, 'T').toString('latin1');
    const readable = text.replaceAll(SOH, '|');
    const [, length, body, sum] = /^8=FIX\.4\.4\|9=(\d+)\|(.*\|)10=(\d{3})\|$/.exec(readable) ?? [];
    expect(Number(length)).toBe(body?.length);
    const bytes = [...text.slice(0, text.length - 7)].map((character) => character.charCodeAt(0));
    expect(Number(sum)).toBe(bytes.reduce((total, byte) => total + byte, 0) % 256);
  });

  it('carries sentences as printable ASCII on one line', () => {
    const { text } = new FixBody().sentence(TAG.Text, `price × qty\u0001\n−1 ÷ 2 é`);
    expect(text).toBe('58=price x qty??-1 / 2 ?\u0001');
  });

  it('writes times that it reads', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2100, 0) }), (timeMs) => {
        expect(timeOf(timestampOf(timeMs))).toBe(timeMs);
      }),
    );
    expect(timeOf('20260101-00:00:00')).toBe(Date.UTC(2026, 0, 1));
    expect(timeOf('20260101-00:00:00.123456')).toBe(Date.UTC(2026, 0, 1) + 123);
    expect(timeOf('20161231-23:59:60')).toBe(Date.UTC(2016, 11, 31, 23, 59, 59));
    for (const text of ['', 'now', '2026-01-01T00:00:00Z', '20261301-00:00:00']) {
      expect(timeOf(text)).toBeNaN();
    }
  });
});
