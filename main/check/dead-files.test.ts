import { expect, test } from 'vitest';
import { sourcesOf } from './check.fixture.js';
import { findDeadFiles } from './dead-files.js';

const start = { scripts: { start: 'node main/setup.mjs run main/start.js --' } };

function deadOf(files: Record<string, string>, entries = start): string[] {
  return findDeadFiles(sourcesOf(files), entries).map(({ file }) => file);
}

test('what a command leads to, over any number of imports, is alive', () => {
  const files = {
    'main/start.ts': "import { a } from '../engine/a.js';",
    'engine/a.ts': "export * from './b.js';",
    'engine/b.ts': '',
  };
  expect(deadOf(files)).toEqual([]);
});

test('a worker of a live file is alive, and so is what it imports', () => {
  const files = {
    'main/start.ts': "new Worker(new URL('../engine/worker.js', import.meta.url));",
    'engine/worker.ts': "import './a.js';",
    'engine/a.ts': '',
  };
  expect(deadOf(files)).toEqual([]);
});

test('a file that nothing imports is dead, and so is one that only dead files import', () => {
  const files = {
    'main/start.ts': '',
    'engine/a.ts': "import './b.js';",
    'engine/b.ts': "import './a.js';",
  };
  expect(deadOf(files)).toEqual(['engine/a.ts', 'engine/b.ts']);
});

test('a test does not bring product code to life', () => {
  const files = {
    'main/start.ts': '',
    'engine/a.ts': '',
    'engine/a.test.ts': "import './a.js';",
  };
  expect(deadOf(files)).toEqual(['engine/a.ts']);
});

test('a test brings its fixtures to life, and what they use of testing folders', () => {
  const files = {
    'main/start.ts': '',
    'engine/a.test.ts': "import './a.fixture.js';",
    'engine/a.fixture.ts': "import './testing/flow.js';",
    'engine/testing/flow.ts': '',
    'engine/testing/unused.ts': '',
  };
  expect(deadOf(files)).toEqual(['engine/testing/unused.ts']);
});

test('a fuzz file that no test or command starts is dead', () => {
  expect(deadOf({ 'main/start.ts': '', 'engine/a.fuzz.ts': '' })).toEqual(['engine/a.fuzz.ts']);
});

test('examples, exports and declarations are alive', () => {
  const files = {
    'main/start.ts': '',
    'sdk/index.ts': '',
    'sdk/examples/bot.ts': '',
    'engine/globals.d.ts': '',
  };
  const entries = { ...start, exports: { './sdk': './dist/sdk/index.js' } };
  expect(deadOf(files, entries)).toEqual([]);
});

test('a command without its source is found', () => {
  const [finding] = findDeadFiles([], start);
  expect(finding!.sentence).toBe('scripts.start leads to main/start.ts, which does not exist.');
});
