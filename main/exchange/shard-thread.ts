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
import type {
  Operation,
  PortMemory,
  ThreadMessage,
  ThreadRequest,
  ThreadStart,
} from './thread-messages.js';
import { WakeCall } from './wake-call.js';

/** A shard in a thread of its own; `threaded-shard.ts` is the other end. */

/** Gateway, shard, disk and clients fill fewer cores than these: spinning would take time from them. */
const SPIN_CORES = 4;
const SPIN_MS_MAX = 0.05;
/** Every further shard is a thread more. */
const spinCores = () => SPIN_CORES - 1 + (start.settings.shards ?? 1);
const start = workerData as ThreadStart;
const parent = parentPort as NonNullable<typeof parentPort>;
const bell = new Bell(start.bell);
const wakeCall = new WakeCall(start.wakeMemory, start.wake);

function hostPort(memory: PortMemory, wake: () => void): HostPort {
  const { portId, door } = memory;
  const answersOf = portId === ADMIN_PORT_ID ? portId : 0;
  return {
    portId,
    door,
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
    onSweepFailed: ({ message }: Error) => tell({ kind: 'sweepFailed', message }),
    onDied: () => {},
  };
  const ports = start.ports.map((memory) => hostPort(memory, () => wakeCall.call()));
  const stats = new HostStats(start.stats);
  const wake = () => loop?.wake();
  return new HostedShard(start.settings, ports, stats, hooks, wake, start.channels);
}

function newLoop(hosted: HostedShard): ShardLoop {
  return new ShardLoop({
    host: hosted.host,
    bell,
    untilTimerMs: () => hosted.untilTimerMs(),
    busyElsewhere: () => hosted.awaitsSync || hosted.snapshotUnderWay || hosted.hasThreads,
    unsynced: () => hosted.unsynced,
    spinMsMax: os.availableParallelism() < spinCores() ? 0 : SPIN_MS_MAX,
    onTurn: () => hosted.snapshotWhenDue(),
  });
}

async function follow(hosted: HostedShard, operation: Operation): Promise<unknown> {
  switch (operation.name) {
    case 'begin':
      hosted.begin(operation.epoch, operation.timeMs);
      await hosted.settle();
      loop = newLoop(hosted);
      loop.wake();
      return null;
    case 'seed':
      return hosted.seed();
    case 'clientIds':
      return hosted.clientIds(operation.references);
    case 'letIn':
      return hosted.letIn();
    case 'settle':
      return hosted.settle();
    case 'attach':
      return hosted.attach(hostPort(operation.port, () => operation.wake.postMessage(0)));
    case 'hold':
      return hosted.hold();
    case 'goOn':
      return hosted.goOn();
    case 'pause':
      return hosted.pause();
    case 'resume':
      return hosted.resume();
    case 'invariants':
      return hosted.invariants();
    case 'stress':
      return hosted.stress();
    case 'cashUnderWay':
      return String(hosted.cashUnderWay(operation.taken));
    case 'nextTimerMs':
      return hosted.nextTimerMs();
    case 'advanceTo':
      return hosted.advanceTo(operation.timeMs, operation.stamps);
    case 'stopInput':
      return hosted.stopInput();
    case 'stop':
      await hosted.stop();
      loop?.stop();
      return null;
    case 'close':
      return hosted.close();
  }
}

let loop: ShardLoop | null = null;
try {
  const hosted = open();
  tell({ kind: 'opened', report: hosted.report });
  parent.on('message', (request: ThreadRequest) => {
    const { id, operation } = request;
    follow(hosted, operation).then(
      (result) => tell({ kind: 'answer', id, result }),
      (error: Error) => tell({ kind: 'refusal', id, message: error.stack ?? error.message }),
    );
  });
} catch (error) {
  const { name, message } = error as Error;
  tell({ kind: 'failed', name, message });
}
