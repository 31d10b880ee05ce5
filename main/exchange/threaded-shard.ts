import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { Bell, createBell } from '../../engine/runtime/bell.js';
import { ChannelBoard, type ChannelMemory } from '../../engine/runtime/channel-memory.js';
import type { Door } from '../../engine/runtime/host-port.js';
import { HostStats } from '../../engine/runtime/host-stats.js';
import { createRing, RingReader, RingWriter } from '../../engine/runtime/ring.js';
import { RingPort } from '../../engine/runtime/ring-port.js';
import { HOST_HALTED } from '../../engine/runtime/shard-host.js';
import {
  ADMIN_PORT_ID,
  type AttachedPort,
  FIX_PORT_ID,
  FIXP_PORT_ID,
  GATEWAY_PORT_ID,
  type ShardAccess,
  type ShardHooks,
  type ShardInvariants,
  type ShardReport,
  type ShardSettings,
  type ShardStress,
} from './shard-access.js';
import type { ShardSeed } from './shard-seed.js';
import type { Operation, PortMemory, ThreadMessage, ThreadStart } from './thread-messages.js';
import { createWakeMemory, onWakeCall } from './wake-call.js';

const COMMAND_SLOTS = 16_384;
const EVENT_SLOTS = 65_536;
/** With many shards each has less to do, and smaller rings: 64 shards take 80 MiB instead of 640. */
const MANY_SHARDS = 8;
const COMMAND_SLOTS_OF_MANY = 2_048;
const EVENT_SLOTS_OF_MANY = 8_192;

/** Opens a shard in a thread of its own; commands and events pass through rings in shared memory. */
export async function openThreadedShard(
  settings: ShardSettings,
  hooks: ShardHooks,
  channels: ChannelMemory | null = null,
): Promise<ShardAccess> {
  const shard = new ThreadedShard(settings, hooks, channels);
  await shard.opened;
  return shard;
}

interface Waiting {
  resolve(result: never): void;
  reject(error: Error): void;
}

class ThreadedShard implements ShardAccess {
  readonly shardId: number;
  readonly stats = new HostStats();
  readonly gatewayPort: RingPort;
  readonly fixPort: RingPort;
  readonly adminPort: RingPort;
  readonly fixpPort: RingPort;
  readonly opened: Promise<void>;
  report: ShardReport = null as never;
  /** The gateway first: who hears of an account through the admin API may log in at once. */
  private readonly ports: readonly RingPort[];
  /** Of gateways in threads, which have the other views of the same rings. */
  private readonly attached = new Map<number, RingPort>();
  private readonly isOneOfMany: boolean;
  private readonly bellMemory: SharedArrayBuffer;
  private readonly hooks: ShardHooks;
  private readonly channels: ChannelMemory | null;
  private readonly worker: Worker;
  private readonly wake: MessageChannel;
  private readonly bell: Bell;
  private readonly waiting = new Map<number, Waiting>();
  private lastRequest = 0;
  private settleOpening: Waiting = null as never;
  private stopped = false;

  constructor(settings: ShardSettings, hooks: ShardHooks, channels: ChannelMemory | null) {
    this.shardId = settings.shardId;
    this.hooks = hooks;
    this.channels = channels;
    const bellMemory = channels?.bells[settings.shardId] ?? createBell();
    this.bell = new Bell(bellMemory);
    this.bellMemory = bellMemory;
    const isOneOfMany = (settings.shards ?? 1) > MANY_SHARDS;
    this.isOneOfMany = isOneOfMany;
    const gateway = portMemory(GATEWAY_PORT_ID, 'traders', isOneOfMany);
    const fix = portMemory(FIX_PORT_ID, 'traders', isOneOfMany);
    const fixp = portMemory(FIXP_PORT_ID, 'traders', isOneOfMany);
    const admin = portMemory(ADMIN_PORT_ID, 'operators', isOneOfMany);
    this.gatewayPort = ringPort(gateway, this.bell);
    this.fixPort = ringPort(fix, this.bell);
    this.fixpPort = ringPort(fixp, this.bell);
    this.adminPort = ringPort(admin, this.bell);
    this.ports = [this.gatewayPort, this.fixPort, this.fixpPort, this.adminPort];
    // Nobody reads there until a door opens or somebody logs on; full rings would hold up the shard.
    this.fixPort.onEvents(null);
    this.fixpPort.onEvents(null);
    this.wake = new MessageChannel();
    const wakeMemory = createWakeMemory();
    onWakeCall(wakeMemory, this.wake.port1, () => this.drain());
    const workerData: ThreadStart = {
      settings,
      ports: [gateway, fix, fixp, admin],
      bell: bellMemory,
      stats: this.stats.memory,
      channels,
      wake: this.wake.port2,
      wakeMemory,
    };
    this.opened = new Promise((resolve, reject) => {
      this.settleOpening = { resolve, reject };
    });
    const transferList = [this.wake.port2];
    const file = new URL('./shard-thread.js', import.meta.url);
    this.worker = new Worker(file, { workerData, transferList });
    this.worker.on('message', (message: ThreadMessage) => this.receive(message));
    this.worker.on('error', (error) => this.died(error));
    this.worker.on('exit', () => this.died(new Error('the thread of the shard has ended')));
  }

  begin(epoch: number, timeMs: number): Promise<void> {
    return this.request({ name: 'begin', epoch, timeMs });
  }
  seed(): Promise<ShardSeed> {
    return this.request({ name: 'seed' });
  }
  clientIds(references: Float64Array): Promise<string[]> {
    return this.request({ name: 'clientIds', references });
  }
  hold(): Promise<void> {
    return this.request<void>({ name: 'hold' }).then(() => this.drainAll());
  }
  goOn(): Promise<void> {
    return this.request({ name: 'goOn' });
  }

  async attach(portId: number): Promise<AttachedPort> {
    const port = portMemory(portId, 'traders', this.isOneOfMany);
    const { port1, port2 } = new MessageChannel();
    await this.request({ name: 'attach', port, wake: port2 }, [port2]);
    const { commands, events } = port;
    this.attached.set(portId, ringPort(port, this.bell));
    return { portId, commands, events, bell: this.bellMemory, wake: port1 };
  }

  detach(portId: number): void {
    this.attached.get(portId)?.close();
    this.attached.delete(portId);
  }

  letIn(): Promise<void> {
    return this.request({ name: 'letIn' });
  }

  async settle(): Promise<void> {
    for (const port of this.ports) port.flush();
    await this.request({ name: 'settle' });
    this.drain();
  }

  pause(): Promise<number[]> {
    return this.request({ name: 'pause' });
  }
  resume(): Promise<void> {
    return this.request({ name: 'resume' });
  }
  invariants(): Promise<ShardInvariants> {
    return this.request({ name: 'invariants' });
  }
  stress(): Promise<ShardStress> {
    return this.request({ name: 'stress' });
  }
  cashUnderWay(taken: readonly number[]): Promise<string> {
    return this.request({ name: 'cashUnderWay', taken });
  }
  nextTimerMs(): Promise<number> {
    return this.request({ name: 'nextTimerMs' });
  }

  async advanceTo(timeMs: number, stamps: boolean): Promise<void> {
    await this.request({ name: 'advanceTo', timeMs, stamps });
    this.drain();
  }

  stopInput(): Promise<void> {
    return this.request({ name: 'stopInput' });
  }
  stop(): Promise<void> {
    return this.end('stop');
  }
  close(): Promise<void> {
    return this.end('close');
  }

  private async end(name: 'stop' | 'close'): Promise<void> {
    try {
      await this.request({ name });
    } finally {
      this.stopped = true;
      this.wake.port1.close();
      await this.worker.terminate();
    }
  }

  /** One drain hands over so much and no more at a time. */
  private async drainAll(): Promise<void> {
    this.drain();
    while (this.ports.some((port) => port.pending)) {
      await new Promise((resolve) => setImmediate(resolve));
      this.drain();
    }
  }

  private drain(): void {
    for (const port of this.ports) port.drain();
  }

  private request<T>(operation: Operation, transfer: MessagePort[] = []): Promise<T> {
    if (this.stopped) return Promise.reject(new Error('the shard has ended'));
    const id = ++this.lastRequest;
    return new Promise<T>((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.worker.postMessage({ id, operation }, transfer);
      this.bell.callToEventLoop();
    });
  }

  private receive(message: ThreadMessage): void {
    switch (message.kind) {
      case 'replayed':
        this.hooks.onReplayed(message.words);
        break;
      case 'opened':
        this.report = message.report;
        this.settleOpening.resolve(undefined as never);
        break;
      case 'failed':
        this.settleOpening.reject(named(message.name, message.message));
        this.stopped = true;
        void this.worker.terminate();
        break;
      case 'halted':
        this.hooks.onHalt(message.report);
        break;
      case 'snapshotFailed':
        this.hooks.onSnapshotFailed(new Error(message.message));
        break;
      case 'sweepFailed':
        this.hooks.onSweepFailed(new Error(message.message));
        break;
      case 'answer':
        this.waiting.get(message.id)?.resolve(message.result as never);
        this.waiting.delete(message.id);
        break;
      case 'refusal':
        this.waiting.get(message.id)?.reject(new Error(message.message));
        this.waiting.delete(message.id);
        break;
    }
  }

  /** Whatever it was: the state is in the journal, and nothing is taken any more. */
  private died(error: Error): void {
    this.settleOpening.reject(error);
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    if (this.stopped) return;
    this.stopped = true;
    this.stats.set('state', HOST_HALTED);
    if (this.channels !== null) stopAll(this.channels, this.shardId);
    for (const port of [...this.ports, ...this.attached.values()]) port.close();
    this.hooks.onDied(error);
  }
}

/** Other shards may wait for what this one will never answer. */
function stopAll(channels: ChannelMemory, shardId: number): void {
  new ChannelBoard(channels).stop(shardId);
  for (const bell of channels.bells) new Bell(bell).ring();
}

function portMemory(portId: number, door: Door, isOneOfMany: boolean): PortMemory {
  const commands = createRing(isOneOfMany ? COMMAND_SLOTS_OF_MANY : COMMAND_SLOTS);
  const events = createRing(isOneOfMany ? EVENT_SLOTS_OF_MANY : EVENT_SLOTS);
  return { portId, door, commands, events };
}

function ringPort({ portId, commands, events }: PortMemory, bell: Bell): RingPort {
  return new RingPort(portId, new RingWriter(commands), new RingReader(events), bell);
}

/** An error of the other thread, with the name by which it is known. */
function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
