import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../limits.js';
import { type RestContext, RestServer } from './rest-server.js';
import { ORDER_STATUS_ROUTE, PAGE_ROUTES } from './routes.js';

type Handler = (response: HttpResponse, request: HttpRequest) => void;

/** What a server does with a request to each of its routes until its work begins, which fails at once. */
function stepsByPath(): Map<string, string[]> {
  const handlers = new Map<string, Handler>();
  const app = { get: (path: string, handler: Handler) => handlers.set(path, handler), any() {} };
  let steps: string[] = [];
  const originOf = () => {
    steps.push('works');
    throw new Error('it hangs and is interrupted');
  };
  const context = { limits: DEFAULT_LIMITS, admission: { originOf }, history: {} };
  new RestServer(context as unknown as RestContext).addTo(app as unknown as TemplatedApp);
  const found = new Map<string, string[]>();
  for (const [path, handler] of handlers) {
    steps = [];
    const response = { onAborted: () => steps.push('may be left unanswered') };
    expect(() => handler(response as never, {} as never)).toThrow('interrupted');
    found.set(path, steps);
  }
  return found;
}

describe('a request by REST', () => {
  // The addon ends the process otherwise, with all that the other gateways serve.
  it('may be left unanswered from its first moment on, as one is that hangs and is interrupted', () => {
    const found = stepsByPath();
    const paths = [...PAGE_ROUTES, ORDER_STATUS_ROUTE].map(({ path }) => path);
    expect([...found.keys()]).toEqual(expect.arrayContaining([...paths, '/v1/time']));
    for (const steps of found.values()) expect(steps).toEqual(['may be left unanswered', 'works']);
  });
});
