/** A broken invariant: a programmer's error, never a user's. The shard that throws it stops trading. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** On in production. `sentence` says what must hold. */
export function assert(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new InvariantError(sentence);
}
