import { className, methodName } from '../emit-names.js';
import { is64Bit, PRIMITIVES } from '../primitives.js';
import type { Block, Field, Message, NamedType, SetType, SimpleType } from '../schema-model.js';
import type { Script } from './message-script.js';

/** Generated flyweights, called by name: what they are is known only when the schema is. */
// biome-ignore lint/suspicious/noExplicitAny: the names come from the schema.
type Flyweight = any;
export type Flyweights = Readonly<Record<string, new () => Flyweight>>;

/** Writes a message with its header as a script says; gives its length. */
export function encodeScript(
  flyweights: Flyweights,
  message: Message,
  script: Script,
  view: DataView,
): number {
  const encoder = new (flyweights[`${className(message.name)}Encoder`] as new () => Flyweight)();
  encoder.wrapAndApplyHeader(view, 0).clear();
  const lines = script.map((line) => line.split(' '));
  const owners: Flyweight[] = [encoder];
  for (const [verb, name = '', value = '', extra] of lines) {
    follow(owners, verb as string, name, value, extra);
  }
  return encoder.sbeOffset + encoder.sbeEncodedLength();
}

function follow(
  owners: Flyweight[],
  verb: string,
  name: string,
  value: string,
  extra: string | undefined,
): void {
  const owner = owners.at(-1);
  const method = methodName(name || 'none');
  if (verb === 'int') writeInteger(owner, method, BigInt(value));
  else if (verb === 'bits') owner[method](floatOf(value));
  else if (verb === 'null') owner[`${method}Null`]();
  else if (verb === 'items') {
    value.split(',').forEach((item, i) => {
      owner[`${method}At`](i, Number(item));
    });
  } else if (verb === 'choice') owner[method + className(value)](extra === '1');
  else if (verb === 'enter') owners.push(owner[method]());
  else if (verb === 'leave' || verb === 'endgroup') owners.pop();
  else if (verb === 'group') owners.push(owner[`${method}Count`](Number(value)));
  else if (verb === 'next') owner.next();
  else if (verb === 'data') {
    const bytes = Buffer.from(value, 'hex');
    owner[`put${className(name)}`](bytes, 0, bytes.length);
  }
}

/** Both ways of a 64-bit integer are used, the number where it is exact. */
function writeInteger(owner: Flyweight, method: string, value: bigint): void {
  const asNumber = Number(value);
  if (Number.isSafeInteger(asNumber)) owner[method](asNumber);
  else owner[`${method}Big`](value);
}

/** Reads a message behind its header, and writes down what the script of it was. */
export function decodeScript(flyweights: Flyweights, message: Message, view: DataView): Script {
  const decoder = new (flyweights[`${className(message.name)}Decoder`] as new () => Flyweight)();
  decoder.wrapAndApplyHeader(view, 0);
  const lines: string[] = [];
  readBlock(decoder, message, lines);
  return lines;
}

function readBlock(owner: Flyweight, block: Block, lines: string[]): void {
  for (const field of block.fields) readField(owner, field, lines);
  for (const group of block.groups) {
    const entries = owner[methodName(group.name)]();
    lines.push(`group ${group.name} ${entries.sbeLength()}`);
    while (entries.next()) {
      lines.push('next');
      readBlock(entries, group, lines);
    }
    lines.push('endgroup');
  }
  for (const data of block.data) {
    const bytes = Buffer.alloc(owner[`${methodName(data.name)}Length`]());
    owner[`get${className(data.name)}`](bytes, 0);
    lines.push(`data ${data.name} ${bytes.toString('hex')}`);
  }
}

function readField(owner: Flyweight, field: Field, lines: string[]): void {
  const { name, type } = field;
  const method = methodName(name);
  if (field.presence === 'constant') lines.push(`const ${name} ${owner[method]()}`);
  else if (type.kind === 'composite') {
    const part = owner[method]();
    if (part === null) {
      lines.push(`absent ${name}`);
      return;
    }
    lines.push(`enter ${name}`);
    for (const member of type.members) readField(part, member, lines);
    lines.push('leave');
  } else if (type.kind === 'set') readSet(owner, name, type, lines);
  else if (type.kind === 'simple' && type.length !== 1) {
    const items = Array.from({ length: type.length }, (_, i) => owner[`${method}At`](i));
    lines.push(`items ${name} ${items.join(',')}`);
  } else if (`has${className(name)}` in owner && !owner[`has${className(name)}`]()) {
    lines.push(`null ${name}`);
  } else lines.push(scalar(owner, name, type));
}

function readSet(owner: Flyweight, name: string, type: SetType, lines: string[]): void {
  for (const choice of type.choices) {
    const isSet = owner[methodName(name) + className(choice.name)]();
    lines.push(`choice ${name} ${choice.name} ${isSet ? 1 : 0}`);
  }
}

function scalar(owner: Flyweight, name: string, type: NamedType): string {
  const { primitive } = type as SimpleType;
  const method = methodName(name);
  if (!PRIMITIVES[primitive].isInteger) {
    const bytes = Buffer.alloc(PRIMITIVES[primitive].size);
    if (bytes.length === 4) bytes.writeFloatBE(owner[method]());
    else bytes.writeDoubleBE(owner[method]());
    return `bits ${name} ${bytes.toString('hex')}`;
  }
  if (!is64Bit(primitive)) return `int ${name} ${owner[method]()}`;
  const exact: bigint = owner[`${method}Big`]();
  // What the number says must be the nearest to what there is.
  if (Number(exact) !== owner[method]()) return `wrong ${name} ${owner[method]()}`;
  return `int ${name} ${exact}`;
}

function floatOf(hex: string): number {
  const bytes = Buffer.from(hex, 'hex');
  return bytes.length === 4 ? bytes.readFloatBE() : bytes.readDoubleBE();
}
