import { PackError } from './pack-error.js';

const TWO_32 = 2 ** 32;

/** Writes a safe integer as i64. */
export function putInteger(view: DataView, at: number, field: string, value: number): void {
  if (!Number.isSafeInteger(value)) {
    throw new PackError('out_of_range', `${field} must be a safe integer, but is ${value}`);
  }
  const high = Math.floor(value / TWO_32);
  view.setUint32(at, value - high * TWO_32, true);
  view.setInt32(at + 4, high, true);
}

/** Reads an i64, which has to be a safe integer. */
export function takeInteger(view: DataView, at: number, field: string): number {
  const value = view.getInt32(at + 4, true) * TWO_32 + view.getUint32(at, true);
  if (Number.isSafeInteger(value)) return value;
  throw new PackError('out_of_range', `${field} must be a safe integer, but is about ${value}`);
}
