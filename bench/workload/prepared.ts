import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWorkload, type Workload, type WorkloadResult } from './format.js';
import { generateWorkload, type Mix } from './generator.js';
import { referenceResult } from './reference-result.js';

/** A workload in a file, because the measuring processes and exchange-core read it from there. */
export interface PreparedWorkload {
  file: string;
  workload: Workload;
  expected: WorkloadResult;
}

/** A file from outside. Expected results stand beside it, or are worked out. */
export function openWorkload(file: string): PreparedWorkload {
  const workload = readWorkload(file);
  const expected = readExpected(file) ?? referenceResult(workload, workload.timedCount);
  return { file, workload, expected };
}

/** Generates a workload, or takes the one that an earlier run has left. */
export function prepareWorkload(mix: Mix, timedCount: number): PreparedWorkload {
  const folder = join(tmpdir(), 'plimsoll-bench');
  const file = join(folder, `mix${mix}-${timedCount}.bin`);
  if (existsSync(file) && existsSync(`${file}.json`)) return openWorkload(file);
  const { workload, expected } = generateWorkload(mix, timedCount);
  mkdirSync(folder, { recursive: true });
  writeWhole(`${file}.json`, JSON.stringify(expected));
  writeWhole(file, workload.words);
  return { file, workload, expected };
}

/** Renaming is atomic: a run that was interrupted leaves no half of a file to the next. */
function writeWhole(file: string, content: string | Int32Array): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, content);
  renameSync(unfinished, file);
}

function readExpected(file: string): WorkloadResult | null {
  const beside = `${file}.json`;
  if (!existsSync(beside)) return null;
  const said = JSON.parse(readFileSync(beside, 'utf8')) as Partial<WorkloadResult>;
  const { trades, volume, checksum, restingOrders, restingQtyBid, restingQtyAsk } = said;
  const result = { trades, volume, checksum, restingOrders, restingQtyBid, restingQtyAsk };
  return Object.values(result).every(Number.isSafeInteger) ? (result as WorkloadResult) : null;
}
