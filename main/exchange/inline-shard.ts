import { DirectOutput } from '../../engine/runtime/event-output.js';
import type { Door, HostPort } from '../../engine/runtime/host-port.js';
import { HostStats } from '../../engine/runtime/host-stats.js';
import { InlinePort } from '../../engine/runtime/inline-port.js';
import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';
import { HostedShard } from './hosted-shard.js';
import {
  ADMIN_PORT_ID,
  FIX_PORT_ID,
  FIXP_PORT_ID,
  GATEWAY_PORT_ID,
  type ShardAccess,
  type ShardHooks,
  type ShardSettings,
} from './shard-access.js';

const COMMAND_SLOTS = 16_384;
/** Timers, retries and snapshots are looked after this often when nothing else happens. */
const TICK_MS = 5;

/** Opens a shard that lives in the thread of its gateway: a flush runs it to completion. */
export async function openInlineShard(
  settings: ShardSettings,
  hooks: ShardHooks,
): Promise<ShardAccess> {
  const stats = new HostStats();
  let begun: HostedShard | null = null;
  const run = () => begun?.run();
  const gateway = makePort(GATEWAY_PORT_ID, 'traders', run);
  const fix = makePort(FIX_PORT_ID, 'traders', run);
  const admin = makePort(ADMIN_PORT_ID, 'operators', run);
  const fixp = makePort(FIXP_PORT_ID, 'traders', run);
  // The gateway hears first: other doors ask it what it knows.
  const ports = [gateway.host, fix.host, fixp.host, admin.host];
  const hosted = new HostedShard(settings, ports, stats, hooks, run);
  let tick: NodeJS.Timeout | null = null;
  const begin = async (epoch: number, timeMs: number) => {
    hosted.begin(epoch, timeMs);
    begun = hosted;
    tick = setInterval(() => {
      run();
      hosted.snapshotWhenDue();
    }, TICK_MS);
    await hosted.settle();
  };
  const stop = async () => {
    if (tick !== null) clearInterval(tick);
    await hosted.stop();
  };
  return {
    shardId: settings.shardId,
    report: hosted.report,
    stats,
    gatewayPort: gateway.port,
    fixPort: fix.port,
    adminPort: admin.port,
    fixpPort: fixp.port,
    begin,
    seed: async () => hosted.seed(),
    clientIds: async (references) => hosted.clientIds(references),
    hold: () => hosted.hold(),
    goOn: async () => hosted.goOn(),
    attach: () => null,
    detach: () => {},
    letIn: async () => hosted.letIn(),
    settle: () => hosted.settle(),
    pause: async () => hosted.pause(),
    resume: async () => hosted.resume(),
    invariants: async () => hosted.invariants(),
    stress: () => hosted.stress(),
    cashUnderWay: async (taken) => String(hosted.cashUnderWay(taken)),
    nextTimerMs: async () => hosted.nextTimerMs(),
    advanceTo: (timeMs, stamps) => hosted.advanceTo(timeMs, stamps),
    stopInput: async () => hosted.stopInput(),
    stop,
    close: () => hosted.close(),
  };
}

function makePort(
  portId: number,
  door: Door,
  run: () => void,
): { port: InlinePort; host: HostPort } {
  const memory = createRing(COMMAND_SLOTS);
  const output = new DirectOutput(door === 'operators' ? portId : 0);
  return {
    port: new InlinePort(portId, new RingWriter(memory), output, run),
    host: { portId, input: new RingReader(memory), output, door },
  };
}
