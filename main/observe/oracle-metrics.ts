import type { OracleStatus } from '../../oracle/oracle.js';

export type SetValue = (labels: Record<string, string | number>, value: number) => void;

/** A family of figures of the oracle, read from its status. */
interface OracleFamily {
  name: string;
  help: string;
  labels: string[];
  collect: (status: OracleStatus, set: SetValue) => void;
}

export const ORACLE_FAMILIES: readonly OracleFamily[] = [
  {
    name: 'plimsoll_oracle_source_live',
    help: 'Whether a price source delivers.',
    labels: ['source'],
    collect: ({ sources }, set) => {
      for (const { name: source, state } of sources) set({ source }, state === 'live' ? 1 : 0);
    },
  },
  {
    name: 'plimsoll_oracle_updates_total',
    help: 'Prices of a source by whether they were newer than all before.',
    labels: ['source', 'kind'],
    collect: ({ sources }, set) => {
      for (const { name: source, newer, repeats, older } of sources) {
        set({ source, kind: 'newer' }, newer);
        set({ source, kind: 'repeat' }, repeats);
        set({ source, kind: 'older' }, older);
      }
    },
  },
  {
    name: 'plimsoll_oracle_refused_total',
    help: 'Updates of a source that were not believed, by reason.',
    labels: ['source', 'reason'],
    collect: ({ sources }, set) => {
      for (const { name: source, refused } of sources) {
        for (const [reason, count] of Object.entries(refused)) set({ source, reason }, count);
      }
    },
  },
  {
    name: 'plimsoll_oracle_index_accepted_total',
    help: 'Index prices that went to the engine.',
    labels: ['market'],
    collect: ({ markets }, set) => {
      for (const { market, accepted } of markets) set({ market }, accepted);
    },
  },
  {
    name: 'plimsoll_oracle_index_held_back_total',
    help: 'How often the index of a market was held back.',
    labels: ['market'],
    collect: ({ markets }, set) => {
      for (const { market, heldBackCount } of markets) set({ market }, heldBackCount);
    },
  },
  {
    name: 'plimsoll_oracle_index_held_back',
    help: 'Whether the index of a market is held back.',
    labels: ['market'],
    collect: ({ markets }, set) => {
      for (const { market, heldBack } of markets) set({ market }, heldBack === null ? 0 : 1);
    },
  },
  {
    name: 'plimsoll_oracle_index_publish_time_seconds',
    help: 'Publish time of the last index price, in seconds since 1970.',
    labels: ['market'],
    collect: ({ markets }, set) => {
      for (const { market, publishTimeMs } of markets) set({ market }, publishTimeMs / 1000);
    },
  },
  {
    name: 'plimsoll_oracle_left_out_total',
    help: 'How often a source began to be left out of an index, by reason.',
    labels: ['market', 'reason'],
    collect: ({ markets }, set) => {
      for (const { market, leftOut } of markets) {
        for (const [reason, count] of Object.entries(leftOut)) set({ market, reason }, count);
      }
    },
  },
];
