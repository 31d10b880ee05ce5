import type { CreateShard } from './journal/command-line.js';
import { runJournalCommand } from './journal/run.js';
import { standardOutput } from './journal/standard-output.js';

const composition = './compose.js';
const { createShardCore } = (await import(composition)) as { createShardCore: CreateShard };
process.exitCode = runJournalCommand(process.argv.slice(2), createShardCore, standardOutput);
