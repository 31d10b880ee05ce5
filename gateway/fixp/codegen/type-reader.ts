import { isPrimitiveName, PRIMITIVES, type PrimitiveName } from './primitives.js';
import {
  type CompositeType,
  type Described,
  type EnumType,
  type Field,
  type NamedType,
  type Presence,
  type SetType,
  type SimpleType,
  sizeOfField,
} from './schema-model.js';
import type { XmlElement } from './xml-element.js';

/** Reads the types of a schema. A type may name any other one, wherever it stands, but not itself. */
export class TypeReader {
  private readonly elements = new Map<string, XmlElement>();
  private readonly found = new Map<string, NamedType>();
  private readonly underWay = new Set<string>();

  /** Takes over the elements in a `types` element. */
  add(types: XmlElement): void {
    for (const element of types.children()) {
      const name = element.required('name');
      if (this.elements.has(name)) element.fail(`the type ${name} is there twice`);
      this.elements.set(name, element);
    }
  }

  all(): NamedType[] {
    return [...this.elements.keys()].map((name) => this.find(name) as NamedType);
  }

  /** A named type, or a primitive as a type of its own name; null when there is neither. */
  find(name: string): NamedType | null {
    const known = this.found.get(name);
    if (known !== undefined) return known;
    const element = this.elements.get(name);
    if (element === undefined) return isPrimitiveName(name) ? bareType(name) : null;
    if (this.underWay.has(name)) element.fail(`the type ${name} contains itself`);
    this.underWay.add(name);
    const type = this.read(element);
    this.underWay.delete(name);
    this.found.set(name, type);
    return type;
  }

  private read(element: XmlElement): NamedType {
    switch (element.name) {
      case 'type':
        return readSimple(element);
      case 'enum':
        return this.readEnum(element);
      case 'set':
        return this.readSet(element);
      case 'composite':
        return this.readComposite(element);
      default:
        return element.fail(`a type must be type, enum, set or composite, but is ${element.name}`);
    }
  }

  /** What an enumeration or a set is encoded as: a primitive, or a type of one. */
  private encodingOf(element: XmlElement): SimpleType {
    const type = this.find(element.required('encodingType'));
    if (type?.kind === 'simple' && type.length === 1 && PRIMITIVES[type.primitive].isInteger) {
      return type;
    }
    const is = element.required('encodingType');
    return element.fail(`encodingType of ${element.name} must be one integer, but is ${is}`);
  }

  private readEnum(element: XmlElement): EnumType {
    const { primitive, nullValue } = this.encodingOf(element);
    const values = element.children().map((child) => {
      return { ...describe(child), value: numberOf(child, primitive, child.text) };
    });
    const fields = { primitive, nullValue: Number(nullValue), values };
    return { kind: 'enum', ...describe(element), ...fields };
  }

  private readSet(element: XmlElement): SetType {
    const { primitive } = this.encodingOf(element);
    const bits = PRIMITIVES[primitive].size * 8;
    const choices = element.children().map((child) => {
      const bit = Number(child.text);
      if (child.text === '' || !Number.isInteger(bit) || bit < 0 || bit >= bits) {
        child.fail(`a choice must be a bit from 0 to ${bits - 1}, but is "${child.text}"`);
      }
      return { ...describe(child), bit };
    });
    return { kind: 'set', ...describe(element), primitive, choices };
  }

  private readComposite(element: XmlElement): CompositeType {
    const members: Field[] = [];
    let end = 0;
    for (const child of element.children()) {
      const type = child.name === 'ref' ? this.referred(child) : this.read(child);
      const offset = offsetOf(child, end);
      const presence = type.kind === 'simple' ? type.presence : 'required';
      const field = { ...describe(child), type, presence, offset, constantValue: null };
      members.push(field);
      end = offset + sizeOfField(field);
    }
    return { kind: 'composite', ...describe(element), members, size: end };
  }

  private referred(element: XmlElement): NamedType {
    const name = element.required('type');
    return this.find(name) ?? element.fail(`there is no type ${name}`);
  }
}

export function describe(element: XmlElement): Described {
  return {
    name: element.required('name'),
    description: element.attribute('description') ?? '',
    since: element.number('sinceVersion') ?? 0,
    deprecated: element.number('deprecated'),
  };
}

/** Where a field lies: as it says, or behind the one before; never before that. */
export function offsetOf(element: XmlElement, end: number): number {
  const offset = element.number('offset') ?? end;
  if (offset < end) {
    element.fail(`offset of ${element.required('name')} must be at least ${end}, but is ${offset}`);
  }
  return offset;
}

export function presenceOf(element: XmlElement): Presence | null {
  const presence = element.attribute('presence');
  if (presence === null) return null;
  if (presence === 'required' || presence === 'optional' || presence === 'constant') {
    return presence;
  }
  return element.fail(`presence must be required, optional or constant, but is "${presence}"`);
}

function readSimple(element: XmlElement): SimpleType {
  const primitive = element.required('primitiveType');
  if (!isPrimitiveName(primitive)) element.fail(`${primitive} is no primitive type of SBE`);
  const presence = presenceOf(element) ?? 'required';
  const constant = presence === 'constant' ? element.text : null;
  const isText = primitive === 'char' && (constant?.length ?? 0) > 1;
  const nullText = element.attribute('nullValue');
  return {
    kind: 'simple',
    ...describe(element),
    primitive,
    length: element.number('length') ?? 1,
    presence,
    nullValue:
      nullText === null
        ? PRIMITIVES[primitive].nullValue
        : parseValue(element, primitive, nullText),
    constant: constant === null || isText ? constant : parseValue(element, primitive, constant),
    characterEncoding: element.attribute('characterEncoding'),
  };
}

function parseValue(element: XmlElement, primitive: PrimitiveName, text: string): bigint | number {
  if (primitive === 'int64' || primitive === 'uint64') return BigInt(text);
  return numberOf(element, primitive, text);
}

/** A number; of a char, the code of the character. */
function numberOf(element: XmlElement, primitive: PrimitiveName, text: string): number {
  if (primitive === 'char' && text.length === 1) return text.charCodeAt(0);
  const value = text === '' ? Number.NaN : Number(text);
  const isInteger = PRIMITIVES[primitive].isInteger;
  if (isInteger ? !Number.isSafeInteger(value) : Number.isNaN(value) && text !== 'NaN') {
    element.fail(`"${text}" is no value of ${primitive}`);
  }
  return value;
}

function bareType(name: PrimitiveName): SimpleType {
  const { nullValue } = PRIMITIVES[name];
  const described = { name, description: '', since: 0, deprecated: null };
  const shape = { primitive: name, length: 1, presence: 'required' as const };
  return {
    kind: 'simple',
    ...described,
    ...shape,
    nullValue,
    constant: null,
    characterEncoding: null,
  };
}
