import { expect, it } from 'vitest';
import type { SettlementStatus } from '../settlement/settlement-group.js';
import { Health } from './health.js';
import { settlementWarnings } from './settlement-warnings.js';

const CALM: SettlementStatus = {
  outbox: { state: 'running', shards: [], itemsPerSecond: 0, lastError: 'once, long ago' },
  figures: {
    builtBatch: 8,
    settledBatch: 7,
    lagItems: 12,
    lagSeconds: 1.5,
    feesPaidLamports: 10_000,
    openDeadLetters: 3,
    alarms: { warning: 1, critical: 0, halt: 0 },
  },
  restarts: { settlement: 3 },
  troubles: [],
  heardAgoMs: 900,
};

it('says nothing of a settlement that runs, or that there is none', () => {
  expect(settlementWarnings(null)).toEqual([]);
  expect(settlementWarnings(CALM)).toEqual([]);
});

it('names processes that end again and again, and an outbox that has stopped', () => {
  const outbox = { ...CALM.outbox, state: 'stopped', lastError: 'the bus has more' } as never;
  const troubles = ['the settlement ended with code 1 and is started again in 4000 ms: no key'];
  expect(settlementWarnings({ ...CALM, outbox, troubles })).toEqual([
    ...troubles,
    'nothing is published for settlement any more: the bus has more',
  ]);
});

it('names alarms that need somebody, and silence', () => {
  const figures = { ...CALM.figures, alarms: { warning: 0, critical: 2, halt: 1 } } as never;
  expect(settlementWarnings({ ...CALM, figures, heardAgoMs: 31_500 })).toEqual([
    'settlement has halted; "npm run settlement -- status" says why',
    'alarms of settlement that are critical: 2; see its status',
    'settlement has said nothing for 31 s',
  ]);
});

it('makes warnings of an exchange that goes on trading', () => {
  const health = new Health([], undefined, () => ['settlement has halted']);
  const { status, body } = health.answer();
  expect(status).toBe(200);
  expect(JSON.parse(body)).toEqual({
    status: 'ok',
    reasons: [],
    warnings: ['settlement has halted'],
  });
});
