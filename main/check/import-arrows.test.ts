import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sourcesOf } from './check.fixture.js';
import { formatFinding } from './finding.js';
import { arrows, findForbiddenArrows } from './import-arrows.js';
import { folders, readSources } from './sources.js';

const importOf = (specifier: string) => `import { x } from '${specifier}';\n`;

function countFor(path: string, text: string): number {
  return findForbiddenArrows(sourcesOf({ [path]: text })).length;
}

describe('arrows that the table forbids', () => {
  test.each([
    ['engine/book/book.ts', '../../risk/margin/margin.js'],
    ['engine/book/book.ts', '../../main/start.js'],
    ['engine/book/book.test.ts', '../../main/start.js'],
    ['risk/margin/margin.ts', '../../gateway/server.js'],
    ['oracle/guard.ts', '../engine/book/book.js'],
    ['gateway/server.ts', '../risk/margin/margin.js'],
    ['gateway/server.ts', '../settlement/netting.js'],
    ['settlement/netting.ts', '../engine/book/book.js'],
    ['sdk/client.ts', '../engine/units/units.js'],
    ['sdk/client.ts', '../gateway/server.js'],
    ['sim/world.ts', '../web/app.js'],
    ['web/app.tsx', '../engine/units/units.js'],
    ['engine/book/book.ts', '../../../other/x.js'],
    ['tools/x.ts', '../engine/units/units.js'],
    ['engine/book/book.ts', './book.fixture.js'],
  ])('%s may not import %s', (path, specifier) => {
    expect(countFor(path, importOf(specifier))).toBe(1);
  });

  test.each([
    ['a re-export', "export * from '../main/start.js';"],
    ['a type', "import type { X } from '../main/start.js';"],
    ['a type expression', "let x: import('../main/start.js').X;"],
    ['an import for its effect', "import '../main/start.js';"],
    ['an import when needed', "const x = await import('../main/start.js');"],
    ['several lines', "import {\n  a,\n  b,\n} from '../main/start.js';"],
    ['a worker', "new Worker(new URL('../main/start.js', import.meta.url));"],
  ])('%s counts as an import', (_, text) => {
    expect(countFor('engine/x.ts', text)).toBe(1);
  });

  test('the finding names the line, both ends and what is allowed', () => {
    const [finding] = findForbiddenArrows(
      sourcesOf({ 'engine/x.ts': `\n\n${importOf('../risk/y.js')}` }),
    );
    expect(formatFinding(finding!)).toBe(
      'engine/x.ts:3: engine/ may not import risk/y.ts; it may import nothing of ours.',
    );
  });
});

describe('arrows that the table allows', () => {
  test.each([
    ['engine/book/book.ts', '../units/units.js'],
    ['engine/book/book.ts', 'msgpackr'],
    ['engine/book/book.test.ts', '../../risk/margin/margin.js'],
    ['engine/book/book.test.ts', './book.fixture.js'],
    ['risk/margin/margin.ts', '../../engine/book/book.js'],
    ['oracle/guard.ts', '../engine/units/units.js'],
    ['gateway/server.ts', '../engine/runtime/ring.js'],
    ['gateway/server.ts', '../risk/messages/layout.js'],
    ['gateway/server.test.ts', '../main/start.js'],
    ['settlement/netting.ts', '../engine/messages/types.js'],
    ['sdk/client.ts', '../gateway/protocol/schema.js'],
    ['sim/world.ts', '../main/start.js'],
    ['bench/cli.ts', '../engine/book/book.fixture.js'],
    ['main/start.ts', '../settlement/netting.js'],
  ])('%s may import %s', (path, specifier) => {
    expect(countFor(path, importOf(specifier))).toBe(0);
  });

  test('what stands in a comment or a string is not an import', () => {
    const text = [
      "// import { x } from '../main/start.js';",
      "/* export * from '../main/start.js'; */",
      'const text = "import \'../main/start.js\'";',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the source under test has a template.
      "const other = `${1} import '../main/start.js'`;",
    ].join('\n');
    expect(countFor('engine/x.ts', text)).toBe(0);
  });
});

test('every folder of the design has a row', () => {
  expect(Object.keys(arrows).sort()).toEqual([...folders].sort());
});

test('this repository holds to the table', () => {
  const root = resolve(import.meta.dirname, '../..');
  expect(findForbiddenArrows(readSources(root)).map(formatFinding)).toEqual([]);
});
