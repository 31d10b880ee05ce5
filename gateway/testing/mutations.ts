import { Xorshift } from '../../engine/testing/xorshift.js';

/** Far more than any reader of messages is made for, and less than what a door cuts for its size. */
const BYTES_MAX = 8_000;
const DEPTH = 2_000;
/** Numbers at the edges of what the formats and JavaScript can hold. */
const NUMBERS = [
  ...['-1', '0', '-0', '1e999', '-1e999', '1e-400', '0x7f', 'NaN', 'Infinity', '00', '1.', '.5'],
  ...['2147483648', '4294967296', '9007199254740993', '18446744073709551616', '9'.repeat(400)],
];
/** Overlong, halves of surrogates, what nobody has defined, marks of order and direction, zero. */
const ODD_BYTES = [
  ...[
    [0xc0, 0x80],
    [0xe0, 0x80, 0x80],
    [0xed, 0xa0, 0x80],
    [0xf4, 0x90, 0x80, 0x80],
    [0xff, 0xfe],
  ],
  ...[[0xef, 0xbb, 0xbf], [0xe2, 0x80, 0xae], [0x00], [0x7f], [0xcc, 0x81], [0xf0, 0x9f, 0x92]],
].map((bytes) => Buffer.from(bytes));
const LENGTHS = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xffffffff];

/**
 * Bad messages made of good ones, the same for the same seed: flipped bytes, cuts, splices of two, lengths out of range, deep nesting,
 * huge numbers, unusual UTF-8, repetitions. What comes out may by chance be good.
 */
export class Mutations {
  private readonly random: Xorshift;

  constructor(seed: number) {
    this.random = new Xorshift(seed);
  }

  /** One to three changes to one of the good messages. */
  of(good: readonly Buffer[]): Buffer {
    const { random } = this;
    let bytes: Buffer = Buffer.from(random.pick(good));
    for (let changes = random.between(1, 3); changes > 0; changes--) {
      bytes = this.change(bytes, good);
    }
    return bytes.subarray(0, BYTES_MAX);
  }

  /** A number below the limit, for choices of the caller. */
  below(limit: number): number {
    return this.random.below(limit);
  }

  private change(bytes: Buffer, good: readonly Buffer[]): Buffer {
    const { random } = this;
    const at = random.below(bytes.length + 1);
    switch (random.below(9)) {
      case 0:
        if (at < bytes.length) bytes[at] = random.below(256);
        return bytes;
      case 1:
        return Buffer.from(bytes.subarray(0, at));
      case 2: {
        const other = random.pick(good);
        return Buffer.concat([bytes.subarray(0, at), other.subarray(random.below(other.length))]);
      }
      case 3:
        return withLength(bytes, at, random.pick(LENGTHS), random.pick([1, 2, 4]));
      case 4:
        return insert(bytes, at, nest(random.pick(['[', '{"a":', '\x91', '\x81\xa1a', '((('])));
      case 5:
        return withNumber(bytes, random.pick(NUMBERS), random.below(8));
      case 6:
        return insert(bytes, at, random.pick(ODD_BYTES));
      case 7:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(random.below(at + 1))]);
      default:
        return insert(bytes, at, bytes.subarray(at, at + random.below(20)));
    }
  }
}

function insert(bytes: Buffer, at: number, piece: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function nest(opening: string): Buffer {
  return Buffer.from(opening.repeat(DEPTH / opening.length), 'latin1');
}

/** Overwrites what may be a length, of so many bytes, in one order or the other. */
function withLength(bytes: Buffer, at: number, length: number, width: number): Buffer {
  const value = length % 2 ** (8 * width);
  if (at + width > bytes.length) return bytes;
  if (at % 2 === 0) bytes.writeUIntLE(value, at, width);
  else bytes.writeUIntBE(value, at, width);
  return bytes;
}

/** Puts another number in the place of the n-th one that stands there as text. */
function withNumber(bytes: Buffer, number: string, n: number): Buffer {
  let seen = 0;
  const text = bytes.toString('latin1').replace(/\d+(\.\d+)?/g, (found) => {
    return seen++ === n ? number : found;
  });
  return Buffer.from(text, 'latin1');
}
