import type { WireName } from '../gateway/load-task.js';
import { runLoad } from '../gateway/run-load.js';
import { LADDERS, type Target } from '../gateway/target.js';
import { Crowd } from './crowd.js';
import { MANY } from './measure-load.js';
import { askProbe } from './probed-server.js';

const ALLOCATION_WARMUP_MS = 500;
const IDLE_ACCOUNTS = 50;
const MIB = 2 ** 20;

export interface AllocationFigures {
  wire: WireName;
  /** Bytes of heap that the gateway's thread allocates for a message, what is collected at once included. */
  bytesAMessage: number;
}

export interface IdleFigures {
  connections: number;
  /** What the server's process grows by. */
  mib: number;
  /** And what it has before. */
  beforeMib: number;
}

/** What a message leaves to the collector. The warm-up counts on both sides of the division. */
export async function measureAllocations(
  wire: WireName,
  target: Target,
  port: number,
  windowMs: number,
): Promise<AllocationFigures> {
  const { server } = target;
  const { connections, inFlight } = MANY;
  const load = { kind: 'closed', inFlight } as const;
  const task = { wire, port, serverPid: server.pid, ladders: [LADDERS[0]], connections, load };
  const first = await target.newLogins(connections);
  await runLoad({ ...task, logins: first, warmupMs: ALLOCATION_WARMUP_MS, measureMs: windowMs });
  const logins = await target.newLogins(connections);
  await askProbe(server, 'allocations begin');
  const answer = await runLoad({ ...task, logins, warmupMs: 1, measureMs: windowMs });
  const { allocatedBytes } = await askProbe(server, 'allocations end');
  return { wire, bytesAMessage: allocatedBytes / answer.messages };
}

/** Connections that have logged in and say nothing. */
export async function measureIdle(target: Target, connections: number): Promise<IdleFigures> {
  const { port, server } = target;
  const logins = await target.newLogins(IDLE_ACCOUNTS);
  const before = await askProbe(server, 'memory');
  const crowd = new Crowd();
  try {
    await crowd.ask({ kind: 'open', port, connections, logins });
    const after = await askProbe(server, 'memory');
    const mib = (after.residentBytes - before.residentBytes) / MIB;
    return { connections, mib, beforeMib: before.residentBytes / MIB };
  } finally {
    await crowd.close();
  }
}
