/**
 * Copies words of messages, whose number is a multiple of four: four a step, which takes half as long as one a step. Words, not floats: a
 * float that is no number may come out of a copy with other bits.
 */
export function copyWords(
  from: Int32Array,
  fromWord: number,
  to: Int32Array,
  toWord: number,
  count: number,
): void {
  for (let i = 0; i < count; i += 4) {
    const a = from[fromWord + i] as number;
    const b = from[fromWord + i + 1] as number;
    const c = from[fromWord + i + 2] as number;
    const d = from[fromWord + i + 3] as number;
    to[toWord + i] = a;
    to[toWord + i + 1] = b;
    to[toWord + i + 2] = c;
    to[toWord + i + 3] = d;
  }
}
