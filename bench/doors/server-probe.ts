/**
 * Loaded into a measured server with `--import`: tells how much memory its main thread allocates, and what the process holds once all
 * garbage is gone. Nothing runs until it is asked.
 */
import { Session } from 'node:inspector/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** One allocation in so many bytes is looked at; the sum is an estimate that needs some megabytes to be one. */
const SAMPLING_BYTES = 16 * 1024;

export type ProbeQuestion = 'allocations begin' | 'allocations end' | 'memory';

export interface ProbeAnswer {
  /** Since `allocations begin`, what was collected already included; 0 for other questions. */
  allocatedBytes: number;
  /** Of the process, after a full collection. */
  residentBytes: number;
}

interface SampleNode {
  selfSize: number;
  children: SampleNode[];
}

const session = new Session();

async function answer(question: ProbeQuestion): Promise<ProbeAnswer> {
  if (question === 'allocations begin') {
    session.connect();
    await session.post('HeapProfiler.enable');
    // Types of Node do not know the last two yet.
    const options = {
      samplingInterval: SAMPLING_BYTES,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    };
    await session.post('HeapProfiler.startSampling', options);
    return { allocatedBytes: 0, residentBytes: 0 };
  }
  if (question === 'allocations end') {
    const { profile } = await session.post('HeapProfiler.stopSampling');
    session.disconnect();
    return { allocatedBytes: sizeOf(profile.head), residentBytes: 0 };
  }
  collectGarbage();
  return { allocatedBytes: 0, residentBytes: process.memoryUsage.rss() };
}

function sizeOf({ selfSize, children }: SampleNode): number {
  return children.reduce((sum, child) => sum + sizeOf(child), selfSize);
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) collect();
}

process.on('message', (question: ProbeQuestion) => {
  answer(question).then(
    (found) => process.send?.(found),
    (error: Error) => process.send?.({ error: error.message }),
  );
});
// It must not keep alive what wants to end.
process.channel?.unref();
