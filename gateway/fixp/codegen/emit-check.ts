import type { EmitContext } from './emit-fields.js';
import { className, indent } from './emit-names.js';
import { readNumber } from './emit-numbers.js';
import { memberOf } from './emit-types.js';
import { type Block, type Data, type Group, leastBlockLengths } from './schema-model.js';

/**
 * For each message a function that walks over bytes from outside before anything believes them: blocks as long as their
 * version has them, groups and data within the message. What it lets pass, the decoder reads without an exception.
 */
export function emitCheck(name: string, block: Block, context: EmitContext): string[] {
  const walked = block.groups.length + block.data.length > 0;
  const body = [
    `  if (blockLength < ${leastBlock(block)}) return false;`,
    `  ${walked ? 'let' : 'const'} at = offset + blockLength;`,
    '  if (at > end || end > view.byteLength) return false;',
    ...indent(walkParts(name, block, 'false')),
    '  return true;',
  ];
  return [
    '/** Whether a message of this kind lies wholly between `offset`, behind its header, and `end`. */',
    `export function fits${name}(`,
    '  view: DataView,',
    '  offset: number,',
    '  end: number,',
    '  blockLength: number,',
    `  ${versionName(body)}: number,`,
    '): boolean {',
    ...body,
    '}',
    ...groupWalkers(name, block.groups, context),
    ...dataWalkers(name, block.data, context),
  ];
}

/** Behind each group and each data, in order; −1 ends the walk. */
function walkParts(name: string, block: Block, refused: string): string[] {
  const parts = [...block.groups, ...block.data];
  return parts.flatMap((part) => [
    `at = skip${name}${className(part.name)}(view, at, end, version);`,
    `if (at < 0) return ${refused};`,
  ]);
}

function groupWalkers(owner: string, groups: readonly Group[], context: EmitContext): string[] {
  return groups.flatMap((group) => {
    const name = owner + className(group.name);
    const { dimension } = group;
    const nested = group.groups.length + group.data.length > 0;
    const body = [
      `  if (end - at < ${dimension.size}) return -1;`,
      `  const blockLength = ${readNumber(memberOf(dimension, 'blockLength'), 'view', 'at', context)};`,
      `  const count = ${readNumber(memberOf(dimension, 'numInGroup'), 'view', 'at', context)};`,
      `  if (count > 0 && blockLength < ${leastBlock(group)}) return -1;`,
      `  at += ${dimension.size};`,
      ...(nested ? entryWalk(name, group) : ['  at += blockLength * count;']),
      '  return at > end ? -1 : at;',
    ];
    return [
      ...walker(name, group.since, body),
      ...groupWalkers(name, group.groups, context),
      ...dataWalkers(name, group.data, context),
    ];
  });
}

/** An entry without a byte would make billions of rounds possible: nothing follows from them, so one is enough. */
function entryWalk(name: string, group: Group): string[] {
  return [
    '  for (let i = 0; i < count; i++) {',
    '    const before = at;',
    '    at += blockLength;',
    '    if (at > end) return -1;',
    ...indent(indent(walkParts(name, group, '-1'))),
    '    if (at === before) break;',
    '  }',
  ];
}

function dataWalkers(owner: string, data: readonly Data[], context: EmitContext): string[] {
  return data.flatMap((item) => {
    const start = memberOf(item.type, 'varData').offset;
    return walker(owner + className(item.name), item.since, [
      `  if (end - at < ${start}) return -1;`,
      `  at += ${start} + ${readNumber(memberOf(item.type, 'length'), 'view', 'at', context)};`,
      '  return at > end ? -1 : at;',
    ]);
  });
}

function walker(name: string, since: number, walk: readonly string[]): string[] {
  const late = since === 0 ? [] : [`  if (version < ${since}) return at;`];
  const body = [...late, ...walk];
  return [
    '',
    `function skip${name}(view: DataView, at: number, end: number, ${versionName(body)}: number): number {`,
    ...body,
    '}',
  ];
}

/** What is not used must begin with an underscore. */
function versionName(body: readonly string[]): string {
  return body.some((line) => /\bversion\b/.test(line)) ? 'version' : '_version';
}

/** By version: the latest step that the message has reached. */
function leastBlock(block: Block): string {
  let expression = '';
  for (const { since, length } of leastBlockLengths(block.fields)) {
    expression = since === 0 ? `${length}` : `version >= ${since} ? ${length} : ${expression}`;
  }
  return expression.includes('?') ? `(${expression})` : expression;
}
