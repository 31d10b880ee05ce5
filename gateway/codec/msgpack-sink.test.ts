import fc from 'fast-check';
import { unpack } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import type { MessageShape } from '../protocol/messages.js';
import { MsgpackSink } from './msgpack-sink.js';

const BORDERS = [0, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff];
const NEAR_BORDERS = BORDERS.flatMap((at) => [at - 1, at, at + 1, -at]);

function shapeOf(fields: number): MessageShape {
  const names = Array.from({ length: fields }, (_, i) => `field${i}`);
  return { name: 'test', code: 7, fields: names };
}

function written(values: readonly number[]): unknown[] {
  const sink = new MsgpackSink();
  sink.begin(shapeOf(values.length));
  for (const value of values) sink.uint('field', value);
  return unpack(sink.end());
}

describe('what is written as msgpack', () => {
  it('is read by others as the same numbers, at all borders of their forms', () => {
    const values = [...NEAR_BORDERS, 0x100000000, Number.MAX_SAFE_INTEGER, 0.5, -0.5, 1e300];
    for (const value of values) expect(written([value])).toEqual([7, value === 0 ? 0 : value]);
  });

  it('is read by others as any numbers', () => {
    const number = fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.double({ noNaN: true }));
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 40 }), (values) => {
        const wanted = values.map((value) => (value === 0 ? 0 : value));
        expect(written(values)).toEqual([7, ...wanted]);
      }),
    );
  });

  it('takes the shortest form of a whole number up to 2^32 − 1, and eight bytes beyond', () => {
    const bytesOf = (value: number) => {
      const sink = new MsgpackSink();
      sink.begin(shapeOf(1));
      sink.uint('field', value);
      // The head of the array and the code are a byte each.
      return sink.end().length - 2;
    };
    const lengths = BORDERS.map(bytesOf);
    expect(lengths).toEqual([1, 1, 2, 2, 3, 3, 5, 5, 5, 5]);
    expect(bytesOf(0x100000000)).toBe(9);
  });

  it('leaves out the nils at the end, and only those', () => {
    const sink = new MsgpackSink();
    sink.begin(shapeOf(5));
    sink.none('field0');
    sink.uint('field1', 3);
    sink.text('field2', 'ü');
    sink.none('field3');
    sink.none('field4');
    expect(unpack(sink.end())).toEqual([7, null, 3, 'ü']);
  });
});
