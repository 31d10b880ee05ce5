import type { MessageShape } from '../protocol/messages.js';
import { formatScaled, writeScaled } from './decimal-text.js';
import type { MessageSink } from './message-sink.js';

/** Room for the longest head of an array; the short one, of a byte, ends where that does. */
const HEAD_BYTES = 3;
const VIEWS_MAX = 512;
const FIRST_BYTES = 64 * 1024;
/** The longest field that is written without looking at the room left. */
const FIELD_BYTES_MAX = 64;

/**
 * Writes one msgpack message after the other into the same memory. `end` gives a view that is valid until the
 * next `begin`; views of the usual lengths are made once, because a view costs as much as the message.
 *
 * Integers above 2^32 − 1 are written as float64, which holds them exactly up to 2^53 and which no decoder turns
 * into a big integer.
 */
export class MsgpackSink implements MessageSink {
  private bytes = new Uint8Array(FIRST_BYTES);
  private data = new DataView(this.bytes.buffer);
  private at = 0;
  /** Fields of the message with its code, and how many of the last of them were nil. */
  private items = 0;
  private nils = 0;
  /** By length: views of messages with a short head, then of those with a long one. */
  private readonly views: (Uint8Array | undefined)[] = new Array(2 * VIEWS_MAX);

  begin(shape: MessageShape): void {
    this.at = HEAD_BYTES;
    this.items = shape.fields.length + 1;
    this.nils = 0;
    this.number(shape.code);
  }

  uint(_name: string, value: number): void {
    this.nils = 0;
    this.number(value);
  }

  decimal(_name: string, units: number, mantissa: number, decimals: number): void {
    this.nils = 0;
    const scaled = units * mantissa;
    if (!Number.isSafeInteger(scaled)) {
      this.string(formatScaled(units, mantissa, decimals));
      return;
    }
    this.reserve(FIELD_BYTES_MAX);
    const head = this.at;
    this.at = writeScaled(this.bytes, head + 1, scaled, decimals);
    // At most 17 digits, a sign, a point and leading zeros: always within the short form.
    this.bytes[head] = 0xa0 | (this.at - head - 1);
  }

  text(_name: string, value: string): void {
    this.nils = 0;
    this.string(value);
  }

  market(_name: string, _symbol: string, id: number): void {
    this.nils = 0;
    this.number(id);
  }

  digits(_name: string, value: number): void {
    this.decimal(_name, value, 1, 0);
  }

  ascii(_name: string, words: Int32Array, firstWord: number, length: number): void {
    this.nils = 0;
    this.stringHead(length);
    for (let i = 0; i < length; i++) {
      const word = words[firstWord + (i >> 2)] as number;
      this.bytes[this.at++] = word >>> ((i & 3) * 8);
    }
  }

  flag(_name: string, value: boolean): void {
    this.nils = 0;
    this.byte(value ? 0xc3 : 0xc2);
  }

  choice(_name: string, index: number, _names: readonly string[]): void {
    this.nils = 0;
    this.number(index);
  }

  none(_name: string): void {
    this.nils++;
    this.byte(0xc0);
  }

  value(_name: string, value: unknown): void {
    this.nils = 0;
    this.any(value);
  }

  /** Fields at the end that are nil are left out. */
  end(): Uint8Array {
    const end = this.at - this.nils;
    const items = this.items - this.nils;
    const isLong = items > 15;
    const from = isLong ? 0 : HEAD_BYTES - 1;
    if (isLong) {
      this.bytes[0] = 0xdc;
      this.data.setUint16(1, items);
    } else this.bytes[from] = 0x90 | items;
    if (end >= VIEWS_MAX) return this.bytes.subarray(from, end);
    const number = isLong ? VIEWS_MAX + end : end;
    let view = this.views[number];
    if (view === undefined) {
      view = this.bytes.subarray(from, end);
      this.views[number] = view;
    }
    return view;
  }

  private any(value: unknown): void {
    if (typeof value === 'string') this.string(value);
    else if (typeof value === 'number') this.number(value);
    else if (typeof value === 'boolean') this.byte(value ? 0xc3 : 0xc2);
    else if (value === null || value === undefined) this.byte(0xc0);
    else if (Array.isArray(value)) {
      this.arrayHead(value.length);
      for (const item of value) this.any(item);
    } else {
      const entries = Object.entries(value).filter(([, item]) => item !== undefined);
      this.mapHead(entries.length);
      for (const [key, item] of entries) {
        this.string(key);
        this.any(item);
      }
    }
  }

  private byte(value: number): void {
    this.reserve(1);
    this.bytes[this.at++] = value;
  }

  private number(value: number): void {
    this.reserve(9);
    const bytes = this.bytes;
    // One conversion tells the small whole numbers that nearly all are; the rest is looked at as the floats that they are.
    const whole = value | 0;
    if (whole !== value || whole < 0) {
      this.largeNumber(value);
    } else if (whole < 0x80) {
      bytes[this.at++] = whole;
    } else if (whole <= 0xff) {
      bytes[this.at++] = 0xcc;
      bytes[this.at++] = whole;
    } else if (whole <= 0xffff) {
      bytes[this.at++] = 0xcd;
      this.data.setUint16(this.at, whole);
      this.at += 2;
    } else {
      bytes[this.at++] = 0xce;
      this.data.setUint32(this.at, whole);
      this.at += 4;
    }
  }

  /** From 2^31 on, negative, or no whole number. */
  private largeNumber(value: number): void {
    if (value > 0 && value <= 0xffffffff && Number.isInteger(value)) {
      this.bytes[this.at++] = 0xce;
      this.data.setUint32(this.at, value);
      this.at += 4;
    } else {
      this.bytes[this.at++] = 0xcb;
      this.data.setFloat64(this.at, value);
      this.at += 8;
    }
  }

  private string(value: string): void {
    if (value.length < 32 && this.shortAscii(value)) return;
    const length = Buffer.byteLength(value);
    this.stringHead(length);
    const target = Buffer.from(this.bytes.buffer, this.at, length);
    target.write(value, 'utf8');
    this.at += length;
  }

  /** False, and nothing is written, when a character is not ASCII. */
  private shortAscii(value: string): boolean {
    this.reserve(FIELD_BYTES_MAX);
    let at = this.at + 1;
    for (let i = 0; i < value.length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      this.bytes[at++] = code;
    }
    this.bytes[this.at] = 0xa0 | value.length;
    this.at = at;
    return true;
  }

  private stringHead(length: number): void {
    this.reserve(length + 5);
    if (length < 32) this.bytes[this.at++] = 0xa0 | length;
    else if (length <= 0xff) {
      this.bytes[this.at++] = 0xd9;
      this.bytes[this.at++] = length;
    } else {
      this.bytes[this.at++] = 0xda;
      this.data.setUint16(this.at, length);
      this.at += 2;
    }
  }

  private arrayHead(length: number): void {
    this.reserve(5);
    if (length < 16) this.bytes[this.at++] = 0x90 | length;
    else this.wideHead(length, 0xdc);
  }

  private mapHead(length: number): void {
    this.reserve(5);
    if (length < 16) this.bytes[this.at++] = 0x80 | length;
    else this.wideHead(length, 0xde);
  }

  private wideHead(length: number, short: number): void {
    if (length <= 0xffff) {
      this.bytes[this.at++] = short;
      this.data.setUint16(this.at, length);
      this.at += 2;
    } else {
      this.bytes[this.at++] = short + 1;
      this.data.setUint32(this.at, length);
      this.at += 4;
    }
  }

  private reserve(count: number): void {
    const least = this.at + count;
    if (least <= this.bytes.length) return;
    let capacity = this.bytes.length;
    while (capacity < least) capacity *= 2;
    const bytes = new Uint8Array(capacity);
    bytes.set(this.bytes);
    this.bytes = bytes;
    this.data = new DataView(bytes.buffer);
    this.views.fill(undefined);
  }
}
