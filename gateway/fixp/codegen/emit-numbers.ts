import type { EmitContext } from './emit-fields.js';
import { is64Bit, PRIMITIVES } from './primitives.js';
import type { Field } from './schema-model.js';

/** Numbers that generated code reads and writes for itself: headers, sizes of groups, lengths of data. */

export function readNumber(member: Field, view: string, at: string, context: EmitContext): string {
  const { accessor, size, is64 } = shapeOf(member);
  const place = placeOf(member, at);
  if (!is64) return `${view}.get${accessor}(${place}${size === 1 ? '' : `, ${context.little}`})`;
  return `${shared(`get${accessor}`, context)}(${view}, ${place})`;
}

export function writeNumber(
  member: Field,
  view: string,
  at: string,
  value: string,
  context: EmitContext,
): string {
  const { accessor, size, is64 } = shapeOf(member);
  const place = placeOf(member, at);
  if (!is64) {
    return `${view}.set${accessor}(${place}, ${value}${size === 1 ? '' : `, ${context.little}`});`;
  }
  return `${shared('setInt64', context)}(${view}, ${place}, ${value});`;
}

/** The function of this name that all share, for the byte order; noted for the imports. */
export function shared(name: string, { little, uses }: EmitContext): string {
  const full = `${name}${little ? 'Le' : 'Be'}`;
  uses.add(full);
  return full;
}

function shapeOf({ type }: Field) {
  if (type.kind !== 'simple') throw new Error(`${type.name} must be a number`);
  return { ...PRIMITIVES[type.primitive], is64: is64Bit(type.primitive) };
}

function placeOf({ offset }: Field, at: string): string {
  return offset === 0 ? at : `${at} + ${offset}`;
}
