import { askForAction } from '../../../settlement/ledger/dead-letters.js';
import { LedgerInUseError } from '../../../settlement/ledger/errors.js';
import { SettlementLedger } from '../../../settlement/ledger/ledger.js';
import type { Output } from '../../journal/command-line.js';
import { type CommandLine, numberOf, UsageError } from './command-line.js';

const LISTED_MAX = 1_000;

export function showStatus({ dataDir, json }: CommandLine, output: Output): void {
  const ledger = new SettlementLedger({ dataDir, mode: 'read' });
  try {
    const status = ledger.status();
    if (json) {
      output.out(`${JSON.stringify(status)}\n`);
      return;
    }
    const { batch, lagItems, lagSeconds, deadLetters, alarms, isHalted } = status;
    const counts = (of: Readonly<Record<string, number>>) =>
      Object.entries(of)
        .map(([state, count]) => `${count} ${state}`)
        .join(', ') || 'none';
    output.out(
      `${isHalted ? 'HALTED\n' : ''}` +
        `batches      ${batch.settled} settled of ${batch.built} built, ${batch.computeUnits ?? 0} compute units for the last ${batch.entries} entries\n` +
        `lag          ${lagItems} fills and payments, ${lagSeconds.toFixed(1)} s\n` +
        `deposits     ${counts(status.deposits)}\n` +
        `transfers    ${counts(status.transfers)}\n` +
        `withdrawals  ${counts(status.withdrawals)}\n` +
        `dead letters ${deadLetters.open} open, ${deadLetters.parked} behind them\n` +
        `fees paid    ${status.feesPaidLamports} lamports\n` +
        alarms.map(({ severity, sentence }) => `${severity}: ${sentence}\n`).join(''),
    );
  } finally {
    ledger.close();
  }
}

export function showDeadLetters(line: CommandLine, output: Output): void {
  const ledger = new SettlementLedger({ dataDir: line.dataDir, mode: 'read' });
  try {
    if (line.id !== null) {
      const { bytes, ...letter } = ledger.deadLetters.inspect(numberOf('--id', line.id));
      const shown = { ...letter, bytes: Buffer.from(bytes).toString('base64') };
      output.out(`${JSON.stringify(shown, null, line.json ? 0 : 2)}\n`);
      return;
    }
    const letters = ledger.deadLetters.list(LISTED_MAX, line.all);
    if (line.json) output.out(`${JSON.stringify({ deadLetters: letters })}\n`);
    else if (letters.length === 0) output.out('no dead letters\n');
    for (const { id, subject, state, sentence } of line.json ? [] : letters) {
      output.out(`${id}  ${state}  ${subject}  ${sentence}\n`);
    }
  } finally {
    ledger.close();
  }
}

/** By this process when no settlement runs; otherwise the one that runs is asked, and does it in its next round. */
export function retryDeadLetter(line: CommandLine, output: Output): void {
  const { dataDir, json, reason, discard } = line;
  const id = numberOf('ID', line.operand);
  const action = discard ? 'discard' : 'retry';
  if (reason === '') throw new UsageError(`${action} needs --reason TEXT: it is kept`);
  const result = perform(dataDir, action, id, reason);
  output.out(json ? `${JSON.stringify({ id, action, result })}\n` : `${result}\n`);
}

function perform(dataDir: string, action: 'retry' | 'discard', id: number, reason: string): string {
  let ledger: SettlementLedger;
  try {
    ledger = new SettlementLedger({ dataDir });
  } catch (error) {
    if (!(error instanceof LedgerInUseError)) throw error;
    askForAction(dataDir, action, id, reason);
    return `asked the running settlement to ${action} dead letter ${id}`;
  }
  try {
    return ledger.deadLetters[action](id, reason);
  } finally {
    ledger.close();
  }
}
