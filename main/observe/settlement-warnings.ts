import type { SettlementStatus } from '../settlement/settlement-group.js';

/** It says how it does each second. */
const SILENT_MS = 30_000;

/** What an operator should look at behind trading, as sentences for `/health`; metrics have the figures. */
export function settlementWarnings(status: SettlementStatus | null): string[] {
  if (status === null) return [];
  const { figures, heardAgoMs, outbox, troubles } = status;
  const found = [...troubles];
  if (outbox?.state === 'stopped') {
    found.push(`nothing is published for settlement any more: ${outbox.lastError}`);
  }
  const { critical, halt } = figures?.alarms ?? { critical: 0, halt: 0 };
  if (halt > 0) found.push('settlement has halted; "npm run settlement -- status" says why');
  if (critical > 0) {
    found.push(`alarms of settlement that are critical: ${critical}; see its status`);
  }
  if (heardAgoMs !== null && heardAgoMs > SILENT_MS) {
    found.push(`settlement has said nothing for ${Math.floor(heardAgoMs / 1_000)} s`);
  }
  return found;
}
