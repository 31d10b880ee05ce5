import { decoderMethods, type EmitContext, encoderMethods } from './emit-fields.js';
import { className, docOf, indent } from './emit-names.js';
import type { CompositeType, EnumType, Field, NamedType, SetType } from './schema-model.js';

/** The declaration of an enumeration, a set or a composite; simple types need none. */
export function emitType(type: NamedType, context: EmitContext): string[] {
  if (type.kind === 'enum') return emitEnum(type);
  if (type.kind === 'set') return emitSet(type);
  if (type.kind === 'composite') return emitComposite(type, context);
  return [];
}

function emitEnum(type: EnumType): string[] {
  const name = className(type.name);
  const values = type.values.flatMap((value) => {
    return [...docOf(value), `${memberName(value.name)}: ${value.value},`];
  });
  return [
    ...docOf(type),
    `export const ${name} = {`,
    ...indent(values),
    '} as const;',
    `export type ${name} = (typeof ${name})[keyof typeof ${name}];`,
  ];
}

/** A set is a number; its choices are the numbers of their bits. */
function emitSet(type: SetType): string[] {
  const choices = type.choices.flatMap((choice) => {
    return [...docOf(choice), `${memberName(choice.name)}: ${2 ** choice.bit},`];
  });
  return [
    ...docOf(type),
    `export const ${className(type.name)} = {`,
    ...indent(choices),
    '} as const;',
  ];
}

/** A value may be called like a word of the language, but not begin with a digit. */
function memberName(name: string): string {
  return /^[0-9]/.test(name) ? `'${name}'` : name;
}

function emitComposite(type: CompositeType, context: EmitContext): string[] {
  const own = { ...context, versioned: false };
  const name = className(type.name);
  return [
    ...docOf(type),
    ...compositeClass(type, `${name}Decoder`, 'Decoder', (field) => decoderMethods(field, own)),
    '',
    ...docOf(type),
    ...compositeClass(type, `${name}Encoder`, 'Encoder', (field) => encoderMethods(field, own)),
  ];
}

function compositeClass(
  type: CompositeType,
  name: string,
  side: 'Decoder' | 'Encoder',
  methods: (field: Field) => string[],
): string[] {
  const members = type.members.filter((member) => !isOpenEnded(member));
  const body = [
    `static readonly ENCODED_LENGTH = ${type.size};`,
    'sbeView = NOTHING;',
    'sbeOffset = 0;',
    ...compositeParts(members, side),
    '',
    'wrap(view: DataView, offset: number): this {',
    '  this.sbeView = view;',
    '  this.sbeOffset = offset;',
    '  return this;',
    '}',
    '',
    ...members.flatMap(methods),
  ];
  return [`export class ${name} {`, ...indent(withoutEnd(body)), '}'];
}

/** One object for each composite in a class, made once and laid anew at each call. */
export function compositeParts(fields: readonly Field[], side: 'Decoder' | 'Encoder'): string[] {
  return fields.flatMap(({ name, type }) => {
    if (type.kind !== 'composite') return [];
    return [`private readonly sbe${className(name)} = new ${className(type.name)}${side}();`];
  });
}

/** The offsets of a composite that the code reads itself: headers of messages and groups, lengths of data. */
export function memberOf(type: CompositeType, name: string): Field {
  const found = type.members.find((member) => member.name === name);
  if (found === undefined) throw new Error(`${type.name} has no ${name}`);
  return found;
}

/** What follows its own length has no place of its own. */
function isOpenEnded({ type }: Field): boolean {
  return type.kind === 'simple' && type.length === 0;
}

export function withoutEnd(lines: readonly string[]): string[] {
  return lines.at(-1) === '' ? lines.slice(0, -1) : [...lines];
}
