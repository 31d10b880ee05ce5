import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksumOf, copyOnto, HEAD_WORDS, RECORD_WORDS_MAX } from './feed-record.js';

describe('a record of the private feed log', () => {
  it('has the same checksum whether it is copied or read', () => {
    const record = fc
      .integer({ min: 1, max: (RECORD_WORDS_MAX - HEAD_WORDS) / 4 })
      .chain((fours) => {
        const length = HEAD_WORDS + fours * 4;
        return fc.array(fc.integer(), { minLength: length, maxLength: length });
      });
    fc.assert(
      fc.property(record, fc.nat({ max: 3 }), (words, from) => {
        const count = words.length - HEAD_WORDS;
        const target = Int32Array.from(words.fill(words.length, 0, 1));
        const event = Int32Array.from([...Array(from).fill(-1), ...words.slice(HEAD_WORDS)]);
        target.fill(0, HEAD_WORDS);
        const head = checksumOf(target, 0, HEAD_WORDS);
        const sum = copyOnto(head, event, from, target, HEAD_WORDS, count);
        expect([...target]).toEqual(words);
        expect(sum).toBe(checksumOf(Int32Array.from(words), 0, words.length));
      }),
    );
  });
});
