import { standardOutput } from './journal/standard-output.js';
import { runSettlementCommand } from './settlement/cli/run.js';

process.exitCode = await runSettlementCommand(process.argv.slice(2), {
  out: standardOutput.out,
  note: (text) => process.stderr.write(`settlement: ${text}\n`),
});
process.exit();
