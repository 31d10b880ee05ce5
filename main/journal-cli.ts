import { createShardIn } from './exchange/placement.js';
import { runJournalCommand } from './journal/run.js';
import { standardOutput } from './journal/standard-output.js';

process.exitCode = runJournalCommand(process.argv.slice(2), createShardIn, standardOutput);
