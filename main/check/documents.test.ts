import { expect, test } from 'vitest';
import { sourcesOf } from './check.fixture.js';
import { findBrokenDocuments } from './documents.js';

function brokenOf(files: Record<string, string>): string[] {
  const documents = sourcesOf(files).filter(({ path }) => path.endsWith('.md'));
  const found = findBrokenDocuments(documents, Object.keys(files));
  return found.map(({ file, line, sentence }) => `${file}:${line}: ${sentence}`);
}

test('links lead to files, folders and headings that are there', () => {
  const files = {
    'README.md': '# Top\n[a](engine/) [b](engine/README.md#two-words) [c](#top) [d](https://x.y/z)',
    'engine/README.md': '# One\n## `Two` words\n[up](../README.md) [own](#two-words)',
  };
  expect(brokenOf(files)).toEqual([]);
});

test('a link to nothing is found, and so is one to a heading that was renamed', () => {
  const files = {
    'README.md': '# Top\n\n[gone](engine/gone.md)\n[old](engine/README.md#old)\n[own](#bottom)',
    'engine/README.md': '# New',
  };
  expect(brokenOf(files)).toEqual([
    'README.md:3: The link leads to engine/gone.md, which does not exist.',
    'README.md:4: engine/README.md has no heading #old.',
    'README.md:5: README.md has no heading #bottom.',
  ]);
});

test('the table of a folder names what is in it', () => {
  const files = {
    'engine/README.md':
      '| file | what |\n|---|---|\n| `a.ts`, `b.ts` | two |\n| `units/`, `c.ts` | a folder |\n| `off.ts` or not | text |',
    'engine/a.ts': '',
    'engine/units/c.ts': '',
  };
  expect(brokenOf(files)).toEqual([
    'engine/README.md:3: The table names b.ts, which is not in this folder.',
  ]);
});

test('what code shows is not looked at, nor are tables of other things', () => {
  const files = {
    'README.md': '| `gone.ts` | the root tells of more |',
    'engine/README.md':
      '```\n[x](gone.md)\n# Not a heading\n```\n[y](#not-a-heading)\n| `PLIMSOLL_X` | not a file |',
  };
  expect(brokenOf(files)).toEqual([
    'engine/README.md:5: engine/README.md has no heading #not-a-heading.',
  ]);
});

test('equal headings are told apart by number', () => {
  const files = {
    'README.md': '# Limits\n# Limits\n[one](#limits) [two](#limits-1) [three](#limits-2)',
  };
  expect(brokenOf(files)).toEqual(['README.md:3: README.md has no heading #limits-2.']);
});
