import {
  HEADER_WORDS,
  R_ACCOUNT,
  R_ORDER_ID,
  R_PRICE,
  R_QTY,
  R_SIDE,
  RECORD_WORDS,
  type Workload,
} from '../workload/format.js';
import type { BenchEngine } from './engine.js';
import { collectGarbage } from './garbage.js';

export interface MemoryFigures {
  restingOrders: number;
  /** All memory that the engine added, divided by its resting orders. */
  bytesPerRestingOrder: number;
  /** The same at the worst number of orders from 100,000 on: just after its tables have grown. */
  bytesPerRestingOrderWorst: number;
}

const ORDERS = 1_000_000;
const STEP = 20_000;
const FIRST_READING = 100_000;
const LEVELS_A_SIDE = 500;
const MID = 131_072;

/** Fills an engine with orders that do not match and reads the process's memory meanwhile. */
export function measureMemory(open: (workload: Workload) => BenchEngine): MemoryFigures {
  const workload = restingWorkload();
  collectGarbage();
  const before = usedBytes();
  const engine = open(workload);
  let worst = 0;
  let last = 0;
  for (let orders = 0; orders < ORDERS; orders += STEP) {
    engine.run(orders, orders + STEP);
    if (orders + STEP < FIRST_READING) continue;
    collectGarbage();
    last = (usedBytes() + (engine.kernelBytes ?? 0) - before) / (orders + STEP);
    worst = Math.max(worst, last);
  }
  const { restingOrders } = engine.result();
  if (restingOrders !== ORDERS) throw new Error(`${restingOrders} of ${ORDERS} orders rest`);
  return {
    restingOrders,
    bytesPerRestingOrder: Math.round(last),
    bytesPerRestingOrderWorst: Math.round(worst),
  };
}

/** Typed arrays are external to the heap, objects and maps are in it; a kernel's memory is in neither. */
export function usedBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

function restingWorkload(): Workload {
  const words = new Int32Array(HEADER_WORDS + ORDERS * RECORD_WORDS);
  for (let i = 0; i < ORDERS; i++) {
    const at = HEADER_WORDS + i * RECORD_WORDS;
    const side = i % 2;
    const distance = 1 + (Math.imul(i, 7919) % LEVELS_A_SIDE);
    words[at + R_SIDE] = side;
    words[at + R_ORDER_ID] = i + 1;
    words[at + R_ACCOUNT] = 1 + (i % 1000);
    words[at + R_PRICE] = side === 0 ? MID - Math.abs(distance) : MID + Math.abs(distance);
    words[at + R_QTY] = 1 + (i % 100);
  }
  return {
    mix: 0,
    prefillCount: ORDERS,
    timedCount: 0,
    orderIdEnd: ORDERS + 1,
    priceTicksMin: MID - LEVELS_A_SIDE,
    priceTicksMax: MID + LEVELS_A_SIDE,
    words,
  };
}
