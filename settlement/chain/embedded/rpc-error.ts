/** An answer "no" of the JSON-RPC. Codes are those of Solana's nodes. */
export class RpcError extends Error {
  override readonly name = 'RpcError';
  readonly code: number;
  readonly data: unknown;

  constructor(code: number, message: string, data?: unknown) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const METHOD_NOT_FOUND = -32601;
export const INVALID_PARAMS = -32602;
export const INTERNAL_ERROR = -32603;
export const PREFLIGHT_FAILED = -32002;
export const SIGNATURE_VERIFICATION_FAILED = -32003;
export const MIN_CONTEXT_SLOT_NOT_REACHED = -32016;
/** Not Solana's: the method is for the chain's operator. */
export const NOT_ALLOWED = -32050;
