import type { TransactionErrorJson } from './transaction-entry.js';

/**
 * The VM prints errors as Rust does; the JSON-RPC writes them as JSON. The forms that exist:
 * `AccountInUse`, `InstructionError(0, Custom(6000))`, `InstructionError(1, InvalidArgument)`,
 * `InsufficientFundsForRent { account_index: 1 }`, `DuplicateInstruction(3)`.
 */
export function transactionErrorJson(debugText: string): TransactionErrorJson {
  const text = debugText.replace(/^FailedTransactionMetadata\(\w+ \{ err: /, '');
  const name = /^\w+/.exec(text)?.[0] ?? 'UnknownError';
  const rest = text.slice(name.length);
  const instruction = /^\((\d+), (\w+)(?:\("?([^")]*)"?\))?\)/.exec(rest);
  if (instruction !== null) {
    const [, index, reason = '', detail] = instruction;
    return {
      [name]: [Number(index), detail === undefined ? reason : { [reason]: asNumber(detail) }],
    };
  }
  const field = /^ \{ (\w+): (\d+) \}/.exec(rest);
  if (field !== null) return { [name]: { [field[1] as string]: Number(field[2]) } };
  const single = /^\((\d+)\)/.exec(rest);
  return single === null ? name : { [name]: Number(single[1]) };
}

/** The sentence that nodes put into the message of a failed preflight. */
export function describeTransactionError(error: TransactionErrorJson): string {
  if (typeof error === 'string') return SENTENCES[error] ?? error;
  const instruction = error.InstructionError as
    | [number, string | Record<string, unknown>]
    | undefined;
  if (instruction === undefined) return `Transaction failed: ${JSON.stringify(error)}`;
  const [index, reason] = instruction;
  const isCustom = typeof reason === 'object' && typeof reason.Custom === 'number';
  const text = isCustom
    ? `custom program error: 0x${(reason.Custom as number).toString(16)}`
    : JSON.stringify(reason).replaceAll('"', '');
  return `Error processing Instruction ${index}: ${text}`;
}

const SENTENCES: Readonly<Record<string, string>> = {
  AlreadyProcessed: 'This transaction has already been processed',
  BlockhashNotFound: 'Blockhash not found',
  AccountNotFound: 'Attempt to debit an account but found no record of a prior credit.',
  InsufficientFundsForFee: 'Insufficient funds for fee',
  SignatureFailure: 'Transaction did not pass signature verification',
};

function asNumber(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}
