/** Why a transaction failed, in parts that code can look at. */
export interface ChainError {
  /** The error as the chain writes it. */
  raw: unknown;
  /** Index of the instruction that failed; null: the transaction as a whole. */
  instruction: number | null;
  /** Code of the program's own errors; null: an error of the chain. */
  customCode: number | null;
  /** One sentence for people. */
  sentence: string;
  logs: readonly string[];
}

/** Reads the `err` of a status, a transaction or a simulation. */
export function readChainError(raw: unknown, logs: readonly string[]): ChainError {
  const pair = (raw as { InstructionError?: [number, unknown] } | null)?.InstructionError;
  if (pair === undefined) {
    const text = typeof raw === 'string' ? raw : JSON.stringify(raw);
    return { raw, instruction: null, customCode: null, sentence: text, logs };
  }
  const [instruction, reason] = pair;
  const code = (reason as { Custom?: unknown }).Custom;
  const customCode = typeof code === 'number' ? code : null;
  const what = customCode === null ? JSON.stringify(reason) : `error ${customCode} of the program`;
  const said = sentenceOf(logs);
  const sentence = `instruction ${instruction}: ${what.replaceAll('"', '')}${said}`;
  return { raw, instruction, customCode, sentence, logs };
}

/** Anchor logs its errors in words. */
function sentenceOf(logs: readonly string[]): string {
  for (const line of logs) {
    const found = /AnchorError.*Error Message: (.*)$/.exec(line);
    if (found !== null) return `, ${found[1]}`;
  }
  return '';
}
