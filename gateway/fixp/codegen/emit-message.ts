import { emitCheck } from './emit-check.js';
import { dataReaders, dataWriters } from './emit-data.js';
import { decoderMethods, type EmitContext, encoderMethods, nullStatement } from './emit-fields.js';
import { className, docOf, indent, methodName } from './emit-names.js';
import { readNumber, writeNumber } from './emit-numbers.js';
import { compositeParts, memberOf, withoutEnd } from './emit-types.js';
import { PRIMITIVES } from './primitives.js';
import type { Block, CompositeType, Group, Message, Schema } from './schema-model.js';

/** The decoder of a message, those of its groups, and the check of bytes from outside. */
export function emitDecoder(message: Message, schema: Schema, context: EmitContext): string[] {
  const name = className(message.name);
  return [
    ...docOf(message),
    ...messageDecoder(message, schema, context),
    ...groupClasses(name, name, message.groups, context, groupDecoder),
    '',
    ...emitCheck(name, message, context),
  ];
}

/** The encoder of a message, and those of its groups. */
export function emitEncoder(message: Message, schema: Schema, context: EmitContext): string[] {
  const name = className(message.name);
  return [
    ...docOf(message),
    ...messageEncoder(message, schema, context),
    ...groupClasses(name, name, message.groups, context, groupEncoder),
  ];
}

function messageDecoder(message: Message, schema: Schema, context: EmitContext): string[] {
  const name = className(message.name);
  const body = [
    ...constants(message, schema),
    ...state(),
    'sbeActingBlockLength = 0;',
    ...parts(name, message, 'Decoder'),
    '',
    "/** Lays the decoder over a message behind its header; the latter two are the header's. */",
    'wrap(view: DataView, offset: number, actingBlockLength: number, actingVersion: number): this {',
    '  this.sbeView = view;',
    '  this.sbeOffset = offset;',
    '  this.sbeActingBlockLength = actingBlockLength;',
    '  this.sbeActingVersion = actingVersion;',
    '  this.sbeLimit = offset + actingBlockLength;',
    '  return this;',
    '}',
    '',
    '/** Lays the decoder over a message whose header is at `offset`. */',
    'wrapAndApplyHeader(view: DataView, offset: number): this {',
    `  const blockLength = ${headerRead(schema, 'blockLength', context)};`,
    `  const version = ${headerRead(schema, 'version', context)};`,
    `  return this.wrap(view, offset + ${schema.header.size}, blockLength, version);`,
    '}',
    '',
    ...blockReaders(name, message, context),
  ];
  return classOf(`${name}Decoder`, body);
}

function messageEncoder(message: Message, schema: Schema, context: EmitContext): string[] {
  const name = className(message.name);
  const body = [
    ...constants(message, schema),
    ...state(),
    ...parts(name, message, 'Encoder'),
    '',
    '/** Lays the encoder over bytes behind a header. What lies there stays, until it is written over or `clear` is called. */',
    'wrap(view: DataView, offset: number): this {',
    '  this.sbeView = view;',
    '  this.sbeOffset = offset;',
    `  this.sbeLimit = offset + ${message.blockLength};`,
    '  return this;',
    '}',
    '',
    '/** Writes the header at `offset`, and lays the encoder behind it. */',
    'wrapAndApplyHeader(view: DataView, offset: number): this {',
    ...indent(headerWrites(message, schema, context)),
    `  return this.wrap(view, offset + ${schema.header.size});`,
    '}',
    '',
    '/** The length so far, without the header. */',
    'sbeEncodedLength(): number {',
    '  return this.sbeLimit - this.sbeOffset;',
    '}',
    '',
    ...clearMethod(message, context),
    ...blockWriters(name, message, context),
  ];
  return classOf(`${name}Encoder`, body);
}

function groupClasses(
  root: string,
  owner: string,
  groups: readonly Group[],
  context: EmitContext,
  emit: typeof groupDecoder,
): string[] {
  return groups.flatMap((group) => {
    const name = owner + className(group.name);
    const nested = groupClasses(root, name, group.groups, context, emit);
    return ['', ...emit(root, name, group, context), ...nested];
  });
}

function groupDecoder(root: string, name: string, group: Group, context: EmitContext): string[] {
  const { dimension } = group;
  const body = [
    ...groupState(root, 'Decoder'),
    'sbeActingVersion = 0;',
    'private sbeBlockLength = 0;',
    ...parts(name, group, 'Decoder'),
    '',
    ...groupConstructor(name, root, group, 'Decoder'),
    "/** Reads the group's header where the message has been read to. */",
    'sbeBegin(isThere: boolean): this {',
    '  const { root } = this;',
    '  this.sbeView = root.sbeView;',
    '  this.sbeActingVersion = root.sbeActingVersion;',
    '  this.sbeIndex = 0;',
    '  this.sbeCount = 0;',
    '  if (!isThere) return this;',
    '  const view = root.sbeView;',
    '  const at = root.sbeLimit;',
    `  this.sbeBlockLength = ${dimensionRead(dimension, 'blockLength', context)};`,
    `  this.sbeCount = ${dimensionRead(dimension, 'numInGroup', context)};`,
    `  root.sbeLimit = at + ${dimension.size};`,
    '  return this;',
    '}',
    '',
    '/** How many entries the group has. */',
    'sbeLength(): number {',
    '  return this.sbeCount;',
    '}',
    '',
    ...nextMethod([
      'this.sbeOffset = this.root.sbeLimit;',
      'this.root.sbeLimit += this.sbeBlockLength;',
    ]),
    ...blockReaders(name, group, context, 'root'),
  ];
  return [...docOf(group), ...classOf(`${name}Decoder`, body)];
}

function groupEncoder(root: string, name: string, group: Group, context: EmitContext): string[] {
  const { dimension, blockLength } = group;
  const numbers = memberOf(dimension, 'numInGroup').type;
  const most = numbers.kind === 'simple' ? PRIMITIVES[numbers.primitive].max : 0n;
  context.uses.add('refuseCount');
  const body = [
    ...groupState(root, 'Encoder'),
    ...parts(name, group, 'Encoder'),
    '',
    ...groupConstructor(name, root, group, 'Encoder'),
    'sbeBegin(count: number): this {',
    `  if (!(count >= 0 && count <= ${most})) refuseCount(count, ${most});`,
    '  const { root } = this;',
    '  const view = root.sbeView;',
    '  const at = root.sbeLimit;',
    '  this.sbeView = view;',
    '  this.sbeIndex = 0;',
    '  this.sbeCount = count;',
    `  ${dimensionWrite(dimension, 'blockLength', String(blockLength), context)}`,
    `  ${dimensionWrite(dimension, 'numInGroup', 'count', context)}`,
    `  root.sbeLimit = at + ${dimension.size};`,
    '  return this;',
    '}',
    '',
    ...nextMethod([
      'this.sbeOffset = this.root.sbeLimit;',
      `this.root.sbeLimit += ${blockLength};`,
    ]),
    ...clearMethod(group, context),
    ...blockWriters(name, group, context, 'root'),
  ];
  return [...docOf(group), ...classOf(`${name}Encoder`, body)];
}

function groupState(root: string, side: string): string[] {
  return [
    'sbeView = NOTHING;',
    'sbeOffset = 0;',
    'private sbeIndex = 0;',
    'private sbeCount = 0;',
    `private readonly root: ${root}${side};`,
  ];
}

function groupConstructor(name: string, root: string, group: Group, side: string): string[] {
  const made = group.groups.map(({ name: nested }) => {
    const part = className(nested);
    return `  this.sbe${part} = new ${name}${part}${side}(root);`;
  });
  return [`constructor(root: ${root}${side}) {`, '  this.root = root;', ...made, '}', ''];
}

/** Entries are taken in order; one must be read or written to its end before the next. */
function nextMethod(advance: readonly string[]): string[] {
  return [
    '/** Goes to the next entry. False: there is none. */',
    'next(): boolean {',
    '  if (this.sbeIndex >= this.sbeCount) return false;',
    '  this.sbeIndex++;',
    ...indent(advance),
    '  return true;',
    '}',
    '',
  ];
}

function blockReaders(name: string, block: Block, context: EmitContext, root = ''): string[] {
  const groups = block.groups.flatMap((group) => {
    const test = group.since === 0 ? 'true' : `this.sbeActingVersion >= ${group.since}`;
    return [
      ...docOf(group),
      `${methodName(group.name)}(): ${name}${className(group.name)}Decoder {`,
      `  return this.sbe${className(group.name)}.sbeBegin(${test});`,
      '}',
      '',
    ];
  });
  const data = block.data.flatMap((item) => dataReaders(item, context, root));
  return [...block.fields.flatMap((field) => decoderMethods(field, context)), ...groups, ...data];
}

function blockWriters(name: string, block: Block, context: EmitContext, root = ''): string[] {
  const groups = block.groups.flatMap((group) => [
    ...docOf(group),
    `${methodName(group.name)}Count(count: number): ${name}${className(group.name)}Encoder {`,
    `  return this.sbe${className(group.name)}.sbeBegin(count);`,
    '}',
    '',
  ]);
  const data = block.data.flatMap((item) => dataWriters(item, context, root));
  return [...block.fields.flatMap((field) => encoderMethods(field, context)), ...groups, ...data];
}

function clearMethod(block: Block, context: EmitContext): string[] {
  context.uses.add('zeroBytes');
  const nulls = block.fields.flatMap((field) => nullStatement(field, context) ?? []);
  return [
    '/** Writes zeros over the block, and null into what is optional. */',
    'clear(): this {',
    `  zeroBytes(this.sbeView, this.sbeOffset, ${block.blockLength});`,
    ...indent(nulls),
    '  return this;',
    '}',
    '',
  ];
}

function constants(message: Message, schema: Schema): string[] {
  return [
    `static readonly BLOCK_LENGTH = ${message.blockLength};`,
    `static readonly TEMPLATE_ID = ${message.id};`,
    `static readonly SCHEMA_ID = ${schema.id};`,
    `static readonly VERSION = ${schema.version};`,
    '',
  ];
}

function state(): string[] {
  return ['sbeView = NOTHING;', 'sbeOffset = 0;', 'sbeLimit = 0;', 'sbeActingVersion = 0;'];
}

/** Objects for composites and groups are made once. A nested group needs the message, which its constructor gets. */
function parts(name: string, block: Block, side: 'Decoder' | 'Encoder'): string[] {
  const isRoot = 'id' in block;
  const groups = block.groups.map((group) => {
    const of = `${name}${className(group.name)}${side}`;
    const made = isRoot ? ` = new ${of}(this)` : '';
    return `private readonly sbe${className(group.name)}: ${of}${made};`;
  });
  return [...compositeParts(block.fields, side), ...groups];
}

function classOf(name: string, body: readonly string[]): string[] {
  return [`export class ${name} {`, ...indent(withoutEnd(body)), '}'];
}

function headerRead(schema: Schema, member: string, context: EmitContext): string {
  return readNumber(memberOf(schema.header, member), 'view', 'offset', context);
}

/** The usual header of four uint16 goes in two writes of known numbers. */
function headerWrites(message: Message, schema: Schema, context: EmitContext): string[] {
  const values = [message.blockLength, message.id, schema.id, schema.version];
  const members = ['blockLength', 'templateId', 'schemaId', 'version'].map((name) => {
    return memberOf(schema.header, name);
  });
  const isUsual = members.every(({ type, offset }, i) => {
    return type.kind === 'simple' && type.primitive === 'uint16' && offset === i * 2;
  });
  if (!isUsual || !context.little) {
    return members.map((member, i) => {
      return writeNumber(member, 'view', 'offset', String(values[i]), context);
    });
  }
  const [blockLength = 0, id = 0, schemaId = 0, version = 0] = values;
  return [
    `// Block length ${blockLength}, template ${id}; schema ${schemaId}, version ${version}.`,
    `view.setUint32(offset, ${blockLength + id * 65536}, true);`,
    `view.setUint32(offset + 4, ${schemaId + version * 65536}, true);`,
  ];
}

function dimensionRead(type: CompositeType, member: string, context: EmitContext): string {
  return readNumber(memberOf(type, member), 'view', 'at', context);
}

function dimensionWrite(
  type: CompositeType,
  member: string,
  value: string,
  context: EmitContext,
): string {
  return writeNumber(memberOf(type, member), 'view', 'at', value, context);
}
