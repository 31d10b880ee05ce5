/**
 * Reads msgpack from strangers. Only what requests need: nil, booleans, numbers, strings, arrays and maps.
 * Every length is held against the bytes that are there before memory is taken, and nesting is bounded, so that a
 * message costs no more than its size; general decoders allocate what a header of five bytes claims.
 */
const DEPTH_MAX = 6;

/** Throws RangeError with a sentence when the bytes are not one complete value. */
export function readMsgpack(bytes: Uint8Array): unknown {
  const reader = new MsgpackReader(bytes);
  const value = reader.value(0);
  if (reader.rest !== 0) throw new RangeError(`${reader.rest} bytes follow the value`);
  return value;
}

class MsgpackReader {
  private at = 0;
  private readonly bytes: Uint8Array;
  private readonly data: DataView;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get rest(): number {
    return this.bytes.length - this.at;
  }

  value(depth: number): unknown {
    if (depth > DEPTH_MAX) throw new RangeError(`values are nested deeper than ${DEPTH_MAX}`);
    const head = this.bytes[this.take(1)] as number;
    if (head < 0x80) return head;
    if (head >= 0xe0) return head - 0x100;
    if (head >= 0xa0 && head < 0xc0) return this.text(head & 0x1f);
    if (head >= 0x90 && head < 0xa0) return this.array(head & 0x0f, depth);
    if (head < 0x90) return this.map(head & 0x0f, depth);
    return this.wide(head, depth);
  }

  private wide(head: number, depth: number): unknown {
    switch (head) {
      case 0xc0:
        return null;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xca:
        return this.data.getFloat32(this.take(4));
      case 0xcb:
        return this.data.getFloat64(this.take(8));
      case 0xcc:
        return this.data.getUint8(this.take(1));
      case 0xcd:
        return this.data.getUint16(this.take(2));
      case 0xce:
        return this.data.getUint32(this.take(4));
      case 0xcf:
        // Beyond 2^53 the number is rounded, but stays beyond: no field allows it.
        return Number(this.data.getBigUint64(this.take(8)));
      case 0xd0:
        return this.data.getInt8(this.take(1));
      case 0xd1:
        return this.data.getInt16(this.take(2));
      case 0xd2:
        return this.data.getInt32(this.take(4));
      case 0xd3:
        return Number(this.data.getBigInt64(this.take(8)));
      case 0xd9:
        return this.text(this.data.getUint8(this.take(1)));
      case 0xda:
        return this.text(this.data.getUint16(this.take(2)));
      case 0xdc:
        return this.array(this.data.getUint16(this.take(2)), depth);
      case 0xde:
        return this.map(this.data.getUint16(this.take(2)), depth);
      default:
        throw new RangeError(`type byte 0x${head.toString(16)} is not used in this protocol`);
    }
  }

  private take(count: number): number {
    if (count > this.rest) throw new RangeError('the value ends early');
    const at = this.at;
    this.at += count;
    return at;
  }

  private text(length: number): string {
    const at = this.take(length);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + at, length).toString('utf8');
  }

  private array(length: number, depth: number): unknown[] {
    // Each item takes a byte at least.
    if (length > this.rest) throw new RangeError('the array ends early');
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) items.push(this.value(depth + 1));
    return items;
  }

  private map(length: number, depth: number): Record<string, unknown> {
    if (length * 2 > this.rest) throw new RangeError('the map ends early');
    const fields: Record<string, unknown> = Object.create(null);
    for (let i = 0; i < length; i++) {
      const key = this.value(depth + 1);
      if (typeof key !== 'string') throw new RangeError('keys of maps must be strings');
      fields[key] = this.value(depth + 1);
    }
    return fields;
  }
}
