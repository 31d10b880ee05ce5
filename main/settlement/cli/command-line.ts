import fs from 'node:fs';
import { parseArgs } from 'node:util';

export const HELP = `Usage: npm run settlement -- COMMAND --data DIR [options]

For operators
  status        how far settlement is, what is under way, and alarms
  verify        recomputes every balance and the hash chain from the journals and from the chain alone, and prints the first
                difference; exit code 0 only when all agree
  dead-letters  messages of the bus that were not understood, and wait [--all] [--id N: one of them, whole]
  retry ID      tries a dead letter again, and what waits behind it (--discard: gives it up) --reason TEXT
  pause         stops deposits, batches and withdrawals on chain, with the operator's key; unpause starts them again, with the
                administrator's

For owners of accounts; --key FILE is a key of Solana (DIR/demo-key.json)
  balance       what the wallet and the account have on chain
  deposit USD   from the wallet into the account; waits until it can be traded with
  withdraw USD  from the account into the wallet; waits until it is paid
  request-exit USD  asks the chain itself for a withdrawal, which the operator has to serve within the freeze delay
  escape        without the operator: freezes the exchange over a request that is overdue, closes all positions at the exit
                prices, and pays out what the account is worth

Options
  --data DIR    the data directory of the exchange
  --json        one JSON document on standard output
  --help        this text
`;

export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface CommandLine {
  command: string;
  /** What stands behind the command; '' for nothing. */
  operand: string;
  dataDir: string;
  json: boolean;
  all: boolean;
  discard: boolean;
  id: string | null;
  reason: string;
  key: string | null;
}

/** By command: what it takes. */
const OPERANDS: Readonly<Record<string, string>> = {
  status: '',
  verify: '',
  'dead-letters': '',
  retry: 'ID',
  pause: '',
  unpause: '',
  balance: '',
  deposit: 'USD',
  withdraw: 'USD',
  'request-exit': 'USD',
  escape: '',
};

/** Null when the help is asked for. */
export function parseCommandLine(args: readonly string[]): CommandLine | null {
  const { values, positionals } = parseOrExplain(args);
  if (values.help) return null;
  const [command = '', operand = '', ...rest] = positionals;
  const wanted = OPERANDS[command];
  if (wanted === undefined) {
    const commands = Object.keys(OPERANDS).join(', ');
    throw new UsageError(`the command must be one of ${commands}, but is '${command}'`);
  }
  if (wanted !== '' && operand === '') throw new UsageError(`${command} needs ${wanted}`);
  const tooMany = wanted === '' ? operand : rest[0];
  if (tooMany !== undefined && tooMany !== '') {
    throw new UsageError(`'${tooMany}' is one argument too many`);
  }
  if (values.data === undefined) throw new UsageError('--data DIR is missing');
  if (!fs.existsSync(values.data)) throw new UsageError(`there is no directory ${values.data}`);
  return {
    command,
    operand,
    dataDir: values.data,
    json: values.json ?? false,
    all: values.all ?? false,
    discard: values.discard ?? false,
    id: values.id ?? null,
    reason: values.reason ?? '',
    key: values.key ?? null,
  };
}

/** Micro-USD of a decimal with at most six places. */
export function microUsdOf(text: string): bigint {
  const match = /^(\d{1,10})(?:\.(\d{1,6}))?$/.exec(text);
  const microUsd = match === null ? 0n : BigInt(`${match[1]}${(match[2] ?? '').padEnd(6, '0')}`);
  if (microUsd > 0n) return microUsd;
  throw new UsageError(`USD must be above 0 with at most 6 places, but is '${text}'`);
}

export function numberOf(name: string, text: string): number {
  if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
  throw new UsageError(`${name} must be a number from 1 on, but is '${text}'`);
}

function parseOrExplain(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        data: { type: 'string' },
        json: { type: 'boolean' },
        all: { type: 'boolean' },
        discard: { type: 'boolean' },
        id: { type: 'string' },
        reason: { type: 'string' },
        key: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
