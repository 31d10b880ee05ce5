import { expect, it } from 'vitest';
import type { SettlementStatus } from '../settlement/settlement-group.js';
import { SETTLEMENT_FAMILIES } from './settlement-metrics.js';

const NOTHING: SettlementStatus = {
  outbox: null,
  figures: null,
  restarts: {},
  troubles: [],
  heardAgoMs: null,
};

function valuesOf(status: SettlementStatus): Map<string, number> {
  const values = new Map<string, number>();
  for (const { name, labels, collect } of SETTLEMENT_FAMILIES) {
    collect(status, (given, value) => {
      expect(Object.keys(given)).toEqual(labels);
      values.set([name, ...Object.values(given)].join(' '), value);
    });
  }
  return values;
}

it('shows restarts before anything else is known', () => {
  const restarts = { bus: 2, chain: 0, settlement: 1 };
  const values = valuesOf({ ...NOTHING, restarts });
  expect([...values]).toEqual([
    ['plimsoll_settlement_restarts bus', 2],
    ['plimsoll_settlement_restarts chain', 0],
    ['plimsoll_settlement_restarts settlement', 1],
  ]);
});

it('shows what the settlement says of itself, and alarms by severity', () => {
  const figures = {
    builtBatch: 8,
    settledBatch: 7,
    lagItems: 12,
    lagSeconds: 1.5,
    feesPaidLamports: 10_000,
    openDeadLetters: 3,
    alarms: { warning: 1, critical: 2, halt: 0 },
  };
  const values = valuesOf({ ...NOTHING, figures });
  expect(values.get('plimsoll_settlement_batch')).toBe(7);
  expect(values.get('plimsoll_settlement_lag_seconds')).toBe(1.5);
  expect(values.get('plimsoll_settlement_dead_letters')).toBe(3);
  expect(values.get('plimsoll_settlement_alarms critical')).toBe(2);
});
