export type PackErrorCode =
  | 'truncated'
  | 'bad_magic'
  | 'unknown_version'
  | 'unknown_kind'
  | 'bad_crc'
  | 'out_of_range';

/** Bytes that are no pack, or a pack that cannot be written. Nothing else is thrown by the codec, whatever it is given. */
export class PackError extends Error {
  override readonly name = 'PackError';
  readonly code: PackErrorCode;

  constructor(code: PackErrorCode, sentence: string) {
    super(sentence);
    this.code = code;
  }
}

/** Gives the value back when it is an integer from `least` to `most`; throws `out_of_range` otherwise. */
export function within(field: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new PackError(
    'out_of_range',
    `${field} must be an integer from ${least} to ${most}, but is ${value}`,
  );
}
