/**
 * The process that measures one engine and ends: what the compiler learned from one engine's types must not
 * slow down or speed up the next.
 */
import { readWorkload, type Workload } from '../workload/format.js';
import { engineNamed } from './engines.js';
import { type AccountMemoryFigures, measureAccounts } from './measure-accounts.js';
import { measureOpLatency, type OpLatencyFigures } from './measure-latency.js';
import { type MemoryFigures, measureMemory } from './measure-memory.js';
import { measureSpeed, type SpeedFigures } from './measure-speed.js';

export interface ChildTask {
  kind: 'speed' | 'latency' | 'memory' | 'accounts';
  engine: string;
  file: string;
  ops: number;
  accounts: number;
}

export interface ChildAnswer {
  speed?: SpeedFigures;
  latency?: OpLatencyFigures;
  memory?: MemoryFigures;
  accounts?: AccountMemoryFigures;
  error?: string;
}

process.once('message', (message) => {
  void answer(message as ChildTask)
    .catch((error: unknown): ChildAnswer => {
      return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    })
    .then((figures) => process.send?.(figures, () => process.disconnect()));
});

async function answer(task: ChildTask): Promise<ChildAnswer> {
  if (task.kind === 'accounts') return { accounts: measureAccounts(task.accounts) };
  const kind = engineNamed(task.engine);
  const options = { accounts: task.accounts };
  if (task.kind === 'memory') {
    return { memory: measureMemory((resting) => kind.open(resting, options)) };
  }
  const workload: Workload = readWorkload(task.file);
  const open = () => kind.open(workload, options);
  if (task.kind === 'latency') {
    return { latency: measureOpLatency(open, workload, task.ops, kind.passes) };
  }
  return { speed: await measureSpeed(open, workload, task.ops, kind.passes) };
}
