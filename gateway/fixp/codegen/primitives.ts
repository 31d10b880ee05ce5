/** The primitive types of SBE 1.0: sizes in bytes, ranges and default null values. */
export interface Primitive {
  readonly size: number;
  /** Name in DataView's methods; 64-bit integers go through functions of their own. */
  readonly accessor: string;
  readonly isInteger: boolean;
  readonly min: bigint;
  readonly max: bigint;
  readonly nullValue: bigint | number;
}

export const PRIMITIVES = {
  char: integer(1, 'Uint8', 0x20n, 0x7en, 0n),
  int8: integer(1, 'Int8', -127n, 127n, -128n),
  int16: integer(2, 'Int16', -32767n, 32767n, -32768n),
  int32: integer(4, 'Int32', -(2n ** 31n) + 1n, 2n ** 31n - 1n, -(2n ** 31n)),
  int64: integer(8, 'Int64', -(2n ** 63n) + 1n, 2n ** 63n - 1n, -(2n ** 63n)),
  uint8: integer(1, 'Uint8', 0n, 254n, 255n),
  uint16: integer(2, 'Uint16', 0n, 65534n, 65535n),
  uint32: integer(4, 'Uint32', 0n, 2n ** 32n - 2n, 2n ** 32n - 1n),
  uint64: integer(8, 'Uint64', 0n, 2n ** 64n - 2n, 2n ** 64n - 1n),
  float: floating(4, 'Float32'),
  double: floating(8, 'Float64'),
} as const satisfies Record<string, Primitive>;

export type PrimitiveName = keyof typeof PRIMITIVES;

export function isPrimitiveName(name: string): name is PrimitiveName {
  return Object.hasOwn(PRIMITIVES, name);
}

export function is64Bit(name: PrimitiveName): boolean {
  return name === 'int64' || name === 'uint64';
}

function integer(
  size: number,
  accessor: string,
  min: bigint,
  max: bigint,
  nullValue: bigint,
): Primitive {
  return { size, accessor, isInteger: true, min, max, nullValue };
}

function floating(size: number, accessor: string): Primitive {
  return { size, accessor, isInteger: false, min: 0n, max: 0n, nullValue: Number.NaN };
}
