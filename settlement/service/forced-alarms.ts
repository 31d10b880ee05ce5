import type { Severity } from '../ledger/alarms.js';
import type { SettlementLedger } from '../ledger/ledger.js';

/** All alarms about forced withdrawals begin so, those of earlier releases as well. */
const PREFIX = 'forced withdrawal ';

/** The alarms about requests, one an account: a round says which there should be, and those that nobody has asked for any more end. */
export class ForcedAlarms {
  private readonly ledger: SettlementLedger;
  private readonly wanted = new Map<string, { severity: Severity; sentence: string }>();

  constructor(ledger: SettlementLedger) {
    this.ledger = ledger;
  }

  begin(): void {
    this.wanted.clear();
  }

  want(accountId: number, severity: Severity, sentence: string): void {
    this.wanted.set(`${PREFIX}of account ${accountId}`, { severity, sentence });
  }

  /** An alarm that says the same as before is not raised anew: it would be written with every round. */
  end(): void {
    const { alarms } = this.ledger;
    const raised = alarms.list().filter(({ key }) => key.startsWith(PREFIX));
    for (const { key } of raised) if (!this.wanted.has(key)) alarms.clear(key);
    for (const [key, { severity, sentence }] of this.wanted) {
      const before = raised.find((alarm) => alarm.key === key);
      if (before?.sentence === sentence && before.severity === severity) continue;
      alarms.raise(key, severity, sentence);
    }
  }
}
