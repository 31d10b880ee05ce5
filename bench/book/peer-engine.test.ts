import { OrderBook as HftOrderBook } from 'hft-limit-order-book';
import { OrderBook as NodejsOrderBook } from 'nodejs-order-book';
import { describe, expect, it } from 'vitest';
import { generateWorkload } from '../workload/generator.js';
import { referenceResult } from '../workload/reference-result.js';
import { type PeerBook, PeerEngine } from './peer-engine.js';

const peers: [string, () => unknown][] = [
  ['nodejs-order-book', () => new NodejsOrderBook()],
  ['hft-limit-order-book', () => new HftOrderBook()],
];

describe.each(peers)('%s', (_name, open) => {
  it.each([1, 2] as const)('trades like the reference, mix %d', (mix) => {
    const { workload } = generateWorkload(mix, 3000);
    const engine = new PeerEngine(open() as PeerBook, workload);
    engine.run(0, workload.prefillCount + workload.timedCount);
    expect(engine.result()).toEqual(referenceResult(workload, workload.timedCount));
  });
});
