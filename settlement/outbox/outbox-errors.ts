/** The bus and the journal cannot both be right. Nothing is published until somebody has found out why. */
export class OutboxDivergedError extends Error {
  override readonly name = 'OutboxDivergedError';
}

/** The bus does not have what it has confirmed: everything has to be told again from the beginning of the journal. */
export class BusLostItemsError extends Error {
  override readonly name = 'BusLostItemsError';
}

/**
 * The bus has got more than this outbox has sent. It may come late from the one before, which was killed or has failed with messages under way:
 * opening an outbox again compares it with the journal.
 */
export class BusAheadError extends Error {
  override readonly name = 'BusAheadError';
}
