import os from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { Bell } from '../../engine/runtime/bell.js';
import { RingOutput } from '../../engine/runtime/event-output.js';
import type { HostPort } from '../../engine/runtime/host-port.js';
import { HostStats } from '../../engine/runtime/host-stats.js';
import { RingReader, RingWriter } from '../../engine/runtime/ring.js';
import { ShardLoop } from '../../engine/runtime/shard-loop.js';
import { HostedShard } from './hosted-shard.js';
import { ADMIN_PORT_ID } from './shard-access.js';
import type { PortMemory, ThreadMessage, ThreadRequest, ThreadStart } from './thread-messages.js';

/** A shard in a thread of its own; `threaded-shard.ts` is the other end. */

/** Gateway, shard, disk and clients fill fewer cores than these: spinning would take time from them. */
const SPIN_CORES = 4;
const SPIN_MS_MAX = 0.05;
const start = workerData as ThreadStart;
const parent = parentPort as NonNullable<typeof parentPort>;
const bell = new Bell(start.bell);

function hostPort(memory: PortMemory): HostPort {
  const { portId, mayOperate } = memory;
  const wake = () => start.wake.postMessage(0);
  const answersOf = portId === ADMIN_PORT_ID ? portId : 0;
  return {
    portId,
    mayOperate,
    input: new RingReader(memory.commands),
    output: new RingOutput(new RingWriter(memory.events), wake, answersOf),
  };
}

function tell(message: ThreadMessage): void {
  parent.postMessage(message);
}

function open(): HostedShard {
  const hooks = {
    onReplayed: (words: Int32Array) => tell({ kind: 'replayed', words: words.slice() }),
    onHalt: (report: object) => tell({ kind: 'halted', report } as ThreadMessage),
    onSnapshotFailed: ({ message }: Error) => tell({ kind: 'snapshotFailed', message }),
    onDied: () => {},
  };
  const ports = start.ports.map(hostPort);
  return new HostedShard(start.settings, ports, new HostStats(start.stats), hooks, () =>
    loop?.wake(),
  );
}

function newLoop(hosted: HostedShard): ShardLoop {
  return new ShardLoop({
    host: hosted.host,
    bell,
    untilTimerMs: () => hosted.untilTimerMs(),
    busyElsewhere: () => hosted.awaitsSync || hosted.snapshotUnderWay,
    unsynced: () => hosted.unsynced,
    spinMsMax: os.availableParallelism() < SPIN_CORES ? 0 : SPIN_MS_MAX,
    onTurn: () => hosted.snapshotWhenDue(),
  });
}

async function follow(hosted: HostedShard, request: ThreadRequest): Promise<unknown> {
  switch (request.operation) {
    case 'begin':
      hosted.host.begin();
      await hosted.settle();
      loop = newLoop(hosted);
      loop.wake();
      return null;
    case 'settle':
      return hosted.settle();
    case 'invariants':
      await hosted.settle();
      return hosted.invariants();
    case 'advance':
      return hosted.advance(request.byMs);
    case 'stop':
      await hosted.stop();
      loop?.stop();
      return null;
  }
}

let loop: ShardLoop | null = null;
try {
  const hosted = open();
  tell({ kind: 'opened', report: hosted.report, seed: hosted.seed });
  parent.on('message', (request: ThreadRequest) => {
    const { id } = request;
    follow(hosted, request).then(
      (result) => tell({ kind: 'answer', id, result }),
      (error: Error) => tell({ kind: 'refusal', id, message: error.stack ?? error.message }),
    );
  });
} catch (error) {
  const { name, message } = error as Error;
  tell({ kind: 'failed', name, message });
}
