import { timingSafeEqual } from 'node:crypto';
import { accountMethods } from './account-methods.js';
import { ChainHaltedError } from './chain-log.js';
import type { EmbeddedChain } from './embedded-chain.js';
import { Faucet } from './faucet.js';
import { faucetMethods, operatorMethods } from './operator-methods.js';
import type { Confirmation, RpcContext, RpcMethods } from './rpc-context.js';
import {
  INTERNAL_ERROR,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  MIN_CONTEXT_SLOT_NOT_REACHED,
  NOT_ALLOWED,
  PARSE_ERROR,
  RpcError,
} from './rpc-error.js';
import { RpcParams } from './rpc-params.js';
import { timeMethods } from './time-methods.js';
import { transactionMethods } from './transaction-methods.js';
import { BadTransactionError } from './virtual-machine.js';

export interface RpcFrontOptions {
  /** What opens the methods of the operator; they stay closed without one. */
  token?: string;
  confirmation?: Confirmation;
}

const BATCH_MAX = 100;
const AT_ONCE: Confirmation = { confirmAfterSlots: 0, finalizeAfterSlots: 0 };

/**
 * The JSON-RPC of an embedded chain: what web3.js `Connection` asks of a node. `fetch` serves it in
 * the same process, `rpc-server.ts` over HTTP; both go through `answer`, so tests of one cover the other.
 */
export class RpcFront {
  private readonly context: RpcContext;
  private readonly methods: RpcMethods;
  private readonly operator: RpcMethods;
  private readonly token: Buffer | null;

  constructor(chain: EmbeddedChain, options: RpcFrontOptions = {}) {
    const faucet = new Faucet(chain);
    this.context = { chain, confirmation: options.confirmation ?? AT_ONCE };
    this.token = options.token === undefined ? null : Buffer.from(options.token);
    this.operator = operatorMethods(faucet);
    const open = [timeMethods, accountMethods, transactionMethods, faucetMethods(faucet)];
    this.methods = Object.assign(Object.create(null), ...open);
  }

  /** Stands in for `fetch` of a `Connection` in this process. */
  readonly fetch = async (_input: unknown, init?: { body?: unknown; headers?: unknown }) => {
    const headers = new Headers((init?.headers ?? {}) as Record<string, string>);
    const text = await this.answer(String(init?.body ?? ''), headers.get('authorization'));
    return new Response(text, { headers: { 'content-type': 'application/json' } });
  };

  /** Text of a request or a batch in, text of the answer out. Never rejects. */
  async answer(body: string, authorization: string | null = null): Promise<string> {
    let request: unknown;
    try {
      request = JSON.parse(body);
    } catch (error) {
      return JSON.stringify(failure(null, new RpcError(PARSE_ERROR, (error as Error).message)));
    }
    const isOperator = this.isOperator(authorization);
    if (!Array.isArray(request)) return JSON.stringify(await this.one(request, isOperator));
    if (request.length === 0 || request.length > BATCH_MAX) {
      const error = new RpcError(INVALID_REQUEST, `a batch has 1 to ${BATCH_MAX} requests`);
      return JSON.stringify(failure(null, error));
    }
    const answers: unknown[] = [];
    for (const single of request) answers.push(await this.one(single, isOperator));
    return JSON.stringify(answers);
  }

  private async one(request: unknown, isOperator: boolean): Promise<unknown> {
    const { id = null, method, params } = (request ?? {}) as Record<string, unknown>;
    try {
      if (typeof method !== 'string')
        throw new RpcError(INVALID_REQUEST, 'method must be a string');
      const work = this.find(method, isOperator);
      const read = new RpcParams(params);
      const result = await this.context.chain.run(() => {
        this.checkContextSlot(read);
        return work(this.context, read);
      });
      return { jsonrpc: '2.0', id, result };
    } catch (error) {
      return failure(id, error);
    }
  }

  private find(method: string, isOperator: boolean) {
    const open = this.methods[method];
    if (open !== undefined) return open;
    const closed = Object.hasOwn(this.operator, method) ? this.operator[method] : undefined;
    if (closed === undefined) throw new RpcError(METHOD_NOT_FOUND, `Method not found: ${method}`);
    if (isOperator) return closed;
    throw new RpcError(NOT_ALLOWED, `${method} needs the token of this chain's operator`);
  }

  private isOperator(authorization: string | null): boolean {
    if (this.token === null || authorization === null) return false;
    const given = Buffer.from(authorization.replace(/^Bearer /, ''));
    return given.length === this.token.length && timingSafeEqual(given, this.token);
  }

  private checkContextSlot(params: RpcParams): void {
    const { slot } = this.context.chain.clock;
    if (params.minContextSlot <= slot) return;
    const data = { contextSlot: slot };
    throw new RpcError(
      MIN_CONTEXT_SLOT_NOT_REACHED,
      'Minimum context slot has not been reached',
      data,
    );
  }
}

function failure(id: unknown, error: unknown) {
  const known = asRpcError(error);
  const { code, message, data } = known;
  return {
    jsonrpc: '2.0',
    id,
    error: data === undefined ? { code, message } : { code, message, data },
  };
}

function asRpcError(error: unknown): RpcError {
  if (error instanceof RpcError) return error;
  if (error instanceof BadTransactionError) return new RpcError(-32602, error.message);
  if (error instanceof ChainHaltedError) return new RpcError(INTERNAL_ERROR, error.message);
  return new RpcError(INTERNAL_ERROR, `Internal error: ${(error as Error).message}`);
}
