import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import { runCalcCommand } from './calc/run.js';

process.exitCode = await runCalcCommand(process.argv.slice(2), {
  read: (file) => (file === '-' ? text(process.stdin) : fs.promises.readFile(file, 'utf8')),
  out: (answer) => {
    process.stdout.write(answer);
  },
  note: (complaint) => {
    process.stderr.write(`calc: ${complaint}\n`);
  },
});
