/**
 * What generated flyweights share. A flyweight lays names over bytes: it owns none, and reading or writing a number
 * allocates nothing.
 */

/** Where a flyweight stands before it is laid over anything. */
export const NOTHING: DataView = new DataView(new ArrayBuffer(0));

const TWO_32 = 4_294_967_296;

/** A message's place behind what was read or written last; groups and data of variable length move it. */
export interface SbeRoot {
  sbeView: DataView;
  sbeLimit: number;
  sbeActingVersion: number;
}

// 64-bit integers as numbers: exact within ±(2^53 − 1), the nearest number beyond. A function for each byte order: V8
// inlines functions by their size, and only what is inlined keeps its numbers out of the heap.

export function getInt64Le(view: DataView, offset: number): number {
  return view.getInt32(offset + 4, true) * TWO_32 + view.getUint32(offset, true);
}

export function getInt64Be(view: DataView, offset: number): number {
  return view.getInt32(offset, false) * TWO_32 + view.getUint32(offset + 4, false);
}

export function getUint64Le(view: DataView, offset: number): number {
  return view.getUint32(offset + 4, true) * TWO_32 + view.getUint32(offset, true);
}

export function getUint64Be(view: DataView, offset: number): number {
  return view.getUint32(offset, false) * TWO_32 + view.getUint32(offset + 4, false);
}

/** Writes a whole number within ±(2^53 − 1), signed or not: both have the same bits. */
export function setInt64Le(view: DataView, offset: number, value: number): void {
  view.setUint32(offset, value, true);
  view.setInt32(offset + 4, (value - (value >>> 0)) / TWO_32, true);
}

export function setInt64Be(view: DataView, offset: number, value: number): void {
  view.setUint32(offset + 4, value, false);
  view.setInt32(offset, (value - (value >>> 0)) / TWO_32, false);
}

/** Whether the eight bytes are these two words; nulls are compared so, because as numbers they would be rounded. */
export function isInt64Le(view: DataView, offset: number, high: number, low: number): boolean {
  return view.getInt32(offset, true) === low && view.getInt32(offset + 4, true) === high;
}

export function isInt64Be(view: DataView, offset: number, high: number, low: number): boolean {
  return view.getInt32(offset + 4, false) === low && view.getInt32(offset, false) === high;
}

/** Writes eight bytes by their words: with a bigint it would take ten times as long. */
export function setWordsLe(view: DataView, offset: number, high: number, low: number): void {
  view.setInt32(offset, low, true);
  view.setInt32(offset + 4, high, true);
}

export function setWordsBe(view: DataView, offset: number, high: number, low: number): void {
  view.setInt32(offset, high, false);
  view.setInt32(offset + 4, low, false);
}

/** Text of a fixed length: it ends at the first zero, or at the end. */
export function getText(view: DataView, offset: number, length: number): string {
  let text = '';
  for (let i = 0; i < length; i++) {
    const code = view.getUint8(offset + i);
    if (code === 0) break;
    text += String.fromCharCode(code);
  }
  return text;
}

/** Writes ASCII text and zeros behind it. Throws a RangeError for text that is too long or not ASCII. */
export function setText(view: DataView, offset: number, length: number, text: string): void {
  if (text.length > length) {
    throw new RangeError(`text must have at most ${length} characters, but has ${text.length}`);
  }
  for (let i = 0; i < length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0;
    if (code > 0x7f) throw new RangeError(`text must be ASCII, but is ${JSON.stringify(text)}`);
    view.setUint8(offset + i, code);
  }
}

/** Copies bytes out of a message. */
export function getBytes(
  view: DataView,
  offset: number,
  target: Uint8Array,
  targetOffset: number,
  length: number,
): number {
  for (let i = 0; i < length; i++) target[targetOffset + i] = view.getUint8(offset + i);
  return length;
}

/** Copies bytes into a message. */
export function setBytes(
  view: DataView,
  offset: number,
  source: Uint8Array,
  sourceOffset: number,
  length: number,
): void {
  for (let i = 0; i < length; i++) view.setUint8(offset + i, source[sourceOffset + i] as number);
}

/** Text of variable length in its character encoding: UTF-8, or one byte for each character. */
export function decodeText(
  view: DataView,
  offset: number,
  length: number,
  characterEncoding: string,
): string {
  // Buffer would read beyond the view where the view is only a part of the memory.
  if (offset + length > view.byteLength) throw new RangeError('text reaches beyond the message');
  const bytes = Buffer.from(view.buffer, view.byteOffset + offset, length);
  return bytes.toString(characterEncoding === 'UTF-8' ? 'utf8' : 'latin1');
}

export function encodeText(text: string, characterEncoding: string): Uint8Array {
  return Buffer.from(text, characterEncoding === 'UTF-8' ? 'utf8' : 'latin1');
}

/** Zeros a block, so that what lay there before is not sent. */
export function zeroBytes(view: DataView, offset: number, length: number): void {
  let i = 0;
  for (; i + 8 <= length; i += 8) view.setFloat64(offset + i, 0);
  for (; i < length; i++) view.setUint8(offset + i, 0);
}

export function refuseCount(count: number, most: number): never {
  throw new RangeError(`a count or length must be from 0 to ${most}, but is ${count}`);
}
