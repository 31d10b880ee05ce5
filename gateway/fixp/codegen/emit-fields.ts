import { className, constantName, docOf, indent, methodName } from './emit-names.js';
import { shared } from './emit-numbers.js';
import { is64Bit, PRIMITIVES } from './primitives.js';
import type { Field, SetType, SimpleType } from './schema-model.js';

/** What emitted code has to know of its surroundings. */
export interface EmitContext {
  readonly little: boolean;
  /** Whether the class knows the version of the message: composites do not. */
  readonly versioned: boolean;
  /** Names that the code uses, for the imports of its file. */
  readonly uses: Set<string>;
}

/** Methods of a decoder for one field. */
export function decoderMethods(field: Field, context: EmitContext): string[] {
  const lines = readMethods(field, context);
  // A constant of the class stands before the comment, which is about the field.
  const constants = lines[0]?.startsWith('static') ? lines.splice(0, 2) : [];
  return [...constants, ...docOf(field), ...lines, ''];
}

/** Methods of an encoder for one field; a constant has none. */
export function encoderMethods(field: Field, context: EmitContext): string[] {
  if (field.presence === 'constant') return [];
  return [...docOf(field), ...writeMethods(field, context), ''];
}

/** Statements that write the null of an optional field, for `clear`; a null of zero is there already. */
export function nullStatement(field: Field, context: EmitContext): string | null {
  if (field.presence !== 'optional') return null;
  const { type } = field;
  if (type.kind === 'composite' || type.kind === 'set') return null;
  if (type.kind === 'simple' && type.length !== 1) return null;
  return writeNull(field, context);
}

function readMethods(field: Field, context: EmitContext): string[] {
  const { type } = field;
  const name = methodName(field.name);
  if (field.presence === 'constant') return constantMethod(field);
  if (type.kind === 'composite') {
    const of = `${className(type.name)}Decoder`;
    context.uses.add(of);
    const wrapped = `this.sbe${className(field.name)}.wrap(this.sbeView, ${at(field)})`;
    return isLate(field, context)
      ? [`${name}(): ${of} | null {`, `  ${lateGuard(field, 'null')}`, `  return ${wrapped};`, '}']
      : [`${name}(): ${of} {`, `  return ${wrapped};`, '}'];
  }
  if (type.kind === 'set') return setReaders(field, type, context);
  if (type.kind === 'simple' && type.length !== 1) return arrayReaders(field, type, context);
  return scalarReaders(field, context);
}

function scalarReaders(field: Field, context: EmitContext): string[] {
  const name = methodName(field.name);
  const primitive = primitiveOf(field);
  const nullName = `${constantName(field.name)}_NULL`;
  const hasNull = field.presence === 'optional' || isLate(field, context);
  const lines: string[] = [];
  if (hasNull) lines.push(`static readonly ${nullName} = ${literal(nullOf(field))};`, '');
  const guard = isLate(field, context) ? [`  ${lateGuard(field, nullLiteral(field))}`] : [];
  lines.push(`${name}(): number {`, ...guard, `  return ${read(field, context)};`, '}');
  if (is64Bit(primitive)) {
    const big = `this.sbeView.getBig${PRIMITIVES[primitive].accessor}(${at(field)}, ${context.little})`;
    const late = isLate(field, context) ? [`  ${lateGuard(field, `${nullOf(field)}n`)}`] : [];
    lines.push('', `${name}Big(): bigint {`, ...late, `  return ${big};`, '}');
  }
  if (hasNull) {
    const late = isLate(field, context) ? [`  ${lateGuard(field, 'false')}`] : [];
    const is = `has${className(field.name)}(): boolean {`;
    lines.push('', is, ...late, `  return ${presentTest(field, context)};`, '}');
  }
  return lines;
}

/** Whether the field is not null; required fields of later versions are there when their version is. */
function presentTest(field: Field, context: EmitContext): string {
  if (field.presence !== 'optional') return 'true';
  const primitive = primitiveOf(field);
  if (!PRIMITIVES[primitive].isInteger && Number.isNaN(nullOf(field))) {
    return `!Number.isNaN(${read(field, context)})`;
  }
  if (!is64Bit(primitive)) return `${read(field, context)} !== ${literal(nullOf(field))}`;
  return `!${shared('isInt64', context)}(this.sbeView, ${at(field)}, ${nullWords(field)})`;
}

function setReaders(field: Field, type: SetType, context: EmitContext): string[] {
  const name = methodName(field.name);
  const late = isLate(field, context) ? [`  ${lateGuard(field, '0')}`] : [];
  const lines = [`${name}(): number {`, ...late, `  return ${read(field, context)};`, '}'];
  for (const choice of type.choices) {
    const lateChoice = isLate(field, context) ? [`  ${lateGuard(field, 'false')}`] : [];
    const byte = `this.sbeView.getUint8(${bitByte(field, type, choice.bit, context)})`;
    const test = `(${byte} & ${1 << (choice.bit & 7)}) !== 0`;
    const method = `${name}${className(choice.name)}(): boolean {`;
    lines.push('', method, ...lateChoice, `  return ${test};`, '}');
  }
  return lines;
}

function arrayReaders(field: Field, type: SimpleType, context: EmitContext): string[] {
  const name = methodName(field.name);
  const { size } = PRIMITIVES[type.primitive];
  const lines = [`static readonly ${constantName(field.name)}_LENGTH = ${type.length};`, ''];
  const element = { ...field, type: { ...type, length: 1 } };
  const late = isLate(field, context) ? [`  ${lateGuard(field, nullLiteral(element))}`] : [];
  const index = size === 1 ? 'index' : `index * ${size}`;
  const item = read(element, context, `${at(field)} + ${index}`);
  lines.push(`${name}At(index: number): number {`, ...late, `  return ${item};`, '}');
  if (size !== 1) return lines;
  context.uses.add('getBytes');
  const lateBytes = isLate(field, context) ? [`  ${lateGuard(field, '0')}`] : [];
  lines.push(
    '',
    `get${className(field.name)}(target: Uint8Array, targetOffset: number): number {`,
    ...lateBytes,
    `  return getBytes(this.sbeView, ${at(field)}, target, targetOffset, ${type.length});`,
    '}',
  );
  if (type.primitive !== 'char') return lines;
  context.uses.add('getText');
  const lateText = isLate(field, context) ? [`  ${lateGuard(field, "''")}`] : [];
  const text = `getText(this.sbeView, ${at(field)}, ${type.length})`;
  return [...lines, '', `${name}(): string {`, ...lateText, `  return ${text};`, '}'];
}

function constantMethod(field: Field): string[] {
  const { type } = field;
  const constant = type.kind === 'simple' ? type.constant : null;
  const value = field.constantValue ?? constant ?? 0;
  const isText = typeof value === 'string';
  const shown = isText ? JSON.stringify(value) : literal(value);
  return [
    `${methodName(field.name)}(): ${isText ? 'string' : 'number'} {`,
    `  return ${shown};`,
    '}',
  ];
}

function writeMethods(field: Field, context: EmitContext): string[] {
  const { type } = field;
  const name = methodName(field.name);
  if (type.kind === 'composite') {
    const of = `${className(type.name)}Encoder`;
    context.uses.add(of);
    const wrapped = `this.sbe${className(field.name)}.wrap(this.sbeView, ${at(field)})`;
    return [`${name}(): ${of} {`, `  return ${wrapped};`, '}'];
  }
  if (type.kind === 'set') return setWriters(field, type, context);
  if (type.kind === 'simple' && type.length !== 1) return arrayWriters(field, type, context);
  const valueType = type.kind === 'enum' ? className(type.name) : 'number';
  if (type.kind === 'enum') context.uses.add(className(type.name));
  const lines = [...method(`${name}(value: ${valueType})`, write(field, context, 'value'))];
  const primitive = primitiveOf(field);
  if (is64Bit(primitive)) {
    const big = `this.sbeView.setBig${PRIMITIVES[primitive].accessor}(${at(field)}, value, ${context.little});`;
    lines.push('', ...method(`${name}Big(value: bigint)`, big));
  }
  if (field.presence === 'optional') {
    lines.push('', ...method(`${name}Null()`, writeNull(field, context)));
  }
  return lines;
}

function setWriters(field: Field, type: SetType, context: EmitContext): string[] {
  const name = methodName(field.name);
  const lines = [...method(`${name}(bits: number)`, write(field, context, 'bits'))];
  for (const choice of type.choices) {
    const byte = bitByte(field, type, choice.bit, context);
    const mask = 1 << (choice.bit & 7);
    lines.push(
      '',
      `${name}${className(choice.name)}(value: boolean): this {`,
      `  const bits = this.sbeView.getUint8(${byte});`,
      `  this.sbeView.setUint8(${byte}, value ? bits | ${mask} : bits & ${255 - mask});`,
      '  return this;',
      '}',
    );
  }
  return lines;
}

function arrayWriters(field: Field, type: SimpleType, context: EmitContext): string[] {
  const name = methodName(field.name);
  const { size } = PRIMITIVES[type.primitive];
  const element = { ...field, type: { ...type, length: 1 } };
  const index = size === 1 ? 'index' : `index * ${size}`;
  const item = write(element, context, 'value', `${at(field)} + ${index}`);
  const lines = [...method(`${name}At(index: number, value: number)`, item)];
  if (size !== 1) return lines;
  context.uses.add('setBytes');
  const put = `put${className(field.name)}(source: Uint8Array, sourceOffset: number)`;
  const copy = `setBytes(this.sbeView, ${at(field)}, source, sourceOffset, ${type.length});`;
  lines.push('', ...method(put, copy));
  if (type.primitive !== 'char') return lines;
  context.uses.add('setText');
  const text = `setText(this.sbeView, ${at(field)}, ${type.length}, value);`;
  return [...lines, '', ...method(`${name}(value: string)`, text)];
}

function method(signature: string, statement: string): string[] {
  return [`${signature}: this {`, ...indent([statement, 'return this;']), '}'];
}

function at(field: Field): string {
  return field.offset === 0 ? 'this.sbeOffset' : `this.sbeOffset + ${field.offset}`;
}

/** The byte in which a bit of a set lies. */
function bitByte(field: Field, type: SetType, bit: number, { little }: EmitContext): string {
  const { size } = PRIMITIVES[type.primitive];
  const byte = little ? bit >> 3 : size - 1 - (bit >> 3);
  return at({ ...field, offset: field.offset + byte });
}

function read(field: Field, context: EmitContext, place = at(field)): string {
  const primitive = primitiveOf(field);
  const { accessor, size } = PRIMITIVES[primitive];
  if (is64Bit(primitive)) {
    return `${shared(`get${accessor}`, context)}(this.sbeView, ${place})`;
  }
  return `this.sbeView.get${accessor}(${place}${size === 1 ? '' : `, ${context.little}`})`;
}

function write(field: Field, context: EmitContext, value: string, place = at(field)): string {
  const primitive = primitiveOf(field);
  const { accessor, size } = PRIMITIVES[primitive];
  if (is64Bit(primitive)) {
    return `${shared('setInt64', context)}(this.sbeView, ${place}, ${value});`;
  }
  const order = size === 1 ? '' : `, ${context.little}`;
  return `this.sbeView.set${accessor}(${place}, ${value}${order});`;
}

function writeNull(field: Field, context: EmitContext): string {
  const primitive = primitiveOf(field);
  if (!is64Bit(primitive)) return write(field, context, nullLiteral(field));
  return `${shared('setWords', context)}(this.sbeView, ${at(field)}, ${nullWords(field)});`;
}

/** Upper and lower half of a null of eight bytes. */
function nullWords(field: Field): string {
  const bits = BigInt.asUintN(64, BigInt(nullOf(field)));
  return `${BigInt.asIntN(32, bits >> 32n)}, ${BigInt.asIntN(32, bits)}`;
}

function primitiveOf(field: Field) {
  return (field.type as Exclude<Field['type'], { kind: 'composite' }>).primitive;
}

function nullOf(field: Field): bigint | number {
  const { type } = field;
  return type.kind === 'simple' || type.kind === 'enum' ? type.nullValue : 0;
}

function nullLiteral(field: Field): string {
  return literal(nullOf(field));
}

function literal(value: bigint | number | string): string {
  if (typeof value === 'number' && Number.isNaN(value)) return 'Number.NaN';
  return String(Number(value));
}

function isLate(field: Field, { versioned }: EmitContext): boolean {
  return versioned && field.since > 0;
}

/** A message of an older version does not have the field. */
function lateGuard(field: Field, absent: string): string {
  return `if (this.sbeActingVersion < ${field.since}) return ${absent};`;
}
