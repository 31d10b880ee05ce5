import { expect, test } from 'vitest';
import { sourcesOf } from './check.fixture.js';
import { findImpurities } from './pure-core.js';

function countFor(path: string, text: string): number {
  return findImpurities(sourcesOf({ [path]: text })).length;
}

test.each([
  "import { readFileSync } from 'node:fs';",
  "import { readFileSync } from 'fs';",
  'const now = Date.now();',
  'const now = new Date();',
  'const now = performance.now();',
  'const x = Math.random();',
  "console.log('x');",
  "if (process.env['X']) x();",
  'setTimeout(x, 1);',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the source under test has a template.
  'const x = `at ${Date.now()}`;',
  'const y = a / b; const z = Date.now() / 2;',
])('the core may not contain %s', (text) => {
  expect(countFor('engine/book/book.ts', text)).toBe(1);
  expect(countFor('risk/margin/margin.ts', text)).toBe(1);
});

test.each(['engine/runtime/shard.ts', 'risk/runtime/worker.ts', 'engine/book/book.test.ts'])(
  '%s may use what it likes',
  (path) => {
    expect(countFor(path, "import 'node:fs';\nDate.now();\n")).toBe(0);
  },
);

test.each([
  ['a comment', '// Date.now() would not replay.\n/* console.log */'],
  ['a string', "const text = 'process.exit';"],
  ['a regular expression', "const pattern = /Date.now['/]/g;"],
  ['a member of that name', 'this.process.next(); book.console.x();'],
  ['a local name', 'processOrder(); const process2 = 1;'],
])('%s is no impurity', (_, text) => {
  expect(countFor('engine/book/book.ts', text)).toBe(0);
});

test('other folders may use what they like', () => {
  expect(countFor('gateway/server.ts', 'Date.now();')).toBe(0);
});

test('the finding names the line', () => {
  const text = '/* a\n b */\nconst s = `\n`;\nDate.now();\n';
  expect(findImpurities(sourcesOf({ 'engine/x.ts': text }))[0]!.line).toBe(5);
});
