import { base58 } from '@scure/base';

export interface RpcCall {
  method: string;
  params: unknown[];
}

/** Decides what becomes of a call; `pass` lets it through. */
export type Fault = (call: RpcCall, pass: () => Promise<Response>) => Promise<Response>;

type Fetch = (input: string, init: RequestInit) => Promise<Response>;

/** A way to a chain on which things go wrong. */
export class FaultyFetch {
  readonly calls: RpcCall[] = [];
  private readonly inner: Fetch;
  private faults: Fault[] = [];

  constructor(inner: Fetch) {
    this.inner = inner;
  }

  /** Adds a fault; returns what takes it away. */
  inject(fault: Fault): () => void {
    this.faults.push(fault);
    return () => {
      this.faults = this.faults.filter((one) => one !== fault);
    };
  }

  countOf(method: string): number {
    return this.calls.filter((call) => call.method === method).length;
  }

  readonly fetch: Fetch = (input, init) => {
    const { method = '', params = [] } = JSON.parse(String(init.body)) as Partial<RpcCall>;
    const call = { method, params };
    this.calls.push(call);
    const pass = () => this.inner(input, init);
    const through = this.faults.reduce<() => Promise<Response>>(
      (next, fault) => () => fault(call, next),
      pass,
    );
    return through();
  };
}

/** Nothing ever comes back. */
export const silent: Fault = () => new Promise(() => {});

export const unreachable: Fault = () => Promise.reject(new Error('ECONNREFUSED'));

/** Other than JSON, JSON of another shape, an answer cut short: one after another. */
export function garbage(): Fault {
  const answers = [
    '<html>502</html>',
    '{"jsonrpc":"2.0","result":{"context":7},"id":"0"}',
    '{"js',
    '7',
  ];
  let count = 0;
  return async () => new Response(answers[count++ % answers.length] as string);
}

export function httpStatus(status: number, headers: Record<string, string> = {}): Fault {
  return async () => new Response('', { status, headers });
}

/** Says that it took the transaction, and throws it away. */
export const dropTransactions: Fault = async (call, pass) => {
  if (call.method !== 'sendTransaction') return pass();
  const wire = Buffer.from(String(call.params[0]), 'base64');
  return answer(base58.encode(wire.subarray(1, 65)));
};

/** The chain does it, but the answer never arrives. */
export function loseAnswers(method: string): Fault {
  return async (call, pass) => {
    const response = await pass();
    if (call.method !== method) return response;
    throw new Error('socket hang up');
  };
}

/** Changes the results of a method: an endpoint that lies. */
export function lie(method: string, change: (result: never, call: RpcCall) => unknown): Fault {
  return async (call, pass) => {
    const response = await pass();
    if (call.method !== method) return response;
    const body = (await response.json()) as { result?: never };
    return answer(body.result === undefined ? body : change(body.result, call));
  };
}

function answer(result: unknown): Response {
  return new Response(JSON.stringify({ jsonrpc: '2.0', id: '1', result }));
}
