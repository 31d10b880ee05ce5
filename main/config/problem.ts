/** A mistake of whoever starts the exchange. The sentence is all that they need; `exitCode` says whose it was. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** 2: a wrong option. 1: anything else that keeps the exchange from starting. */
  readonly exitCode: number;

  constructor(sentence: string, exitCode = 1) {
    super(sentence);
    this.exitCode = exitCode;
  }
}

/** A value as it can stand in a sentence. */
export function shown(value: unknown): string {
  const text = typeof value === 'string' ? `'${value}'` : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
