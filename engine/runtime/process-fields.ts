import fs from 'node:fs';

/**
 * Fields of /proc/PID/stat from the state on, so field 3 of all is [0]: the name before them may have blanks and brackets in it. Throws where
 * there is no such process, or the system tells nothing of it.
 */
export function processFields(pid: number): string[] {
  const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
