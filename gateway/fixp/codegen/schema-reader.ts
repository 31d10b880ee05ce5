import { PRIMITIVES } from './primitives.js';
import type {
  Block,
  CompositeType,
  Data,
  Field,
  Group,
  Message,
  NamedType,
  Presence,
  Schema,
} from './schema-model.js';
import { sizeOfField } from './schema-model.js';
import { describe, offsetOf, presenceOf, TypeReader } from './type-reader.js';
import { XmlElement } from './xml-element.js';

/**
 * Reads an SBE 1.0 schema (FIX Trading Community, "Simple Binary Encoding", version 1.0) and settles all offsets.
 * Throws a SchemaError that names line and element.
 */
export function readSchema(text: string): Schema {
  const root = XmlElement.parse(text);
  if (root.name !== 'messageSchema') root.fail(`the document must be a messageSchema`);
  const types = new TypeReader();
  for (const child of root.children()) if (child.name === 'types') types.add(child);
  const byteOrder = root.attribute('byteOrder') ?? 'littleEndian';
  if (byteOrder !== 'littleEndian' && byteOrder !== 'bigEndian') {
    root.fail(`byteOrder must be littleEndian or bigEndian, but is "${byteOrder}"`);
  }
  const headerName = root.attribute('headerType') ?? 'messageHeader';
  const header = compositeOf(root, types, headerName, HEADER_MEMBERS);
  const blocks = new BlockReader(types);
  const messages = root
    .children()
    .filter(({ name }) => name === 'message')
    .map((element) => blocks.message(element));
  refuseTwice(root, messages);
  return {
    package: root.attribute('package') ?? '',
    id: root.number('id') ?? root.fail('messageSchema must have the attribute id'),
    version: root.number('version') ?? 0,
    littleEndian: byteOrder === 'littleEndian',
    header,
    types: types.all(),
    messages,
  };
}

const HEADER_MEMBERS = ['blockLength', 'templateId', 'schemaId', 'version'];
const DIMENSION_MEMBERS = ['blockLength', 'numInGroup'];
const DATA_MEMBERS = ['length', 'varData'];

class BlockReader {
  private readonly types: TypeReader;

  constructor(types: TypeReader) {
    this.types = types;
  }

  message(element: XmlElement): Message {
    const id = element.number('id') ?? element.fail('a message must have an id');
    return { ...describe(element), id, ...this.block(element) };
  }

  /** Fields, then groups, then data: the order is the layout. */
  private block(element: XmlElement): Block {
    const fields: Field[] = [];
    const groups: Group[] = [];
    const data: Data[] = [];
    let end = 0;
    for (const child of element.children()) {
      if (child.name === 'field') {
        if (groups.length + data.length > 0)
          child.fail('a field must stand before groups and data');
        const field = this.field(child, end);
        fields.push(field);
        end = field.offset + sizeOfField(field);
      } else if (child.name === 'group') {
        if (data.length > 0) child.fail('a group must stand before data');
        groups.push(this.group(child));
      } else if (child.name === 'data') data.push(this.data(child));
      else child.fail(`${child.name} is not allowed in ${element.name}`);
    }
    const blockLength = element.number('blockLength') ?? end;
    if (blockLength < end) {
      element.fail(`blockLength must be at least ${end}, but is ${blockLength}`);
    }
    return { blockLength, fields, groups, data };
  }

  private field(element: XmlElement, end: number): Field {
    const reference = element.attribute('valueRef');
    const typeName = element.attribute('type') ?? reference?.split('.')[0];
    if (typeName === undefined) element.fail('a field must have a type');
    const type = this.types.find(typeName) ?? element.fail(`there is no type ${typeName}`);
    if (type.kind === 'simple' && type.length === 0) {
      element.fail('a type of length 0 is for data only');
    }
    const presence = presenceOf(element) ?? (type.kind === 'simple' ? type.presence : 'required');
    const isConstantEnum = presence === 'constant' && reference !== null;
    return {
      ...describe(element),
      type: type.kind === 'simple' ? { ...type, presence } : type,
      presence,
      offset: offsetOf(element, end),
      constantValue: isConstantEnum
        ? this.valueOf(element, reference)
        : constantOf(element, type, presence),
    };
  }

  /** `valueRef` names a value of an enumeration: `Model.C`. */
  private valueOf(element: XmlElement, reference: string): number {
    const [enumName = '', valueName = ''] = reference.split('.');
    const type = this.types.find(enumName);
    const value = type?.kind === 'enum' && type.values.find(({ name }) => name === valueName);
    return value ? value.value : element.fail(`valueRef ${reference} names no value`);
  }

  private group(element: XmlElement): Group {
    const name = element.attribute('dimensionType') ?? 'groupSizeEncoding';
    const dimension = compositeOf(element, this.types, name, DIMENSION_MEMBERS);
    return { ...describe(element), dimension, ...this.block(element) };
  }

  private data(element: XmlElement): Data {
    const type = compositeOf(element, this.types, element.required('type'), DATA_MEMBERS);
    const content = type.members.find(({ name }) => name === 'varData')?.type;
    const characterEncoding = content?.kind === 'simple' ? content.characterEncoding : null;
    return { ...describe(element), type, characterEncoding };
  }
}

/** A constant that is no value of an enumeration has it in its type. */
function constantOf(element: XmlElement, type: NamedType, presence: Presence): null {
  if (presence !== 'constant') return null;
  if (type.kind === 'simple' && type.constant !== null) return null;
  return element.fail('a constant must have a valueRef, or a constant type');
}

function compositeOf(
  element: XmlElement,
  types: TypeReader,
  name: string,
  members: readonly string[],
): CompositeType {
  const type = types.find(name);
  if (type?.kind !== 'composite') return element.fail(`there is no composite ${name}`);
  for (const member of members) {
    const found = type.members.find((candidate) => candidate.name === member);
    const isNumber = found?.type.kind === 'simple' && PRIMITIVES[found.type.primitive].isInteger;
    if (!isNumber) element.fail(`the composite ${name} must have an integer ${member}`);
  }
  return type;
}

function refuseTwice(root: XmlElement, messages: readonly Message[]): void {
  for (const key of ['id', 'name'] as const) {
    const seen = new Set<string | number>();
    for (const message of messages) {
      if (seen.has(message[key])) root.fail(`two messages have the ${key} ${message[key]}`);
      seen.add(message[key]);
    }
  }
}
