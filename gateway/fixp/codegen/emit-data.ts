import type { EmitContext } from './emit-fields.js';
import { className, docOf, indent, methodName } from './emit-names.js';
import { readNumber, writeNumber } from './emit-numbers.js';
import { memberOf } from './emit-types.js';
import { PRIMITIVES } from './primitives.js';
import type { Data } from './schema-model.js';

/** Data of variable length stands where the message has been read to, so it is read once and in order. */
export function dataReaders(data: Data, context: EmitContext, root: string): string[] {
  const name = className(data.name);
  const length = memberOf(data.type, 'length');
  const start = memberOf(data.type, 'varData').offset;
  const late = data.since === 0 ? [] : [`if (this.sbeActingVersion < ${data.since}) return 0;`];
  context.uses.add('getBytes');
  const lines = [
    ...docOf(data),
    '/** Its length in bytes; goes nowhere. */',
    `${methodName(data.name)}Length(): number {`,
    ...indent([...late, `return ${readNumber(length, 'this.sbeView', limit(root), context)};`]),
    '}',
    '',
    '/** Goes behind it; gives its length in bytes. */',
    `skip${name}(): number {`,
    ...indent([...late, `const length = this.${methodName(data.name)}Length();`]),
    `  ${limit(root)} += ${start} + length;`,
    '  return length;',
    '}',
    '',
    '/** Copies its bytes and goes behind it; gives their number. */',
    `get${name}(target: Uint8Array, targetOffset: number): number {`,
    ...indent(late),
    `  const at = ${limit(root)} + ${start};`,
    `  return getBytes(this.sbeView, at, target, targetOffset, this.skip${name}());`,
    '}',
    '',
  ];
  if (data.characterEncoding === null) return lines;
  context.uses.add('decodeText');
  const lateText =
    data.since === 0 ? [] : [`if (this.sbeActingVersion < ${data.since}) return '';`];
  return [
    ...lines,
    `${methodName(data.name)}(): string {`,
    ...indent(lateText),
    `  const at = ${limit(root)} + ${start};`,
    `  return decodeText(this.sbeView, at, this.skip${name}(), '${data.characterEncoding}');`,
    '}',
    '',
  ];
}

export function dataWriters(data: Data, context: EmitContext, root: string): string[] {
  const name = className(data.name);
  const length = memberOf(data.type, 'length');
  const start = memberOf(data.type, 'varData').offset;
  const most = length.type.kind === 'simple' ? PRIMITIVES[length.type.primitive].max : 0n;
  context.uses.add('setBytes').add('refuseCount');
  const lines = [
    ...docOf(data),
    `put${name}(source: Uint8Array, sourceOffset: number, length: number): this {`,
    `  if (!(length >= 0 && length <= ${most})) refuseCount(length, ${most});`,
    `  ${writeNumber(length, 'this.sbeView', limit(root), 'length', context)}`,
    `  setBytes(this.sbeView, ${limit(root)} + ${start}, source, sourceOffset, length);`,
    `  ${limit(root)} += ${start} + length;`,
    '  return this;',
    '}',
    '',
  ];
  if (data.characterEncoding === null) return lines;
  context.uses.add('encodeText');
  return [
    ...lines,
    `${methodName(data.name)}(value: string): this {`,
    `  const bytes = encodeText(value, '${data.characterEncoding}');`,
    `  return this.put${name}(bytes, 0, bytes.length);`,
    '}',
    '',
  ];
}

function limit(root: string): string {
  return root === '' ? 'this.sbeLimit' : `this.${root}.sbeLimit`;
}
