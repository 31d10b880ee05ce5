/** Base of all errors of the bus. */
export class BusError extends Error {
  override name = 'BusError';
}

/** The bus could not store or answer within its patience. Try again later. */
export class BusUnavailableError extends BusError {
  override name = 'BusUnavailableError';
}

/** Too much is under way, or the stream is as large as it may become. Try again when there is room. */
export class BusFullError extends BusError {
  override name = 'BusFullError';
}

/**
 * Somebody else publishes to the stream or reads with the same name, or the server has lost messages.
 * A publisher asks `last` of its subjects and goes on from there.
 */
export class BusConflictError extends BusError {
  override name = 'BusConflictError';
}

/** The message itself is not allowed: its subject, its id or its length. */
export class BusMessageError extends BusError {
  override name = 'BusMessageError';
}

/** The bus was closed. */
export class BusClosedError extends BusError {
  override name = 'BusClosedError';
}

/** What is stored cannot be read: a damaged file, or one of an unknown version. */
export class BusDamagedError extends BusError {
  override name = 'BusDamagedError';
}
