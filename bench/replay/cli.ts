import { runCommand } from './command.js';
import { UsageError } from './options.js';
import { ReplayError } from './replay-error.js';

const CODE_BROKEN = 1;
const CODE_USAGE = 2;

try {
  process.exitCode = await runCommand(process.argv.slice(2), (text) => process.stdout.write(text));
} catch (error) {
  process.stderr.write(`replay: ${describe(error)}\n`);
  process.exitCode = error instanceof UsageError ? CODE_USAGE : CODE_BROKEN;
}

/** Whatever is not the user's mistake is ours, and needs its stack. */
function describe(error: unknown): string {
  if (error instanceof ReplayError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
