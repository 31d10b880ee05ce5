import type { CanonicalReader, CanonicalWriter } from '../../../engine/state/canonical-writer.js';

/** What a LOBSTER replay counts. All are deterministic, so a resumed replay ends with the same. */
export class LobsterCounters {
  rows = 0;
  rowsEqual = 0;
  /** Rows in which both sides of the level agree, best level first. */
  readonly levelRowsEqual: number[];
  executions = 0;
  executionsAtBest = 0;
  /** Executions of orders that came during the recording, so that their place in the queue is known. */
  executionsNamed = 0;
  /** … and that no other such order was in front of. */
  executionsAtQueueHead = 0;
  /** Executions that our engine matched by itself, against the very order that the recording names. */
  tradesMatched = 0;
  hiddenExecutions = 0;
  crosses = 0;
  halts = 0;
  /** New orders that would have crossed our book. */
  ordersRefused = 0;
  /** Canceled or executed lots of orders that our book does not have. */
  lotsMissing = 0;
  /** Levels that entered or ended the window and were not what our book held. */
  levelsTakenAnew = 0;
  crossedRows = 0;

  constructor(levels: number) {
    this.levelRowsEqual = new Array<number>(levels).fill(0);
  }

  write(writer: CanonicalWriter): void {
    for (const name of NAMES) writer.put(this[name]);
    for (const rows of this.levelRowsEqual) writer.put(rows);
  }

  read(reader: CanonicalReader): void {
    for (const name of NAMES) this[name] = reader.take();
    for (let i = 0; i < this.levelRowsEqual.length; i++) this.levelRowsEqual[i] = reader.take();
  }
}

const NAMES = [
  'rows',
  'rowsEqual',
  'executions',
  'executionsAtBest',
  'executionsNamed',
  'executionsAtQueueHead',
  'tradesMatched',
  'hiddenExecutions',
  'crosses',
  'halts',
  'ordersRefused',
  'lotsMissing',
  'levelsTakenAnew',
  'crossedRows',
] as const;
