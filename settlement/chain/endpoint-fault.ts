/** The endpoint is to blame, not the question: another endpoint, or the same one later, may answer. */
export class EndpointFault extends Error {
  override readonly name = 'EndpointFault';
  /** The endpoint asked to be left alone for so long; 0: it did not say. */
  readonly restMs: number;

  constructor(message: string, restMs = 0) {
    super(message);
    this.restMs = restMs;
  }
}

/** No endpoint answered. `reasons` has the last one of each. */
export class NoEndpointError extends Error {
  override readonly name = 'NoEndpointError';
  readonly reasons: readonly string[];

  constructor(reasons: readonly string[]) {
    super(`no endpoint of the chain answers: ${reasons.join('; ')}`);
    this.reasons = reasons;
  }
}

/**
 * Codes with which a node speaks of itself rather than of the question: it is behind or unhealthy, lacks
 * a slot, or has a fault inside. Providers also use -32005 and -32429 for their limits.
 */
const CODES_OF_THE_NODE = new Set([-32603, -32004, -32005, -32007, -32009, -32014, -32016, -32429]);

/** What went wrong, as an EndpointFault when it is the endpoint's; null: it is an answer. */
export function asEndpointFault(error: unknown): EndpointFault | null {
  if (error instanceof EndpointFault) return error;
  const {
    name = '',
    message = String(error),
    code,
  } = (error ?? {}) as Partial<Error> & {
    code?: unknown;
  };
  if (typeof code === 'number') {
    return CODES_OF_THE_NODE.has(code) ? new EndpointFault(`it answers: ${message}`) : null;
  }
  // SendTransactionError has lost the code of the answer, but it is one.
  if (name === 'SendTransactionError' || message.startsWith('failed to send transaction'))
    return null;
  // All else is what comes of no answer, or of one that is none: sockets, JSON, wrong shapes.
  return new EndpointFault(name === 'StructError' ? `it answers garbage: ${message}` : message);
}
