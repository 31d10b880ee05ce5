import { PRIMITIVES, type PrimitiveName } from './primitives.js';

/** A schema as the generator works with it: every offset, size and null value is settled. */
export interface Schema {
  readonly package: string;
  readonly id: number;
  readonly version: number;
  readonly littleEndian: boolean;
  /** The composite in front of each message. */
  readonly header: CompositeType;
  readonly types: readonly NamedType[];
  readonly messages: readonly Message[];
}

export type Presence = 'required' | 'optional' | 'constant';

/** What all named things of a schema have. */
export interface Described {
  readonly name: string;
  readonly description: string;
  /** The version with which it came; 0: always there. */
  readonly since: number;
  /** The version with which it was given up; null: in use. */
  readonly deprecated: number | null;
}

/** A number, a character, or a fixed row of them. */
export interface SimpleType extends Described {
  readonly kind: 'simple';
  readonly primitive: PrimitiveName;
  /** Of a row; 1: not a row. 0: as many as the length in front of it says. */
  readonly length: number;
  readonly presence: Presence;
  readonly nullValue: bigint | number;
  /** Of a constant: its text, or its number. */
  readonly constant: string | bigint | number | null;
  /** Of characters; null: bytes. */
  readonly characterEncoding: string | null;
}

export interface EnumType extends Described {
  readonly kind: 'enum';
  readonly primitive: PrimitiveName;
  readonly nullValue: number;
  readonly values: readonly (Described & { readonly value: number })[];
}

export interface SetType extends Described {
  readonly kind: 'set';
  readonly primitive: PrimitiveName;
  readonly choices: readonly (Described & { readonly bit: number })[];
}

export interface CompositeType extends Described {
  readonly kind: 'composite';
  readonly members: readonly Field[];
  readonly size: number;
}

export type NamedType = SimpleType | EnumType | SetType | CompositeType;

/** A field of a message, a group or a composite. */
export interface Field extends Described {
  readonly type: NamedType;
  readonly presence: Presence;
  /** From the beginning of the block or composite. */
  readonly offset: number;
  /** Of a constant of an enumeration: its value. */
  readonly constantValue: number | null;
}

/** What messages and groups have: a block of fields, then groups, then data of variable length. */
export interface Block {
  readonly blockLength: number;
  readonly fields: readonly Field[];
  readonly groups: readonly Group[];
  readonly data: readonly Data[];
}

export interface Message extends Described, Block {
  readonly id: number;
}

export interface Group extends Described, Block {
  readonly dimension: CompositeType;
}

export interface Data extends Described {
  /** Members `length` and `varData`. */
  readonly type: CompositeType;
  readonly characterEncoding: string | null;
}

/** The least block that a message of a version has: up to the end of its last field. */
export function leastBlockLengths(fields: readonly Field[]): { since: number; length: number }[] {
  const steps: { since: number; length: number }[] = [];
  const versions = [...new Set([0, ...fields.map(({ since }) => since)])].sort((a, b) => a - b);
  for (const since of versions) {
    const ends = fields
      .filter((field) => field.since <= since)
      .map((field) => field.offset + sizeOfField(field));
    const length = Math.max(0, ...ends);
    if (steps.at(-1)?.length !== length) steps.push({ since, length });
  }
  return steps;
}

export function sizeOfField(field: Field): number {
  return field.presence === 'constant' ? 0 : sizeOfType(field.type);
}

export function sizeOfType(type: NamedType): number {
  if (type.kind === 'composite') return type.size;
  const { size } = PRIMITIVES[type.primitive];
  if (type.kind !== 'simple') return size;
  return type.presence === 'constant' ? 0 : size * type.length;
}
