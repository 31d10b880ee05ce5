/** A small building block. `run` does `operations` of it at a time, so that the timer's share is small. */
export interface Kernel {
  name: string;
  operations: number;
  /** Returns something that depends on all operations, so that the compiler cannot leave one out. */
  run(): number;
}

/** Operations in one run of a kernel. */
export const OPERATIONS = 1000;

/** A fixed row of numbers below 2^31, the same in every run. */
export function numbers(count: number): Int32Array {
  const row = new Int32Array(count);
  let seed = 12_345;
  for (let i = 0; i < count; i++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    row[i] = seed;
  }
  return row;
}
