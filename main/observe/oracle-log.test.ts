import { expect, it } from 'vitest';
import type { OracleEvent } from '../../oracle/oracle.js';
import { OracleLog } from './oracle-log.js';

it('tells decisions as sentences, alarms as warnings, and the same only once in a while', () => {
  const lines: string[] = [];
  const level = (name: string) => (fields: object, sentence: string) => {
    const { untold } = fields as { untold?: number };
    lines.push(`${name} ${untold ?? '-'} ${sentence}`);
  };
  let nowMs = 0;
  const log = { debug: level('debug'), info: level('info'), warn: level('warn') };
  const oracleLog = new OracleLog(log, () => nowMs);
  const down: OracleEvent = {
    kind: 'source_state',
    source: 'hermes-1',
    state: 'down',
    problem: 'it has not answered',
  };
  const held: OracleEvent = {
    kind: 'index_held_back',
    market: 'BTC-PERP',
    doubt: 'too_few_sources',
    value: 1,
    limit: 2,
  };
  for (const event of [down, held, down, down]) oracleLog.tell(event);
  oracleLog.tell({ ...down, source: 'hermes-2' });
  nowMs = 10_000;
  oracleLog.tell(down);
  const price = { priceTicks: 5, confidenceTicks: 1, publishTimeMs: 0 };
  oracleLog.tell({ kind: 'index_recovered', market: 'BTC-PERP', rounds: 3, ...price });
  oracleLog.tell({ kind: 'index_accepted', market: 'BTC-PERP', sources: 2, ...price });
  expect(lines).toEqual([
    'warn - price source hermes-1 is down: it has not answered',
    'warn - the index of BTC-PERP is held back: too few sources (value 1, limit 2)',
    'warn - price source hermes-2 is down: it has not answered',
    'warn 2 price source hermes-1 is down: it has not answered (and 2 times before, not told)',
    'info - the index of BTC-PERP is back after 3 good rounds',
    'debug - the index of BTC-PERP is 5 ticks, of 2 sources',
  ]);
});
