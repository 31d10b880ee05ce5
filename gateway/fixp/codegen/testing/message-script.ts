import { is64Bit, PRIMITIVES, type PrimitiveName } from '../primitives.js';
import type { Block, Field, Message, NamedType, SimpleType } from '../schema-model.js';

/**
 * A message as a list of lines, the same for every language: what to write, and what has to be read. A script is made from
 * a schema and random numbers; the encoder of each language follows it, and its decoder writes it again.
 *
 *   int NAME VALUE · bits NAME HEX (float and double) · null NAME · items NAME V,V… · choice NAME CHOICE 0|1
 *   const NAME VALUE · enter NAME … leave · group NAME COUNT, then for each entry next … · endgroup · data NAME HEX
 */
export type Script = readonly string[];

/** A row of numbers that decides everything in a script: 0 ≤ n < 2^32. */
export type Random = () => number;

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

export function randomScript(message: Message, random: Random): Script {
  const lines: string[] = [];
  block(message, random, lines);
  return lines;
}

function block(of: Block, random: Random, lines: string[]): void {
  for (const field of of.fields) lines.push(...fieldLines(field, random));
  for (const group of of.groups) {
    const count = random() % 4;
    lines.push(`group ${group.name} ${count}`);
    for (let i = 0; i < count; i++) {
      lines.push('next');
      block(group, random, lines);
    }
    lines.push('endgroup');
  }
  for (const data of of.data) {
    // ASCII, so that it is text in every character encoding.
    const bytes = Array.from({ length: random() % 20 }, () => 0x20 + (random() % 0x5f));
    lines.push(`data ${data.name} ${Buffer.from(bytes).toString('hex')}`);
  }
}

function fieldLines(field: Field, random: Random): string[] {
  const { type, name } = field;
  if (field.presence === 'constant') return constantLines(field);
  if (type.kind === 'composite') {
    const members = type.members.flatMap((member) => fieldLines(member, random));
    return [`enter ${name}`, ...members, 'leave'];
  }
  if (type.kind === 'set') {
    return type.choices.map((choice) => `choice ${name} ${choice.name} ${random() & 1}`);
  }
  if (type.kind === 'simple' && type.length !== 1) {
    const items = Array.from({ length: type.length }, () => integer(type.primitive, random));
    return [`items ${name} ${items.join(',')}`];
  }
  if (field.presence === 'optional' && random() % 4 === 0) return [`null ${name}`];
  return [scalarLine(name, type, random)];
}

function constantLines({ name, type, constantValue }: Field): string[] {
  const value = constantValue ?? (type.kind === 'simple' ? type.constant : null);
  return [`const ${name} ${value}`];
}

function scalarLine(name: string, type: NamedType, random: Random): string {
  if (type.kind === 'enum') return `int ${name} ${choose(type.values, random).value}`;
  const { primitive, nullValue } = type as SimpleType;
  if (!PRIMITIVES[primitive].isInteger) return `bits ${name} ${floatBits(primitive, random)}`;
  let value = integer(primitive, random);
  // A required field may have its type's null value, but then it says nothing.
  if (value === BigInt(nullValue)) value = value === 3n ? 4n : 3n;
  return `int ${name} ${value}`;
}

/** Small, large and extreme values alike. */
function integer(primitive: PrimitiveName, random: Random): bigint {
  const { min, max } = PRIMITIVES[primitive];
  const kind = random() % 4;
  if (kind === 0) return random() & 1 ? min : max;
  const span = max - min + 1n;
  const wide = is64Bit(primitive) || primitive.endsWith('32');
  const raw = (BigInt(random()) << 32n) | BigInt(random());
  return kind === 1 && wide ? min + ((raw % span) & 0xffffn) : min + (raw % span);
}

function floatBits(primitive: PrimitiveName, random: Random): string {
  const bytes = Buffer.alloc(PRIMITIVES[primitive].size);
  const value = (random() - 2 ** 31) / (1 + (random() % 1000));
  if (bytes.length === 4) bytes.writeFloatBE(value);
  else bytes.writeDoubleBE(value);
  return bytes.toString('hex');
}

function choose<T>(from: readonly T[], random: Random): T {
  return from[random() % from.length] as T;
}
