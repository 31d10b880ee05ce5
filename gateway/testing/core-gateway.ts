import { Gateway } from '../gateway.js';
import type { GatewayLimits } from '../limits.js';
import type { CorePort } from './core-port.js';

/** A gateway in front of a real shard in the caller's thread; it does not listen yet. */
export function newCoreGateway(
  port: CorePort,
  limits: Partial<GatewayLimits> = { tickMs: 5 },
): Gateway {
  const operatorKey = new Uint8Array(32);
  return new Gateway({ port: 0, host: '127.0.0.1', shards: [{ port }], operatorKey, limits });
}
