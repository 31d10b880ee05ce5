import type { OracleEvent } from '../../oracle/oracle.js';

type Say = (fields: object, sentence: string) => void;

/** What it needs of a log. */
export interface SentenceLog {
  debug: Say;
  info: Say;
  warn: Say;
}

/** The same of the same source or market is told once in this time; counters have all of it. */
const QUIET_MS = 10_000;

/** Writes the oracle's decisions to the log as sentences. Accepted prices are in the journal already, so they are told to nobody but who debugs. */
export class OracleLog {
  private readonly log: SentenceLog;
  private readonly nowMs: () => number;
  private readonly told = new Map<string, { timeMs: number; untold: number }>();

  constructor(log: SentenceLog, nowMs: () => number) {
    this.log = log;
    this.nowMs = nowMs;
  }

  tell(event: OracleEvent): void {
    if (event.kind === 'index_accepted') {
      this.log.debug(event, sentenceOf(event));
      return;
    }
    const before = this.told.get(keyOf(event));
    const nowMs = this.nowMs();
    if (before !== undefined && nowMs - before.timeMs < QUIET_MS) {
      before.untold++;
      return;
    }
    this.told.set(keyOf(event), { timeMs: nowMs, untold: 0 });
    const untold = before?.untold ?? 0;
    const behind = untold === 0 ? '' : ` (and ${untold} times before, not told)`;
    const fields = untold === 0 ? event : { ...event, untold };
    this.log[isAlarm(event) ? 'warn' : 'info'](fields, sentenceOf(event) + behind);
  }
}

function isAlarm(event: OracleEvent): boolean {
  if (event.kind === 'source_state') return event.state === 'down' || event.state === 'silent';
  if (event.kind === 'index_held_back') return event.doubt === 'too_few_sources';
  return event.kind === 'update_refused';
}

function keyOf(event: OracleEvent): string {
  switch (event.kind) {
    case 'update_refused':
      return `${event.kind} ${event.source} ${event.fault}`;
    case 'source_state':
      return `${event.kind} ${event.source} ${event.state}`;
    case 'source_left_out':
      return `${event.kind} ${event.market} ${event.source} ${event.doubt}`;
    case 'source_used':
      return `${event.kind} ${event.market} ${event.source}`;
    case 'index_held_back':
      return `${event.kind} ${event.market} ${event.doubt}`;
    default:
      return `${event.kind} ${event.market}`;
  }
}

function sentenceOf(event: OracleEvent): string {
  switch (event.kind) {
    case 'update_refused':
      return `an update of price source ${event.source} was refused: ${event.sentence}`;
    case 'source_state': {
      const why = event.problem === null ? '' : `: ${event.problem}`;
      return `price source ${event.source} is ${event.state}${why}`;
    }
    case 'source_left_out':
      return `${event.source} is left out of the index of ${event.market}: ${inWords(event)}`;
    case 'source_used':
      return `${event.source} is part of the index of ${event.market}`;
    case 'index_held_back':
      return `the index of ${event.market} is held back: ${inWords(event)}`;
    case 'index_recovered':
      return `the index of ${event.market} is back after ${event.rounds} good rounds`;
    case 'index_accepted':
      return `the index of ${event.market} is ${event.priceTicks} ticks, of ${event.sources} sources`;
  }
}

function inWords({ doubt, value, limit }: { doubt: string; value: number; limit: number }): string {
  return `${doubt.replaceAll('_', ' ')} (value ${value}, limit ${limit})`;
}
