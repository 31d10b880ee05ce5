/** The bus and the journal cannot both be right. Nothing is published until somebody has found out why. */
export class OutboxDivergedError extends Error {
  override readonly name = 'OutboxDivergedError';
}

/** The bus does not have what it has confirmed: everything has to be told again from the beginning of the journal. */
export class BusLostItemsError extends Error {
  override readonly name = 'BusLostItemsError';
}
