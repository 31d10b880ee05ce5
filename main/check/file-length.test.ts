import { expect, test } from 'vitest';
import { sourcesOf } from './check.fixture.js';
import { findLongFiles, linesMax } from './file-length.js';

test('a file may have as many lines as the limit says and not one more', () => {
  const sources = sourcesOf({
    'engine/a.ts': 'x\n'.repeat(linesMax),
    'engine/b.ts': 'x\n'.repeat(linesMax + 1),
  });
  expect(findLongFiles(sources)).toEqual([
    { file: 'engine/b.ts', line: 501, sentence: 'The file has 501 lines; 500 are allowed.' },
  ]);
});
