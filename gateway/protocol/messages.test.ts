import { describe, expect, it } from 'vitest';
import { MESSAGES } from './messages.js';
import { REQUESTS } from './requests.js';

describe.each([
  ['requests', REQUESTS],
  ['messages', MESSAGES],
])('the numbers of %s', (_name, shapes) => {
  it('each stand for one, or msgpack could not tell them apart', () => {
    const codes = Object.values(shapes).map(({ code }) => code);
    expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([]);
  });
});
