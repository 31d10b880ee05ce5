import { describe, expect, it } from 'vitest';
import { parseOptions } from './options.js';

describe('the options of the benchmark', () => {
  it('have values that fit a first run', () => {
    expect(parseOptions([])).toEqual({
      json: false,
      workload: null,
      rounds: 3,
      accounts: 100_000,
      ops: 3_000_000,
      seconds: 120,
      peers: 'if there',
      engines: null,
      hgrm: null,
      scenario: null,
      csv: null,
      svg: null,
    });
  });

  it('are read by name', () => {
    const options = parseOptions(['--json', '--rounds', '5', '--peers', '--engines', 'book,core']);
    expect(options).toMatchObject({
      json: true,
      rounds: 5,
      peers: 'required',
      engines: ['book', 'core'],
    });
  });

  it.each([
    [['--rounds', '0'], "--rounds must be an integer from 1 to 1000, but is '0'"],
    [['--accounts', '1e99'], '--accounts must be an integer'],
    [['--ops', 'many'], "but is 'many'"],
    [['--peers', '--no-peers'], 'exclude each other'],
    [['--speed'], '--speed'],
    [['--rounds'], '--rounds'],
    [['stray'], 'stray'],
  ])('refuse %j', (args, sentence) => {
    expect(() => parseOptions(args)).toThrow(sentence);
  });
});
