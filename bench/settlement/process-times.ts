import fs from 'node:fs';
import { processFields } from '../../engine/runtime/process-fields.js';

/** Ticks of a second in /proc, on every Linux that Node runs on. */
const TICKS_A_SECOND = 100;

/** Processor time that a process and what it has started have had so far; null where the system does not tell. */
export function cpuMsOf(pid: number): number | null {
  const own = ticksOf(pid);
  if (own === null) return null;
  const below = childrenOf(pid).reduce((sum, child) => sum + (cpuMsOf(child) ?? 0), 0);
  return (own * 1_000) / TICKS_A_SECOND + below;
}

/** 0 state, 1 parent, 11 user time, 12 system time; null where there is no such process. */
function fieldsOf(pid: number): string[] | null {
  try {
    return processFields(pid);
  } catch {
    return null;
  }
}

function ticksOf(pid: number): number | null {
  const fields = fieldsOf(pid);
  return fields === null ? null : Number(fields[11]) + Number(fields[12]);
}

function childrenOf(pid: number): number[] {
  return fs
    .readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((other) => Number(fieldsOf(other)?.[1]) === pid);
}
