import type { OracleEvent, OracleIndex, OracleMarket, OracleStatus } from '../../oracle/oracle.js';
import type { GuardianHistory } from '../../oracle/pyth/guardian-sets.js';
import type { OracleConfig } from '../config/oracle-config.js';

/** What the oracle's thread is started with. */
export interface OracleTask {
  purpose: 'oracle';
  sources: OracleConfig;
  guardians: GuardianHistory;
  markets: OracleMarket[];
}

/** To the thread: say good-bye to the sources, and end. */
export type OracleRequest = 'finish';

/** From the thread. */
export type OracleMessage =
  | { kind: 'index'; index: OracleIndex }
  | { kind: 'event'; event: OracleEvent }
  | { kind: 'status'; status: OracleStatus };
