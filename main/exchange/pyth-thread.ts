import { parentPort, workerData } from 'node:worker_threads';
import { Oracle } from '../../oracle/oracle.js';
import { pythSources } from './pyth-sources.js';
import type { OracleMessage, OracleTask } from './pyth-task.js';

/** How often the exchange hears how its sources are when no price changes. */
const STATUS_MS = 1_000;

/** That no source has said anything in its first moments is no alarm. */
const FIRST_ANSWERS_MS = 2_000;

const start = workerData as OracleTask | null;

/** Sources, verification and aggregation, away from the thread that serves traders: the signatures of one update take tens of milliseconds. */
function run(task: OracleTask): void {
  let hasNews = true;
  let hasBegun = false;
  const oracle = new Oracle({
    sources: pythSources(task),
    markets: task.markets,
    nowMs: () => Date.now(),
    onIndex: (index) => {
      hasNews = true;
      tell({ kind: 'index', index });
    },
    onEvent: (event) => {
      hasBegun ||= event.kind === 'source_state' && event.state === 'live';
      tell({ kind: 'event', event });
    },
  });
  const report = () => {
    hasNews = false;
    tell({ kind: 'status', status: oracle.status() });
  };
  oracle.start();
  const begin = setTimeout(() => {
    hasBegun = true;
  }, FIRST_ANSWERS_MS);
  const rounds = setInterval(() => {
    if (!hasBegun) return;
    oracle.evaluate();
    if (hasNews) report();
  }, task.sources.intervalMs);
  const reports = setInterval(report, STATUS_MS);
  parentPort?.once('message', () => {
    clearTimeout(begin);
    clearInterval(rounds);
    clearInterval(reports);
    void oracle.stop().then(() => parentPort?.close());
  });
}

function tell(message: OracleMessage): void {
  parentPort?.postMessage(message);
}

if (parentPort !== null && start?.purpose === 'oracle') run(start);
