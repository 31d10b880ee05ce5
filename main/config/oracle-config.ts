import fs from 'node:fs';
import { PPM_ONE } from '../../engine/units/ppm.js';
import type { IndexGuards } from '../../oracle/index/guards.js';
import { type GuardianHistory, GuardianSets } from '../../oracle/pyth/guardian-sets.js';
import { packageFile } from '../package-root.js';
import type { Config } from './config.js';
import { readRatePpm } from './market-config.js';
import { StartError } from './problem.js';
import type { TableReader } from './table-reader.js';
import { readUrls } from './urls.js';

/** `[oracle]`: where the prices of --oracle pyth come from. */
export interface OracleConfig {
  guards: IndexGuards;
  intervalMs: number;
  answerMs: number;
  silenceMaxMs: number;
  retryMaxMs: number;
  hermesUrls: string[];
  /** File of the guardian sets. */
  guardianSets: string;
  solanaUrls: string[];
  /** Number of the push oracle's accounts. */
  solanaShard: number;
  solanaPollMs: number;
  pythnetUrls: string[];
  pythnetPollMs: number;
}

const SECONDS_MAX = 3600;
const SOURCES_MAX = 32;
const ROUNDS_MAX = 100;
const MS_MAX = 60_000;
const SHARD_MAX = 65_535;

export function readOracle(table: TableReader): OracleConfig {
  const guards = guardsOf(table, null);
  const hermes = table.tableAt('hermes');
  const solana = table.tableAt('solana');
  const pythnet = table.tableAt('pythnet');
  const seconds = (key: string) => table.integer(key, 1, SECONDS_MAX) * 1000;
  const config: OracleConfig = {
    guards,
    intervalMs: table.integer('intervalMs', 10, MS_MAX),
    answerMs: seconds('answerSeconds'),
    silenceMaxMs: seconds('silenceMaxSeconds'),
    retryMaxMs: seconds('retryMaxSeconds'),
    hermesUrls: readUrls(hermes, 'urls'),
    guardianSets: hermes.text('guardianSets'),
    solanaUrls: readUrls(solana, 'urls'),
    solanaShard: solana.integer('shard', 0, SHARD_MAX),
    solanaPollMs: solana.integer('pollMs', 10, MS_MAX),
    pythnetUrls: readUrls(pythnet, 'urls'),
    pythnetPollMs: pythnet.integer('pollMs', 10, MS_MAX),
  };
  for (const part of [table, hermes, solana, pythnet]) part.refuseUnknown();
  return config;
}

/** A market's own guards over the usual ones. */
export function readGuards(table: TableReader, usual: IndexGuards): IndexGuards {
  const guards = guardsOf(table, usual);
  table.refuseUnknown();
  return guards;
}

/** Each URL is a source. */
export function sourcesOf({ hermesUrls, solanaUrls, pythnetUrls }: OracleConfig): number {
  return hermesUrls.length + solanaUrls.length + pythnetUrls.length;
}

/** Stops the start with a sentence when --oracle pyth cannot work, or would send what the engine then doubts. */
export function checkPyth(config: Config): void {
  const { file, clock, markets, priceSources } = config;
  if (clock !== 'real') {
    throw new StartError('--oracle pyth needs --clock real: its prices come by real time', 2);
  }
  const sources = sourcesOf(priceSources);
  if (sources === 0) {
    throw new StartError(`${file}: oracle.hermes.urls must name a server for --oracle pyth`);
  }
  for (const { params, pythFeed, indexGuards, pricing } of markets) {
    const { symbol } = params;
    const fail = (sentence: string) => {
      throw new StartError(`${file}: ${symbol}: ${sentence}`);
    };
    if (pythFeed === null) fail('pythFeed must be set for --oracle pyth, but is missing');
    const { sourcesMin, ageMaxMs, confidenceMaxPpm } = indexGuards;
    if (sourcesMin > sources) {
      fail(`sourcesMin must be at most ${sources}, the number of sources, but is ${sourcesMin}`);
    }
    const ageLimitMs = pricing.indexAgeMaxMs;
    if (ageLimitMs > 0 && (ageMaxMs === 0 || ageMaxMs > ageLimitMs)) {
      const limits = `from 1 to ${ageLimitMs / 1000}, indexAgeMaxSeconds of its pricing`;
      fail(`ageMaxSeconds must be ${limits}, but is ${ageMaxMs / 1000}`);
    }
    const widestPpm = pricing.confidenceMaxPpm;
    if (widestPpm > 0 && (confidenceMaxPpm === 0 || confidenceMaxPpm > widestPpm)) {
      const limits = `above 0 and at most ${widestPpm / PPM_ONE}, confidenceMax of its pricing`;
      fail(`confidenceMax must be ${limits}, but is ${confidenceMaxPpm / PPM_ONE}`);
    }
  }
  readGuardianHistory(priceSources.guardianSets);
}

/** The file of guardian sets, checked vote by vote. A path that is not found is looked for among the package's own files. */
export function readGuardianHistory(path: string): GuardianHistory {
  const file = fs.existsSync(path) ? path : packageFile(path);
  try {
    const history = JSON.parse(fs.readFileSync(file, 'utf8')) as GuardianHistory;
    new GuardianSets(history);
    return history;
  } catch (error) {
    throw new StartError(
      `the guardian sets in ${path} cannot be used: ${(error as Error).message}`,
    );
  }
}

function guardsOf(table: TableReader, usual: IndexGuards | null): IndexGuards {
  const read = (key: string, before: number | undefined, value: () => number): number => {
    return before !== undefined && !table.has(key) ? before : value();
  };
  const seconds = (key: string, before: number | undefined) => {
    return read(key, before, () => table.integer(key, 0, SECONDS_MAX) * 1000);
  };
  const ppm = (key: string, before: number | undefined) => {
    return read(key, before, () => readRatePpm(table, key, 0, PPM_ONE));
  };
  const count = (key: string, most: number, before: number | undefined) => {
    return read(key, before, () => table.integer(key, 1, most));
  };
  return {
    ageMaxMs: seconds('ageMaxSeconds', usual?.ageMaxMs),
    aheadMaxMs: seconds('aheadMaxSeconds', usual?.aheadMaxMs),
    confidenceMaxPpm: ppm('confidenceMax', usual?.confidenceMaxPpm),
    deviationMaxPpm: ppm('deviationMax', usual?.deviationMaxPpm),
    sourcesMin: count('sourcesMin', SOURCES_MAX, usual?.sourcesMin),
    goodRounds: count('goodRounds', ROUNDS_MAX, usual?.goodRounds),
  };
}
