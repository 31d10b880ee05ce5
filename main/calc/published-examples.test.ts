import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Decimal } from 'decimal.js';
import { describe, expect, it } from 'vitest';
import { sharedFolder } from '../../bench/shared-folder.js';
import { COMMANDS, type Command } from './command-line.js';
import { runCalcCommand } from './run.js';

/**
 * Results that venues print in their documentation or assert in their own tests, each through the command, with the tolerance
 * that the collection states.
 */
const FILE = join(sharedFolder(), 'vectors', 'published-examples.json');

/** Examples from which the product differs deliberately, by id, with the reason. There is none. */
const DIFFERENT: ReadonlyMap<string, string> = new Map([]);

interface Example {
  id: string;
  command: Command;
  input: unknown;
  expected: unknown;
  tolerance: string;
  unordered?: boolean;
}

type Json = Record<string, unknown>;

const examples: Example[] = existsSync(FILE) ? JSON.parse(readFileSync(FILE, 'utf8')) : [];

async function answerTo(command: Command, document: unknown): Promise<unknown> {
  let out = '';
  let notes = '';
  const code = await runCalcCommand([command, '-', '--json'], {
    read: async () => JSON.stringify(document),
    out: (text) => {
      out += text;
    },
    note: (text) => {
      notes += text;
    },
  });
  expect([code, notes]).toEqual([0, '']);
  return JSON.parse(out);
}

/** Sentences about what is not as expected. `expected` is a part of the answer. */
function differences(expected: unknown, actual: unknown, tolerance: string, at: string): string[] {
  if (Array.isArray(expected)) {
    const rows = actual as Json[];
    return expected.flatMap((row, index) => {
      const name = (row as Json).market;
      const found = name === undefined ? rows[index] : rows.find((each) => each.market === name);
      return differences(row, found, tolerance, `${at}[${index}]`);
    });
  }
  if (typeof expected === 'object' && expected !== null) {
    return Object.entries(expected).flatMap(([key, value]) =>
      differences(value, (actual as Json | undefined)?.[key], tolerance, `${at}.${key}`),
    );
  }
  const isClose =
    isDecimal(expected) && isDecimal(actual)
      ? new Decimal(expected).minus(actual).abs().lte(tolerance)
      : expected === actual;
  return isClose ? [] : [`${at} is ${String(actual)} and not ${String(expected)}`];
}

/** With rows in the order of their accounts, where an example leaves their order open. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return [...value].sort((a, b) => (String(a.account) < String(b.account) ? -1 : 1)).map(sorted);
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, sorted(each)]));
}

function isDecimal(value: unknown): value is string {
  return typeof value === 'string' && /^-?[0-9]+(\.[0-9]+)?$/.test(value);
}

describe.runIf(examples.length > 0)('published examples', () => {
  it.each(examples.map((example) => [example.id, example] as const))('%s', async (id, example) => {
    const answer = await answerTo(example.command, example.input);
    const [expected, actual] = example.unordered
      ? [sorted(example.expected), sorted(answer)]
      : [example.expected, answer];
    const found = differences(expected, actual, example.tolerance, example.command);
    if (DIFFERENT.has(id)) expect(found, `${id} agrees now: take it off the list`).not.toEqual([]);
    else expect(found).toEqual([]);
  });

  it('are of every kind, and so many that none was overlooked', () => {
    expect(new Set(examples.map(({ command }) => command))).toEqual(new Set(COMMANDS));
    expect(examples.length).toBeGreaterThanOrEqual(56);
    expect([...DIFFERENT.keys()].filter((id) => !examples.some((each) => each.id === id))).toEqual(
      [],
    );
  });
});

if (examples.length === 0) it.skip(`published examples: there is no ${FILE}`);

it('a comparison notices a difference beyond the tolerance, a missing field and a wrong row', () => {
  const expected = { a: '1.00', rows: [{ market: 'B', x: '2' }], ok: true };
  const rows = [
    { market: 'A', x: '9' },
    { market: 'B', x: '2.02' },
  ];
  const seen = (tolerance: string) =>
    differences(expected, { a: '1', rows, ok: true }, tolerance, '');
  expect(seen('0.02')).toEqual([]);
  expect(seen('0.01')).toHaveLength(1);
  expect(differences(expected, { rows: [], ok: false }, '1', '')).toHaveLength(4);
});
