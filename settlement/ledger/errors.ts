/** Whatever goes wrong in the ledger and is no programmer's mistake. */
export class LedgerError extends Error {
  override name = 'LedgerError';
}

/** Another process (or another ledger of this one) settles from the same folder. */
export class LedgerInUseError extends LedgerError {
  override readonly name = 'LedgerInUseError';
}

/** The file was written by a newer release: to write into it would be a guess. */
export class LedgerVersionError extends LedgerError {
  override readonly name = 'LedgerVersionError';
}

/** The disk, or the limit of the file, is full. Nothing of the transaction was written. */
export class LedgerFullError extends LedgerError {
  override readonly name = 'LedgerFullError';
}

/** Somebody holds the file locked for longer than the patience. Nothing of the transaction was written. */
export class LedgerLockedError extends LedgerError {
  override readonly name = 'LedgerLockedError';
}

/** What SQLite finds is no database, or one with torn pages. It is left as it is, because chain transactions rest on it. */
export class LedgerDamagedError extends LedgerError {
  override readonly name = 'LedgerDamagedError';
}

/** The disk answers with errors, or may not be written. Nothing of the transaction was written. */
export class LedgerIoError extends LedgerError {
  override readonly name = 'LedgerIoError';
}

/** A stream goes on with another item than the one that follows. */
export class GapError extends LedgerError {
  override readonly name = 'GapError';

  /** Subject on the bus. */
  readonly stream: string;
  readonly expectedItem: number;
  readonly gotItem: number;

  constructor(stream: string, expectedItem: number, gotItem: number) {
    super(`${stream} goes on with item ${gotItem}, and item ${expectedItem} has not come yet`);
    this.stream = stream;
    this.expectedItem = expectedItem;
    this.gotItem = gotItem;
  }
}

/** The same thing was said twice with another content. */
export class ConflictError extends LedgerError {
  override readonly name = 'ConflictError';

  /** What was said twice: an item of a stream, a deposit, a withdrawal. */
  readonly key: string;
  readonly kept: string;
  readonly got: string;

  constructor(key: string, kept: string, got: string) {
    super(`${key} is known as ${kept}, and now comes as ${got}`);
    this.key = key;
    this.kept = kept;
    this.got = got;
  }
}

/** A pack that can be read, and whose content cannot be true. */
export class RefusedPackError extends LedgerError {
  override readonly name = 'RefusedPackError';

  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, sentence: string) {
    super(sentence);
    this.reason = reason;
  }
}

export type RefusalReason =
  | 'wrongSubject'
  | 'doubleEntry'
  | 'tradeSequence'
  | 'order'
  | 'unknownMarket';

/** A step that the state does not allow, named with both. */
export class LedgerStateError extends LedgerError {
  override readonly name = 'LedgerStateError';
}

/** Throws LedgerStateError unless the number is a whole one from `least` that a double holds exactly. */
export function checkWhole(field: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new LedgerStateError(
    `${field} is ${value}, and must be a whole number from ${least} to ${Number.MAX_SAFE_INTEGER}`,
  );
}
