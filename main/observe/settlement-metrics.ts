import type { SettlementStatus } from '../settlement/settlement-group.js';
import type { SettlementFigures } from '../settlement/settlement-start.js';
import type { SetValue } from './oracle-metrics.js';

interface SettlementFamily {
  name: string;
  help: string;
  labels: string[];
  collect: (status: SettlementStatus, set: SetValue) => void;
}

function ofFigures(
  name: string,
  help: string,
  value: (figures: SettlementFigures) => number,
): SettlementFamily {
  const collect: SettlementFamily['collect'] = ({ figures }, set) => {
    if (figures !== null) set({}, value(figures));
  };
  return { name, help, labels: [], collect };
}

export const SETTLEMENT_FAMILIES: readonly SettlementFamily[] = [
  {
    name: 'plimsoll_outbox_lag_messages',
    help: 'Messages that a shard has applied, and the bus does not have.',
    labels: ['shard'],
    collect: ({ outbox }, set) => {
      for (const { shardId, lagMessages } of outbox?.shards ?? []) {
        set({ shard: shardId }, lagMessages);
      }
    },
  },
  {
    name: 'plimsoll_outbox_lag_seconds',
    help: 'Between the newest frame of a shard and the newest one on the bus.',
    labels: ['shard'],
    collect: ({ outbox }, set) => {
      for (const { shardId, lagMs } of outbox?.shards ?? []) set({ shard: shardId }, lagMs / 1_000);
    },
  },
  ofFigures('plimsoll_settlement_batch', 'The last batch that is on chain.', (f) => f.settledBatch),
  ofFigures('plimsoll_settlement_lag_items', 'Fills and payments that are not on chain.', (f) => {
    return f.lagItems;
  }),
  ofFigures('plimsoll_settlement_lag_seconds', 'Age of the oldest of them.', (f) => f.lagSeconds),
  ofFigures('plimsoll_settlement_fees_lamports', 'Fees paid to the chain.', (f) => {
    return f.feesPaidLamports;
  }),
  ofFigures(
    'plimsoll_settlement_dead_letters',
    'Messages that were not understood, and wait.',
    (f) => {
      return f.openDeadLetters;
    },
  ),
  {
    name: 'plimsoll_settlement_alarms',
    help: 'Alarms of the settlement by severity.',
    labels: ['severity'],
    collect: ({ figures }, set) => {
      for (const [severity, count] of Object.entries(figures?.alarms ?? {})) {
        set({ severity }, count);
      }
    },
  },
  {
    name: 'plimsoll_settlement_restarts',
    help: 'How often a process behind the exchange had to be started again.',
    labels: ['process'],
    collect: ({ restarts }, set) => {
      for (const [name, count] of Object.entries(restarts)) set({ process: name }, count);
    },
  },
];
