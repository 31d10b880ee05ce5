import type { Output } from '../../journal/command-line.js';
import { pauseExchange, unpauseExchange } from './admin-commands.js';
import { type ChainAccess, openChainOf } from './chain-access.js';
import { type CommandLine, HELP, parseCommandLine, UsageError } from './command-line.js';
import { escapeAlone } from './escape-command.js';
import { retryDeadLetter, showDeadLetters, showStatus } from './operator-commands.js';
import { deposit, requestExit, showBalance, withdraw } from './user-commands.js';
import { verifyAll } from './verify-command.js';

type ChainCommand = (line: CommandLine, access: ChainAccess, output: Output) => Promise<void>;

const CHAIN_COMMANDS: Readonly<Record<string, ChainCommand>> = {
  pause: pauseExchange,
  unpause: unpauseExchange,
  balance: showBalance,
  deposit,
  withdraw,
  'request-exit': requestExit,
  escape: escapeAlone,
};

/** Runs `npm run settlement`; gives the exit code. */
export async function runSettlementCommand(
  args: readonly string[],
  output: Output,
): Promise<number> {
  try {
    const line = parseCommandLine(args);
    if (line !== null) return (await runCommand(line, output)) ? 0 : 1;
    output.out(HELP);
    return 0;
  } catch (error) {
    output.note(error instanceof Error ? error.message : String(error));
    if (!(error instanceof UsageError)) return 1;
    output.note('"npm run settlement -- --help" lists commands and options');
    return 2;
  }
}

async function runCommand(line: CommandLine, output: Output): Promise<boolean> {
  if (line.command === 'verify') return verifyAll(line, output);
  const command = CHAIN_COMMANDS[line.command];
  if (command !== undefined) {
    const access = await openChainOf(line.dataDir);
    try {
      await command(line, access, output);
    } finally {
      await access.close();
    }
  } else if (line.command === 'status') showStatus(line, output);
  else if (line.command === 'retry') retryDeadLetter(line, output);
  else showDeadLetters(line, output);
  return true;
}
